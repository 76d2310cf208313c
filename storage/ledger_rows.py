"""Reads a company's ledger: in columns for the whole of it, in plain facts for a batch of customers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl
from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]  # ships no types
from psycopg.sql import SQL, Composable, Literal
from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from ledger.columnar import LedgerFrame
from ledger.items import Allocation, Kind, OpenItem
from storage.bulk import among
from storage.database import APPLICATION_ROLE, Database, Session
from storage.schema import allocation, control_balance, customer, dispute, open_item

_ITEM_SQL = SQL("""
    select id as item, customer_id as account, currency, kind, document_date, due_date, amount, residue, disputed,
        reverses_id as reverses{words}
    from open_item
    where company_id = {company} and ({known}::timestamptz is null or recorded_at <= {known})
        and ({customers}::uuid[] is null or customer_id = any({customers}))
""")

_WORDS_SQL = SQL(", number, instalment, description, import_id, row_number, recorded_at")
_ENTRY_ORDER = ("document_date", "import_id", "row_number", "recorded_at", "instalment", "item")
"""As `_items_query` sorts: here in columns, where it takes a tenth of the time."""

_ALLOCATION_SQL = SQL("""
    {touching}select a.credit_item_id as credit_item, a.debit_item_id as debit_item, c.customer_id as credit_account,
        d.customer_id as debit_account, a.amount, a.effective_on
    from {source} a
    join open_item c on c.company_id = a.company_id and c.id = a.credit_item_id
    join open_item d on d.company_id = a.company_id and d.id = a.debit_item_id
    where a.company_id = {company} and ({known}::timestamptz is null or a.recorded_at <= {known})
""")

_TOUCHING_SQL = SQL("""
    with own as (select id from open_item where company_id = {company} and customer_id = any({customers})),
    touching as (
        select a.* from own join allocation a on a.company_id = {company} and a.credit_item_id = own.id
        union
        select a.* from own join allocation a on a.company_id = {company} and a.debit_item_id = own.id
    )
""")
"""Side by side, not with `or`: each side has its index, and a batch of a company must not read the whole of it."""

_BIND_SQL = SQL("""
    select set_config('role', {role}, true) as role, set_config('tieout.company', {company}::text, true) as company
""")


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """What a statement needs of a customer."""

    id: UUID
    code: str
    name: str
    parent_id: UUID | None
    language: str
    country: str | None
    disabled: bool


@dataclass(slots=True)
class AccountFacts:
    """One customer's items in one currency, in entry order, and every allocation that touches one of them."""

    items: list[OpenItem] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """What is known of a customer's dispute of one item, in positive minor units."""

    item_id: UUID
    amount: int
    reason: str
    status: str


async def read_ledger(
    engine: Database,
    company_id: UUID,
    as_known: datetime | None = None,
    customer_ids: Sequence[UUID] | None = None,
    *,
    words: bool = False,
) -> LedgerFrame:
    """Items and allocations known at the instant, of all customers or of some, as columns; ids are their 16 bytes.

    With `words` the items come in entry order, with what a line says in words: number, instalment, description.

    One pull over Arrow in a transaction of its own, under the application's role and on one snapshot: a row of Python
    objects per line would cost ten times as much.
    """
    given: dict[str, Composable] = {
        "company": Literal(company_id),
        "known": Literal(as_known),
        "customers": Literal(list(customer_ids) if customer_ids is not None else None),
        "role": Literal(APPLICATION_ROLE),
        "words": _WORDS_SQL if words else SQL(""),
    }
    given["touching"] = SQL("") if customer_ids is None else _TOUCHING_SQL.format(**given)
    given["source"] = SQL("allocation" if customer_ids is None else "touching")
    queries = [query.format(**given).as_string(None) for query in (_BIND_SQL, _ITEM_SQL, _ALLOCATION_SQL)]
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    _, items, allocations = await asyncio.to_thread(_pull, url, queries)
    if words:
        items = items.sort(*_ENTRY_ORDER, nulls_last=True).drop("import_id", "row_number", "recorded_at")
    return LedgerFrame(items, allocations)


def _pull(url: str, queries: Sequence[str]) -> list[pl.DataFrame]:
    frames = []
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        for query in queries:
            cursor.execute(query)
            frames.append(pl.DataFrame(cursor.fetch_arrow_table()))
    return frames


