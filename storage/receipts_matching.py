"""Open receipts and documents of a company for cash application, and what was proposed and decided about them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import polars as pl
from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]  # ships no types
from psycopg.sql import SQL, Composed, Literal
from sqlalchemy import delete, insert, select, text, update

from storage.bulk import new_ids, stage
from storage.database import APPLICATION_ROLE, Database, Session
from storage.identifiers import new_id
from storage.schema import customer, match_rule, parked_receipt, proposal

_BIND = SQL(
    "select set_config('role', {role}, true) as role, set_config('tieout.company', {company}::text, true) as own"
)

_DOCUMENTS = SQL("""
    select o.id as document, o.customer_id as account, o.currency, o.number as shown,
        o.amount - coalesce(a.used, 0)::bigint as open, o.document_date as issued, o.due_date as due
    from open_item o
    left join (select debit_item_id, sum(amount)::bigint as used from allocation
        where company_id = {company} group by debit_item_id) a on a.debit_item_id = o.id
    where o.company_id = {company} and o.amount > coalesce(a.used, 0) and o.amount > 0 and o.reverses_id is null
        and o.kind in ('invoice', 'debit_memo', 'opening')
""")

_RECEIPTS = SQL("""
    select o.id as receipt, o.customer_id as account, o.currency, -o.amount - coalesce(a.used, 0)::bigint as left,
        o.document_date as day, coalesce(o.attributes ->> 'settles', '') as settles, o.description,
        coalesce(b.payer, '') as payer
    from open_item o
    left join (select credit_item_id, sum(amount)::bigint as used from allocation
        where company_id = {company} group by credit_item_id) a on a.credit_item_id = o.id
    left join bank_line b on b.company_id = o.company_id and b.item_id = o.id
    where o.company_id = {company} and o.kind = 'receipt' and o.reverses_id is null
        and -o.amount > coalesce(a.used, 0) and o.amount < 0
        and not exists (select 1 from parked_receipt p where p.company_id = o.company_id and p.receipt_id = o.id)
""")

STAGED = {
    "n": "integer", "proposal_id": "uuid", "allocation_id": "uuid", "receipt_id": "uuid", "document_id": "uuid",
    "amount": "bigint", "band": "text", "reason_en": "text", "reason_zh": "text",
}  # fmt: skip

PAGE = 20
"""Receipts on one page: a clerk works through it in five minutes."""


async def read_open(engine: Database, company_id: UUID) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Open debit documents and receipts with something left, as columns; ids are their 16 bytes."""
    given = {"company": Literal(company_id), "role": Literal(APPLICATION_ROLE)}
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    queries = [query.format(**given) for query in (_BIND, _DOCUMENTS, _RECEIPTS)]
    documents, receipts = await asyncio.to_thread(_pull, url, queries)
    return documents, receipts


def _pull(url: str, queries: Sequence[Composed]) -> list[pl.DataFrame]:
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        frames = []
        for query in queries:
            cursor.execute(query.as_string(None))
            frames.append(pl.DataFrame(cursor.fetch_arrow_table()))
    return frames[1:]


@dataclass(frozen=True, slots=True)
class Planned:
    """An application as it is kept."""

    receipt_id: UUID
    document_id: UUID
    amount: int
    band: str
    reason_en: str
    reason_zh: str


def planned_frame(planned: Sequence[Planned]) -> pl.DataFrame:
    """Rows as `keep_planned` takes them."""
    return pl.DataFrame(
        {
            "receipt_id": [one.receipt_id.hex for one in planned],
            "document_id": [one.document_id.hex for one in planned],
            "amount": [one.amount for one in planned],
            "band": [one.band for one in planned],
            "reason_en": [one.reason_en for one in planned],
            "reason_zh": [one.reason_zh for one in planned],
        },
        schema={
            "receipt_id": pl.String, "document_id": pl.String, "amount": pl.Int64, "band": pl.String,
            "reason_en": pl.String, "reason_zh": pl.String,
        },
    )  # fmt: skip


