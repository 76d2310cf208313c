"""A queued row about to be told: to whom, in which language, by which company."""

from dataclasses import dataclass
from uuid import UUID

from services.settings import Settings
from storage.companies import Company
from storage.database import Session
from storage.deliveries import Person, StatementFacts, statement_facts
from storage.outbox import OutboxRow


class FactsGoneError(LookupError):
    """What the message is about is no longer there."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Everything that a context function is given."""

    session: Session
    row: OutboxRow
    settings: Settings
    company: Company
    person: Person | None
    language: str

    @property
    def name(self) -> str:
        """Whom the message greets."""
        return self.person.name if self.person is not None else ""

    def url(self, path: str) -> str:
        """An address of ours."""
        return self.settings.public_url.rstrip("/") + path


async def statement_told(telling: Telling, statement_id: str) -> StatementFacts:
    """The statement that a message is about, or FactsGoneError."""
    found = await statement_facts(telling.session, telling.company.id, UUID(statement_id))
    if found is None:
        raise FactsGoneError(f"statement {statement_id}")
    return found