async def list_customers(
    session: Session, company_id: UUID, customer_ids: Sequence[UUID] | None = None
) -> list[CustomerRow]:
    """Customers by code; all of them, or the ones named."""
    query = _customers(company_id)
    if customer_ids is not None:
        query = query.where(among(customer.c.id, customer_ids))
    return [CustomerRow(*row) for row in await session.execute(query)]


async def batch_customers(session: Session, company_id: UUID, customer_ids: Sequence[UUID]) -> list[CustomerRow]:
    """The customers named, and everybody who belongs to a group: what a batch needs to find heads and members."""
    parents = select(customer.c.parent_id).where(customer.c.company_id == company_id, customer.c.parent_id.is_not(None))
    query = _customers(company_id).where(
        or_(among(customer.c.id, customer_ids), customer.c.parent_id.is_not(None), customer.c.id.in_(parents))
    )
    return [CustomerRow(*row) for row in await session.execute(query)]


def _customers(company_id: UUID) -> Select[Any]:
    return (
        select(
            customer.c.id, customer.c.code, customer.c.name, customer.c.parent_id, customer.c.language,
            customer.c.country, customer.c.disabled_at.is_not(None),
        )
        .where(customer.c.company_id == company_id)
        .order_by(customer.c.code)
    )  # fmt: skip


async def customers_with_code(session: Session, company_id: UUID, code: str) -> list[UUID]:
    """The id of the customer with this code, in a list; empty when there is none."""
    query = select(customer.c.id).where(customer.c.company_id == company_id, customer.c.code == code)
    return list((await session.execute(query)).scalars())


async def read_accounts(
    session: Session, company_id: UUID, customer_ids: Sequence[UUID], as_known: datetime | None = None
) -> dict[UUID, dict[str, AccountFacts]]:
    """The facts of some customers, per customer and currency.

    Allocations are read first: the items of each are then there to be read, whatever is committed in between.
    """
    accounts: dict[UUID, dict[str, AccountFacts]] = {}
    allocations = (await session.execute(_allocations_query(company_id, customer_ids, as_known))).all()
    for row in await session.execute(_items_query(company_id, customer_ids, as_known)):
        item = OpenItem(
            id=row.id, customer_id=row.customer_id, kind=Kind(row.kind), number=row.number, currency=row.currency,
            amount=row.amount, document_date=row.document_date, recorded_at=row.recorded_at, residue=row.residue,
            due_date=row.due_date, instalment=row.instalment, disputed=row.disputed, reverses_id=row.reverses_id,
            description=row.description,
        )  # fmt: skip
        accounts.setdefault(item.customer_id, {}).setdefault(item.currency, AccountFacts()).items.append(item)
    for row in allocations:
        fact = Allocation(*row[:9])
        for account in {row.credit_customer, row.debit_customer}:
            facts = accounts.get(account, {}).get(row.currency)
            if facts is not None:
                facts.allocations.append(fact)
    return accounts


def _items_query(company_id: UUID, customer_ids: Sequence[UUID], as_known: datetime | None) -> Select[Any]:
    query = (
        select(
            open_item.c.id, open_item.c.customer_id, open_item.c.kind, open_item.c.number, open_item.c.currency,
            open_item.c.amount, open_item.c.residue, open_item.c.document_date, open_item.c.due_date,
            open_item.c.recorded_at, open_item.c.instalment, open_item.c.disputed, open_item.c.reverses_id,
            open_item.c.description,
        )
        .where(open_item.c.company_id == company_id, among(open_item.c.customer_id, customer_ids))
        .order_by(
            open_item.c.document_date, open_item.c.import_id.nulls_last(), open_item.c.row_number,
            open_item.c.recorded_at, open_item.c.instalment, open_item.c.id,
        )
    )  # fmt: skip
    return query.where(open_item.c.recorded_at <= as_known) if as_known is not None else query