async def keep_planned(session: Session, company_id: UUID, planned: pl.DataFrame) -> dict[str, int]:
    """Posts the auto band, lets the review band wait, and lets older waiting proposals lapse; answers the counts.

    The plan was made on a snapshot: a row that would exceed what is left of either side by now is not posted.
    """
    numbered = planned.with_columns(
        pl.int_range(planned.height, dtype=pl.Int32).alias("n"),
        pl.Series("proposal_id", new_ids(planned.height), pl.String),
        pl.Series("allocation_id", new_ids(planned.height), pl.String),
    )
    await stage(session, "planned_application", STAGED, numbered)
    await session.execute(
        text(
            "select 1 from open_item o where o.company_id = :company and o.id in ("
            "select receipt_id from planned_application where band = 'auto' union "
            "select document_id from planned_application where band = 'auto') order by o.id for update"
        ),
        {"company": company_id},
    )
    posted = await session.execute(_POST, {"company": company_id})
    recorded = await session.execute(
        text(
            "insert into proposal (company_id, id, receipt_id, document_id, amount, band, reason_en, reason_zh, state, "
            "allocation_id, decided_at) select :company, s.proposal_id, s.receipt_id, s.document_id, s.amount, s.band, "
            "s.reason_en, s.reason_zh, 'applied', a.id, clock_timestamp() from planned_application s "
            "join allocation a on a.company_id = :company and a.id = s.allocation_id where s.band = 'auto'"
        ),
        {"company": company_id},
    )
    lapsed = await session.execute(
        text(
            "update proposal p set state = 'lapsed', row_version = row_version + 1 where p.company_id = :company "
            "and p.state = 'waiting' and not exists (select 1 from planned_application s where s.band = 'review' "
            "and s.receipt_id = p.receipt_id and s.document_id = p.document_id and s.amount = p.amount)"
        ),
        {"company": company_id},
    )
    waiting = await session.execute(
        text(
            "insert into proposal (company_id, id, receipt_id, document_id, amount, band, reason_en, reason_zh) "
            "select :company, s.proposal_id, s.receipt_id, s.document_id, s.amount, 'review', s.reason_en, s.reason_zh "
            "from planned_application s where s.band = 'review' and not exists (select 1 from proposal p "
            "where p.company_id = :company and p.receipt_id = s.receipt_id and p.document_id = s.document_id "
            "and p.state in ('waiting', 'refused', 'undone'))"
        ),
        {"company": company_id},
    )
    assert posted.rowcount == recorded.rowcount  # noqa: S101 - an application without its reason must not be kept
    return {"posted": posted.rowcount, "waiting": waiting.rowcount, "lapsed": lapsed.rowcount}


