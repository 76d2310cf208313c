"""Moves statement versions along their table of life: the only writer of a status."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from statements.lifecycle import ASK_ABOUT_DISPUTES, WITH_CUSTOMER, Facts, Status, apply
from storage.audit import Actor, Entry, record_many
from storage.database import Session
from storage.statement_moves import lock_statements, move_statements, open_dispute_counts
from storage.statements import StatementRow, open_dispute_count, set_status, statement_by_id
from words.refusal import Refusal


class StatementUnknown(Refusal):
    """No such statement in this company."""

    code = "statement_unknown"
    sentence = "There is no statement {number}."
    remedy = "Numbers look like 2026-06/C00123/CNY/v1; list them with: tieout statements list --company …"


class StatementStale(Refusal):
    """Somebody else moved the statement between reading and writing."""

    code = "statement_stale"
    sentence = "Statement {number} was changed by somebody else just now."
    remedy = "Look at it again and repeat the command if it is still right."


async def change_statement_status(
    session: Session, company_id: UUID, statement_id: UUID, command: str, actor: Actor, facts: dict[str, Any]
) -> str:
    """Applies the command in the caller's transaction and answers the new status.

    `facts` go into the audit trail; of them `digest` (the version that was seen) and `reason` have a meaning here.
    Sending a version supersedes the one that the customer holds of the same account and period.
    """
    row = await statement_by_id(session, company_id, statement_id, lock=True)
    if row is None:
        raise StatementUnknown(number=statement_id)
    status = await _move(session, company_id, row, command, actor, facts)
    if status is Status.SENT and row.supersedes_id is not None:
        await _supersede_held(session, company_id, row.supersedes_id, row, actor)
    return status.value


async def change_statement_statuses(
    session: Session, company_id: UUID, statement_ids: Sequence[UUID], command: str, actor: Actor, facts: dict[str, Any]
) -> None:
    """The same command for many statements, in a handful of SQL statements; one that cannot follow refuses them all.

    Not for sending, which supersedes what the customer holds.
    """
    if not statement_ids:
        return
    rows = await lock_statements(session, company_id, statement_ids)
    if len(rows) != len(set(statement_ids)):
        raise StatementUnknown(number=", ".join(map(str, set(statement_ids) - {row.id for row in rows})))
    await record_many(session, company_id, actor, await move_locked(session, company_id, rows, command, actor, facts))


async def move_locked(
    session: Session, company_id: UUID, rows: Sequence[StatementRow], command: str, actor: Actor, facts: dict[str, Any]
) -> list[Entry]:
    """The same for statements that the caller has locked, but for the audit rows: the caller must record them."""
    assert command != "send"  # noqa: S101 - see above
    if not rows:
        return []
    counted = [row.id for row in rows] if command in ASK_ABOUT_DISPUTES else []
    disputes = await open_dispute_counts(session, company_id, counted) if counted else {}
    moves = {row.id: apply(row.status, command, _facts(row, actor, facts, disputes.get(row.id, 0))) for row in rows}
    reason = facts.get("reason")
    versions = {row.id: (row.row_version, moves[row.id].value) for row in rows}
    if not await move_statements(session, company_id, versions, str(reason) if reason else None):
        raise StatementStale(number=rows[0].number)
    return [_entry(row, moves[row.id], facts) for row in rows]


async def _move(
    session: Session, company_id: UUID, row: StatementRow, command: str, actor: Actor, facts: dict[str, Any]
) -> Status:
    disputes = await open_dispute_count(session, company_id, row.id)
    status = apply(row.status, command, _facts(row, actor, facts, disputes))
    reason = facts.get("reason")
    moved = await set_status(
        session, company_id, row.id, row.row_version, status.value,
        reason=str(reason) if reason else None,
        sent=status is Status.SENT,
        answered=status in {Status.CONFIRMED, Status.DISPUTED},
    )  # fmt: skip
    if not moved:
        raise StatementStale(number=row.number)
    await record_many(session, company_id, actor, [_entry(row, status, facts)])
    return status


def _entry(row: StatementRow, status: Status, facts: dict[str, Any]) -> Entry:
    told = {**facts, "number": row.number, "from": row.status, "to": status.value, "digest": row.digest}
    if facts.get("digest") not in {None, row.digest}:
        told["seen_digest"] = facts["digest"]
    return Entry(f"statement_{status.value}", ("statement", str(row.id)), told)


def _facts(row: StatementRow, actor: Actor, facts: dict[str, Any], open_disputes: int) -> Facts:
    seen = facts.get("digest")
    return Facts(
        number=row.number,
        ties=row.ties,
        prepared_by=row.prepared_by,
        digest=row.digest,
        actor_kind=actor.kind,
        actor_id=actor.id,
        seen_digest=str(seen) if seen is not None else None,
        open_disputes=open_disputes,
    )


async def _supersede_held(
    session: Session, company_id: UUID, earlier_id: UUID | None, sent: StatementRow, actor: Actor
) -> None:
    """Walks back over the versions: whichever the customer still holds gives way to the one just sent."""
    while earlier_id is not None:
        earlier = await statement_by_id(session, company_id, earlier_id, lock=True)
        if earlier is None:
            return
        if earlier.status in WITH_CUSTOMER:
            await _move(session, company_id, earlier, "supersede", actor, {"superseded_by": sent.number})
        earlier_id = earlier.supersedes_id