def _allocations_query(company_id: UUID, customer_ids: Sequence[UUID], as_known: datetime | None) -> Select[Any]:
    own = (
        select(open_item.c.id)
        .where(open_item.c.company_id == company_id, among(open_item.c.customer_id, customer_ids))
        .cte("own")
    )
    of_company = allocation.c.company_id == company_id
    touching = (
        select(allocation.c.id)
        .join(own, own.c.id == allocation.c.credit_item_id)
        .where(of_company)
        .union(select(allocation.c.id).join(own, own.c.id == allocation.c.debit_item_id).where(of_company))
        .cte("touching")
    )
    credit, debit = open_item.alias("credit"), open_item.alias("debit")
    query = (
        select(
            allocation.c.id, allocation.c.credit_item_id, allocation.c.debit_item_id, allocation.c.amount,
            allocation.c.effective_on, allocation.c.recorded_at, allocation.c.undoes_id,
            credit.c.number.label("credit_number"), debit.c.number.label("debit_number"),
            credit.c.customer_id.label("credit_customer"), debit.c.customer_id.label("debit_customer"),
            debit.c.currency,
        )
        .join(touching, touching.c.id == allocation.c.id)
        .join(credit, (credit.c.company_id == company_id) & (credit.c.id == allocation.c.credit_item_id))
        .join(debit, (debit.c.company_id == company_id) & (debit.c.id == allocation.c.debit_item_id))
        .where(of_company)
        .order_by(allocation.c.effective_on, allocation.c.recorded_at, allocation.c.id)
    )  # fmt: skip
    return query.where(allocation.c.recorded_at <= as_known) if as_known is not None else query


async def known_disputes(
    session: Session, company_id: UUID, as_known: datetime | None = None, customer_ids: Sequence[UUID] | None = None
) -> dict[UUID, DisputeRow]:
    """Per item what customers dispute at the instant; of claims on two statements the larger counts, not the sum."""
    at = as_known if as_known is not None else func.statement_timestamp()
    query = (
        select(dispute.c.item_id, func.sum(dispute.c.amount), func.min(dispute.c.reason), func.min(dispute.c.status))
        .where(
            dispute.c.company_id == company_id, dispute.c.opened_at <= at,
            or_(dispute.c.closed_at.is_(None), dispute.c.closed_at > at),
        )
        .group_by(dispute.c.item_id, dispute.c.statement_id)
    )  # fmt: skip
    if customer_ids is not None:
        query = query.join(
            open_item, (open_item.c.company_id == dispute.c.company_id) & (open_item.c.id == dispute.c.item_id)
        ).where(among(open_item.c.customer_id, customer_ids))
    found: dict[UUID, DisputeRow] = {}
    for item_id, amount, reason, status in await session.execute(query):
        row = DisputeRow(item_id, int(amount), reason, status)
        if item_id not in found or found[item_id].amount < row.amount:
            found[item_id] = row
    return found


async def customers_in_dispute(
    session: Session, company_id: UUID, as_known: datetime, customer_ids: Sequence[UUID]
) -> set[UUID]:
    """Those of the customers with an item that is in dispute at the instant."""
    query = (
        select(open_item.c.customer_id)
        .join(dispute, (dispute.c.company_id == open_item.c.company_id) & (dispute.c.item_id == open_item.c.id))
        .where(
            open_item.c.company_id == company_id, among(open_item.c.customer_id, customer_ids),
            dispute.c.opened_at <= as_known, or_(dispute.c.closed_at.is_(None), dispute.c.closed_at > as_known),
        )
        .distinct()
    )  # fmt: skip
    return set((await session.execute(query)).scalars())


async def control_balances(session: Session, company_id: UUID, as_of: date) -> dict[str, int]:
    """The general ledger's receivable balance per currency on the day, where one was loaded; accounts added up.

    A balance loaded again for the same account replaces the one before.
    """
    newest = (
        select(control_balance.c.currency, control_balance.c.amount)
        .where(control_balance.c.company_id == company_id, control_balance.c.as_of == as_of)
        .ext(distinct_on(control_balance.c.currency, control_balance.c.account))
        .order_by(
            control_balance.c.currency, control_balance.c.account, control_balance.c.recorded_at.desc(),
            control_balance.c.id.desc(),
        )
        .subquery()
    )  # fmt: skip
    query = select(newest.c.currency, func.sum(newest.c.amount)).group_by(newest.c.currency)
    return {currency: int(amount) for currency, amount in await session.execute(query)}
