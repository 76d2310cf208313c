"""Whether a message still has its reason: asked before each try, because a waiting mail outlives what it tells.

A request may be decided, a version replaced, a reminder answered, a promise kept while a server says "later" for days.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from services.enter_portal import CODE_LIFETIME
from statements.confirmations import ANSWERABLE, LetterState, RoundState
from storage.chases import open_amounts
from storage.confirmations import letter_by_id, round_by_id
from storage.database import Session
from storage.deliveries import decision_facts
from storage.message_facts import RunDecisions, run_decisions, statuses_of
from storage.outbox import OutboxRow
from storage.promises import promise_status

APPROVAL_KINDS = frozenset({"approval_asked", "approval_reminded", "approval_escalated"})
"""Messages that ask for a decision: they end with it."""

NO_LONGER_SENT = frozenset({"superseded", "void", "rejected"})
"""A version in one of these no longer speaks for the account."""

UNANSWERED = "sent"
"""The one status in which a statement still waits for its customer."""

LOOK_AGAIN_SECONDS = 60.0
"""How often a message that tells the end of something looks whether the end has come."""

GATHERED_MOST = 86_400.0
"""A preparer waits a day at most for a run whose last requests nobody decides."""


class MessageOutdatedError(Exception):
    """Meanwhile there is nothing to tell any more: the request was decided, the version replaced."""


class MessageTooEarlyError(Exception):
    """What it tells is not over yet; `seconds` until it is worth another look."""

    def __init__(self, words: str, seconds: float = LOOK_AGAIN_SECONDS) -> None:
        super().__init__(words)
        self.seconds = seconds


def always_true(kind: str) -> bool:
    """Whether messages of this kind tell what has happened: their reason cannot end."""
    return kind not in _CHECKS


async def check_reason(session: Session, company_id: UUID, row: OutboxRow) -> None:
    """Raises MessageOutdatedError or MessageTooEarlyError; kinds that tell what has happened are always true."""
    check = _CHECKS.get(row.kind)
    if check is not None:
        await check(session, company_id, row)


async def _request_is_open(session: Session, company_id: UUID, row: OutboxRow) -> None:
    request_id = str(row.payload.get("request_id", ""))
    known = await decision_facts(session, company_id, UUID(request_id)) if request_id else None
    if known is not None and known[0] != "open":
        raise MessageOutdatedError(f"the request is {known[0]}")


async def _version_holds(session: Session, company_id: UUID, row: OutboxRow) -> None:
    for number, status in await statuses_of(session, company_id, [UUID(str(row.payload["statement_id"]))]):
        if status in NO_LONGER_SENT:
            raise MessageOutdatedError(f"{number} is {status}")


async def _something_waits(session: Session, company_id: UUID, row: OutboxRow) -> None:
    """A reminder ends once all its documents are paid and all its statements answered."""
    asked = [UUID(str(one["statement_id"])) for one in row.payload.get("statements", ())]
    items = [UUID(str(one["item_id"])) for one in row.payload.get("items", ()) if "item_id" in one]
    left = await open_amounts(session, company_id, items) if items else {}
    if items and not asked and not any(amount > 0 for amount in left.values()):
        raise MessageOutdatedError("everything that it asks for is paid")
    if not asked or any(amount > 0 for amount in left.values()) or len(items) < len(row.payload.get("items", ())):
        return
    found = await statuses_of(session, company_id, asked)
    if all(status != UNANSWERED for _, status in found):
        raise MessageOutdatedError(", ".join(f"{number} is {status}" for number, status in found))


async def _promise_is_open(session: Session, company_id: UUID, row: OutboxRow) -> None:
    """Money that came, or a promise that took this one's place, leaves nothing to remind of."""
    status = await promise_status(session, company_id, UUID(str(row.payload["promise_id"])))
    if status != "open":
        raise MessageOutdatedError(f"the promise is {status}")


async def _code_is_young(_session: Session, _company_id: UUID, row: OutboxRow) -> None:
    if row.age > CODE_LIFETIME.total_seconds():
        raise MessageOutdatedError("the code was asked for too long ago")


async def _run_is_decided(session: Session, company_id: UUID, row: OutboxRow) -> None:
    found: RunDecisions = await run_decisions(session, company_id, str(row.payload["run_id"]))
    waiting = found.counts.get("open", 0)
    if waiting and row.age < GATHERED_MOST:
        raise MessageTooEarlyError(f"{waiting} requests of the run wait for a decision")


async def _letter_is_open(session: Session, company_id: UUID, row: OutboxRow) -> None:
    """A closed round takes no reply, and whoever has replied is not asked a second time."""
    letter = await letter_by_id(session, company_id, UUID(row.subject_id))
    asked = await round_by_id(session, company_id, letter.round_id) if letter is not None else None
    if letter is None or asked is None or asked.state != RoundState.SENT or letter.state not in ANSWERABLE:
        raise MessageOutdatedError("the letter takes no reply any more")
    if row.kind == "confirmation_second_request" and letter.state != LetterState.REMINDED:
        raise MessageOutdatedError("the reply has come")


_CHECKS: dict[str, Callable[[Session, UUID, OutboxRow], Awaitable[None]]] = {
    **dict.fromkeys(APPROVAL_KINDS, _request_is_open),
    "statement_to_customer": _version_holds,
    "reminder": _something_waits,
    "promise_due": _promise_is_open,
    "portal_code": _code_is_young,
    "run_decided": _run_is_decided,
    "confirmation_request": _letter_is_open,
    "confirmation_second_request": _letter_is_open,
}
