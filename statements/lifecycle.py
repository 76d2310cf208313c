"""The life of a statement as one frozen table; what it does not name is refused. Nobody else assigns a status."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from words.refusal import Refusal


class Status(StrEnum):
    """Where a statement version stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SENT = "sent"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    SETTLED = "settled"
    RETURNED = "returned"
    REJECTED = "rejected"
    VOID = "void"
    SUPERSEDED = "superseded"


UNSENT = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.RETURNED})
"""The customer has not seen these: a newer version replaces them at once."""

WITH_CUSTOMER = frozenset({Status.SENT, Status.CONFIRMED, Status.DISPUTED})
"""The customer holds these: they are replaced when the newer version is sent."""

DEAD = frozenset({Status.REJECTED, Status.VOID, Status.SUPERSEDED})
"""These no longer speak for the account."""


class TransitionRefused(Refusal):
    """The table does not name this command for this status."""

    code = "transition_refused"
    sentence = "Statement {number} is {status}; “{command}” is not possible from there."
    remedy = "Reload the statement: somebody may have moved it on. Possible from {status}: {possible}."


class GuardRefused(Refusal):
    """The transition exists, but its condition does not hold."""

    code = "guard_refused"
    sentence = "Statement {number} cannot be moved by “{command}”: {reason}"
    remedy = "See to the condition first, then repeat the command."


class ActorRefused(Refusal):
    """The transition belongs to somebody else."""

    code = "actor_refused"
    sentence = "“{command}” on statement {number} is not for a {kind} to do."
    remedy = "It is for: {who}."


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards may ask. The service reads it from the database, not from the caller."""

    number: str
    ties: bool
    prepared_by: UUID | None
    digest: str
    actor_kind: str
    actor_id: UUID | None = None
    seen_digest: str | None = None
    open_disputes: int = 0
    open_items: int = 0
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition with the sentence that says why it does not hold."""

    name: str
    holds: Callable[[Facts], bool]
    reason: str


ALWAYS = Guard("always", lambda _: True, "")
TIES = Guard("ties", lambda f: f.ties, "its figures do not tie.")
SECOND_PERSON = Guard(
    "second_person",
    lambda f: f.actor_id is None or f.actor_id != f.prepared_by,
    "whoever prepared it cannot approve it.",
)
SAME_DIGEST = Guard(
    "same_digest",
    lambda f: f.seen_digest is None or f.seen_digest == f.digest,
    "the answer was given to another version.",
)
NO_OPEN_DISPUTE = Guard("no_open_dispute", lambda f: f.open_disputes == 0, "disputes are still open.")
AGREED = Guard(
    "same_digest_no_open_dispute",
    lambda f: SAME_DIGEST.holds(f) and NO_OPEN_DISPUTE.holds(f),
    "disputes are still open, or the answer was given to another version.",
)

STAFF = frozenset({"user", "system"})
EVERYONE = frozenset({"user", "system", "customer"})


@dataclass(frozen=True, slots=True)
class Transition:
    """From `state` by `command`, when `guard` holds, to `to`; `who` are kinds of actor."""

    state: Status
    command: str
    guard: Guard
    to: Status
    who: frozenset[str]


_S = Status

TABLE: tuple[Transition, ...] = (
    Transition(_S.DRAFT, "submit", TIES, _S.IN_REVIEW, STAFF),
    Transition(_S.DRAFT, "void", ALWAYS, _S.VOID, STAFF),
    Transition(_S.DRAFT, "supersede", ALWAYS, _S.SUPERSEDED, STAFF),
    Transition(_S.IN_REVIEW, "approve", SECOND_PERSON, _S.APPROVED, STAFF),
    Transition(_S.IN_REVIEW, "reject", ALWAYS, _S.REJECTED, STAFF),
    Transition(_S.IN_REVIEW, "return", ALWAYS, _S.RETURNED, STAFF),
    Transition(_S.IN_REVIEW, "withdraw", ALWAYS, _S.DRAFT, STAFF),
    Transition(_S.IN_REVIEW, "void", ALWAYS, _S.VOID, STAFF),
    Transition(_S.IN_REVIEW, "supersede", ALWAYS, _S.SUPERSEDED, STAFF),
    Transition(_S.RETURNED, "revise", ALWAYS, _S.DRAFT, STAFF),
    Transition(_S.RETURNED, "void", ALWAYS, _S.VOID, STAFF),
    Transition(_S.RETURNED, "supersede", ALWAYS, _S.SUPERSEDED, STAFF),
    Transition(_S.APPROVED, "send", TIES, _S.SENT, STAFF),
    Transition(_S.APPROVED, "return", ALWAYS, _S.RETURNED, STAFF),
    Transition(_S.APPROVED, "void", ALWAYS, _S.VOID, STAFF),
    Transition(_S.APPROVED, "supersede", ALWAYS, _S.SUPERSEDED, STAFF),
    Transition(_S.SENT, "confirm", AGREED, _S.CONFIRMED, EVERYONE),
    Transition(_S.SENT, "dispute", SAME_DIGEST, _S.DISPUTED, EVERYONE),
    Transition(_S.SENT, "supersede", ALWAYS, _S.SUPERSEDED, STAFF),
    Transition(_S.CONFIRMED, "dispute", SAME_DIGEST, _S.DISPUTED, EVERYONE),
    Transition(_S.CONFIRMED, "settle", NO_OPEN_DISPUTE, _S.SETTLED, STAFF),
    Transition(_S.CONFIRMED, "supersede", ALWAYS, _S.SUPERSEDED, STAFF),
    Transition(_S.DISPUTED, "confirm", AGREED, _S.CONFIRMED, EVERYONE),
    Transition(_S.DISPUTED, "settle", NO_OPEN_DISPUTE, _S.SETTLED, STAFF),
    Transition(_S.DISPUTED, "supersede", ALWAYS, _S.SUPERSEDED, STAFF),
)
"""The whole truth. Returned statements are rebuilt (a new version supersedes them) or taken up again by `revise`."""

COMMANDS = frozenset(transition.command for transition in TABLE)

ASK_ABOUT_DISPUTES = frozenset(one.command for one in TABLE if one.guard in {NO_OPEN_DISPUTE, AGREED})
"""For the other commands nobody need count disputes."""

_BY_KEY = {(transition.state, transition.command): transition for transition in TABLE}


def possible(status: str) -> list[str]:
    """The commands that the table names for a status, in its order."""
    return [transition.command for transition in TABLE if transition.state == status]


def apply(status: str, command: str, facts: Facts) -> Status:
    """The status after the command. Raises TransitionRefused, ActorRefused or GuardRefused.

    `return_` is accepted for `return`, which is a word of the language we write in.
    """
    name = command.rstrip("_")
    found = _BY_KEY.get((Status(status), name))
    if found is None:
        named = ", ".join(possible(status)) or "-"
        raise TransitionRefused(number=facts.number, status=status, command=name, possible=named)
    if facts.actor_kind not in found.who:
        who = ", ".join(sorted(found.who))
        raise ActorRefused(number=facts.number, command=name, kind=facts.actor_kind, who=who)
    if not found.guard.holds(facts):
        raise GuardRefused(number=facts.number, command=name, reason=found.guard.reason)
    return found.to


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs; a test compares."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    for transition in TABLE:
        condition = "" if transition.guard is ALWAYS else f" [{transition.guard.name}]"
        lines.append(f"    {transition.state} --> {transition.to}: {transition.command}{condition}")
    ends = [status for status in Status if not possible(status)]
    lines += [f"    {status} --> [*]" for status in ends]
    return "\n".join(lines) + "\n"
