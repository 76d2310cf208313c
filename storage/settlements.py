"""Which confirmed statements have nothing open any more."""

from uuid import UUID

from sqlalchemy import text

from storage.database import Session

_PAID = text(
    "select s.id from statement s where s.company_id = :company and s.status = 'confirmed' and s.id > :after "
    "and not exists (select 1 from dispute d where d.company_id = s.company_id and d.statement_id = s.id "
    "  and d.status <> 'resolved') "
    "and not exists ("
    "  select 1 from jsonb_array_elements(s.content::jsonb -> 'lines') line"
    "  join open_item o on o.company_id = s.company_id and o.id = (line ->> 'item_id')::uuid"
    "  where o.amount > 0 and o.amount > coalesce((select sum(a.amount) from allocation a"
    "    where a.company_id = o.company_id and a.debit_item_id = o.id), 0)) "
    "order by s.id limit :limit for update of s"
)
"""A statement speaks of the items on its lines; credits that wait do not keep it from being settled."""

_FIRST = UUID(int=0)


async def paid_statements(session: Session, company_id: UUID, limit: int, after: UUID = _FIRST) -> list[UUID]:
    """Confirmed statements, locked, all of whose debits are paid and none of whose lines is disputed."""
    rows = await session.execute(_PAID, {"company": company_id, "after": after, "limit": limit})
    return list(rows.scalars())