_POST = text(
    "with sized as (select s.*, r.document_date as paid_on, d.document_date as issued_on, "
    "  -r.amount - coalesce((select sum(a.amount) from allocation a where a.company_id = :company "
    "    and a.credit_item_id = s.receipt_id), 0) as money, "
    "  d.amount - coalesce((select sum(a.amount) from allocation a where a.company_id = :company "
    "    and a.debit_item_id = s.document_id), 0) as debt, "
    "  sum(s.amount) over (partition by s.receipt_id order by s.n) as given, "
    "  sum(s.amount) over (partition by s.document_id order by s.n) as taken "
    "  from planned_application s "
    "  join open_item r on r.company_id = :company and r.id = s.receipt_id "
    "  join open_item d on d.company_id = :company and d.id = s.document_id where s.band = 'auto' "
    "  and not exists (select 1 from proposal p where p.company_id = :company and p.receipt_id = s.receipt_id "
    "    and p.document_id = s.document_id and p.state in ('refused', 'undone'))) "
    "insert into allocation (company_id, id, credit_item_id, debit_item_id, amount, effective_on, reason) "
    "select :company, allocation_id, receipt_id, document_id, amount, greatest(paid_on, issued_on), 'matched' "
    "from sized where given <= money and taken <= debt order by n"
)


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal with what a decision needs."""

    id: UUID
    receipt_id: UUID
    document_id: UUID
    amount: int
    state: str
    allocation_id: UUID | None
    row_version: int


async def find_proposal(session: Session, company_id: UUID, proposal_id: UUID) -> ProposalRow | None:
    """The proposal, locked until the transaction ends."""
    columns = [getattr(proposal.c, name) for name in ProposalRow.__slots__]
    row = (
        await session.execute(
            select(*columns).where(proposal.c.company_id == company_id, proposal.c.id == proposal_id).with_for_update()
        )
    ).one_or_none()
    return ProposalRow(*row) if row is not None else None


async def settle_proposal(
    session: Session, company_id: UUID, found: ProposalRow, state: str, user_id: UUID | None, **values: Any,  # noqa: ANN401 - columns
) -> bool:  # fmt: skip
    """Gives the proposal its next state when nobody else did meanwhile."""
    result = await session.execute(
        update(proposal)
        .where(
            proposal.c.company_id == company_id, proposal.c.id == found.id, proposal.c.row_version == found.row_version
        )
        .values(
            state=state, decided_by=user_id, decided_at=text("clock_timestamp()"), row_version=found.row_version + 1,
            **values,
        )
    )  # fmt: skip
    return result.rowcount == 1


async def insert_decided(
    session: Session, company_id: UUID, planned: Planned, allocation_id: UUID, user_id: UUID | None
) -> UUID:
    """Keeps an application that a person made without a proposal."""
    made = new_id()
    await session.execute(
        insert(proposal).values(
            company_id=company_id, id=made, receipt_id=planned.receipt_id, document_id=planned.document_id,
            amount=planned.amount, band=planned.band, reason_en=planned.reason_en, reason_zh=planned.reason_zh,
            state="applied", allocation_id=allocation_id, decided_by=user_id, decided_at=text("clock_timestamp()"),
        )
    )  # fmt: skip
    return made


async def allocation_between(session: Session, company_id: UUID, receipt_id: UUID, document_id: UUID) -> UUID:
    """The youngest allocation of the pair that undoes nothing."""
    rows = await session.execute(
        text(
            "select id from allocation where company_id = :company and credit_item_id = :receipt "
            "and debit_item_id = :document and undoes_id is null order by recorded_at desc, id desc limit 1"
        ),
        {"company": company_id, "receipt": receipt_id, "document": document_id},
    )
    return UUID(str(rows.scalar_one()))


async def undo_allocation(session: Session, company_id: UUID, allocation_id: UUID) -> int:
    """Writes the counter-allocation of what stands of it; answers how much."""
    rows = await session.execute(
        text(
            "insert into allocation (company_id, id, credit_item_id, debit_item_id, amount, effective_on, reason, "
            "undoes_id) select a.company_id, :id, a.credit_item_id, a.debit_item_id, -(a.amount + u.undone), "
            "a.effective_on, 'undone', a.id from allocation a, lateral (select coalesce(sum(x.amount), 0) as undone "
            "from allocation x where x.company_id = a.company_id and x.undoes_id = a.id) u "
            "where a.company_id = :company and a.id = :undone and a.amount + u.undone > 0 returning -amount"
        ),
        {"company": company_id, "id": new_id(), "undone": allocation_id},
    )
    return int(rows.scalar_one_or_none() or 0)


@dataclass(frozen=True, slots=True)
class OpenSide:
    """One item with what is left of it, in positive minor units."""

    id: UUID
    customer_id: UUID
    currency: str
    kind: str
    left: int
    payer: str


async def open_side(session: Session, company_id: UUID, item_id: UUID) -> OpenSide | None:
    """The item as cash application sees it."""
    rows = await session.execute(
        text(
            "select o.id, o.customer_id, o.currency, o.kind, abs(o.amount) - coalesce((select sum(a.amount) "
            "from allocation a where a.company_id = o.company_id and (a.credit_item_id = o.id "
            "or a.debit_item_id = o.id)), 0) as left, coalesce(b.payer, '') as payer from open_item o "
            "left join bank_line b on b.company_id = o.company_id and b.item_id = o.id "
            "where o.company_id = :company and o.id = :item and o.reverses_id is null"
        ),
        {"company": company_id, "item": item_id},
    )
    row = rows.first()
    return OpenSide(row.id, row.customer_id, row.currency, row.kind, int(row.left), row.payer) if row else None


async def park(session: Session, company_id: UUID, receipt_id: UUID, reason: str, user_id: UUID | None) -> bool:
    """Sets the receipt aside; False when it is already."""
    result = await session.execute(
        text(
            "insert into parked_receipt (company_id, id, receipt_id, reason, parked_by) "
            "values (:company, :id, :receipt, :reason, :user) on conflict (company_id, receipt_id) do nothing"
        ),
        {"company": company_id, "id": new_id(), "receipt": receipt_id, "reason": reason, "user": user_id},
    )
    await session.execute(
        update(proposal)
        .where(proposal.c.company_id == company_id, proposal.c.receipt_id == receipt_id, proposal.c.state == "waiting")
        .values(state="lapsed", row_version=proposal.c.row_version + 1)
    )
    return result.rowcount == 1


async def unpark(session: Session, company_id: UUID, receipt_id: UUID) -> bool:
    """Takes the receipt up again."""
    result = await session.execute(
        delete(parked_receipt).where(
            parked_receipt.c.company_id == company_id, parked_receipt.c.receipt_id == receipt_id
        )
    )
    return result.rowcount == 1


async def rules(session: Session, company_id: UUID) -> list[dict[str, Any]]:
    """Learned rules with the customers' names, newest first."""
    rows = await session.execute(
        select(
            match_rule.c.id, match_rule.c.kind, match_rule.c.writing, match_rule.c.customer_id,
            match_rule.c.recorded_at,
            customer.c.code, customer.c.name,
        )
        .join(
            customer,
            (customer.c.company_id == match_rule.c.company_id) & (customer.c.id == match_rule.c.customer_id),
        )
        .where(match_rule.c.company_id == company_id)
        .order_by(match_rule.c.recorded_at.desc())
    )  # fmt: skip
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it


async def learn_rule(
    session: Session, company_id: UUID, kind: str, writing: str, customer_id: UUID, user_id: UUID | None
) -> bool:
    """Keeps the rule; False when it is there already."""
    result = await session.execute(
        text(
            "insert into match_rule (company_id, id, kind, writing, customer_id, learned_by) "
            "select company_id, :id, :kind, :writing, id, :user from customer "
            "where company_id = :company and id = :customer "
            "on conflict (company_id, kind, writing, customer_id) do nothing"
        ),
        {"company": company_id, "id": new_id(), "kind": kind, "writing": writing, "customer": customer_id,
         "user": user_id},
    )  # fmt: skip
    return result.rowcount == 1


async def forget_rule(session: Session, company_id: UUID, rule_id: UUID) -> bool:
    """Removes the rule."""
    result = await session.execute(
        delete(match_rule).where(match_rule.c.company_id == company_id, match_rule.c.id == rule_id)
    )
    return result.rowcount == 1
