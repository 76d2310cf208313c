"""A company with the cast."""

from dataclasses import dataclass
from uuid import UUID

import pytest_asyncio

from services.add_company import add_company, company_by_code
from services.add_user import add_user
from storage.companies import Company
from storage.database import Database
from tests.support.chat import link


@dataclass(frozen=True, slots=True)
class House:
    """A company and its people."""

    engine: Database
    company: Company
    alice: UUID
    """Reviewer."""
    bob: UUID
    """Reviewer, Alice's colleague."""
    mona: UUID
    """Manager."""
    carl: UUID
    """Clerk, who prepares."""
    root: UUID
    """Administrator."""

    @property
    def id(self) -> UUID:
        """The company's id."""
        return self.company.id


@pytest_asyncio.fixture
async def house(engine: Database) -> House:
    """The company ACME with a reviewer and her colleague, a manager, a clerk and an administrator."""
    company_id = await add_company(engine, "ACME", "Acme Trading", "CNY", "Asia/Shanghai")
    cast = (
        ("alice", "reviewer", "UALICE"),
        ("bob", "reviewer", None),
        ("mona", "manager", "UMONA"),
        ("carl", "clerk", None),
        ("root", "administrator", None),
    )
    ids = [
        await add_user(engine, company_id, f"{name}@acme.example", name.title(), frozenset({role}))
        for name, role, _chat in cast
    ]
    for person_id, (_name, _role, chat) in zip(ids, cast, strict=True):
        if chat is not None:
            await link(engine, company_id, person_id, chat)
    return House(engine, await company_by_code(engine, "ACME"), *ids)
