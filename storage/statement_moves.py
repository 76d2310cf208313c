"""Many statements locked and moved at once, for services/change_statement_status.py only."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select, text

from storage.bulk_json import rows_json
from storage.database import Session
from storage.schema import dispute, statement
from storage.statements import OPEN_DISPUTES, StatementRow

_MOVE = text("""
    update statement s
       set status = n.status, row_version = s.row_version + 1, reason = coalesce(cast(:reason as text), s.reason)
      from json_to_recordset(cast(:moves as json)) as n(id uuid, row_version int, status text)
     where s.company_id = :company and s.id = n.id and s.row_version = n.row_version
""")


async def lock_statements(session: Session, company_id: UUID, ids: Sequence[UUID]) -> list[StatementRow]:
    """The versions in the order of their ids, which is the order of locking whoever else does the same."""
    query = (
        select(*(statement.c[name] for name in StatementRow.__dataclass_fields__))
        .where(statement.c.company_id == company_id, statement.c.id == func.any(list(ids)))
        .order_by(statement.c.id)
        .with_for_update()
    )
    return [StatementRow(*row) for row in await session.execute(query)]


async def open_dispute_counts(session: Session, company_id: UUID, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Unresolved disputes of those versions that have any."""
    query = (
        select(dispute.c.statement_id, func.count())
        .where(
            dispute.c.company_id == company_id, dispute.c.statement_id == func.any(list(ids)),
            dispute.c.status.in_(OPEN_DISPUTES),
        )
        .group_by(dispute.c.statement_id)
    )  # fmt: skip
    return {row[0]: int(row[1]) for row in await session.execute(query)}


async def move_statements(
    session: Session, company_id: UUID, moves: Mapping[UUID, tuple[int, str]], reason: str | None
) -> bool:
    """Compare-and-swap of each (row version, new status); False when not every one was moved."""
    rows = [{"id": one, "row_version": version, "status": status} for one, (version, status) in moves.items()]
    done = await session.execute(_MOVE, {"company": company_id, "moves": rows_json(rows), "reason": reason})
    return done.rowcount == len(rows)
