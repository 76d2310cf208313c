"""Promises on a head office's statement: they rest upon the documents that stand on it, the shops' among them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from statements.promises import TOLD_DAYS
from storage.database import Session
from storage.schema import open_item, payment_hint, promise, statement


@dataclass(slots=True)
class GroupPromise:
    """What a head of a group promised, or told as paid, in one currency: minor units, over which documents of whom."""

    head_id: UUID
    currency: str
    amount: int = 0
    items: set[UUID] = field(default_factory=set)
    members: set[UUID] = field(default_factory=set)


async def group_promises(
    session: Session, company_id: UUID, customers: Sequence[UUID], timezone: str, today: date
) -> list[GroupPromise]:
    """Those of the heads above these customers whose statement holds documents of others."""
    heads = await _with_heads(session, company_id, customers)
    found: dict[tuple[UUID, str], GroupPromise] = {}
    contents: dict[UUID, set[UUID]] = {}
    for row in await session.execute(_waiting(company_id, heads, timezone, today)):
        if row.statement_id not in contents:
            contents[row.statement_id] = await _documents(session, company_id, row.statement_id)
        one = found.setdefault((row.customer_id, row.currency), GroupPromise(row.customer_id, row.currency))
        one.amount += row.amount
        one.items |= contents[row.statement_id]
    owners = await _owners(session, company_id, set().union(*(one.items for one in found.values())))
    for one in found.values():
        one.members = {owners[item] for item in one.items if item in owners}
    return [one for one in found.values() if one.members - {one.head_id}]


async def _with_heads(session: Session, company_id: UUID, customers: Sequence[UUID]) -> list[UUID]:
    """The customers and everybody above them; `union` ends where parents form a ring."""
    rows = await session.execute(
        text(
            "with recursive up as ("
            " select id, parent_id from customer where company_id = :company and id = any(:ids)"
            " union select c.id, c.parent_id from customer c join up on c.id = up.parent_id"
            " where c.company_id = :company"
            ") select distinct id from up"
        ),
        {"company": company_id, "ids": list(customers)},
    )
    return list(rows.scalars())


def _waiting(company_id: UUID, heads: Sequence[UUID], timezone: str, today: date) -> Any:  # noqa: ANN401 - a union of two selects
    promised = select(promise.c.statement_id, promise.c.customer_id, promise.c.currency, promise.c.amount).where(
        promise.c.company_id == company_id, promise.c.customer_id.in_(heads), promise.c.status == "open",
        promise.c.due_on >= today,
    )  # fmt: skip
    told_on = func.date(func.timezone(timezone, payment_hint.c.told_at))
    told = select(
        payment_hint.c.statement_id, payment_hint.c.customer_id, payment_hint.c.currency, payment_hint.c.amount
    ).where(
        payment_hint.c.company_id == company_id, payment_hint.c.customer_id.in_(heads),
        payment_hint.c.status == "open", told_on > today - timedelta(days=TOLD_DAYS),
    )  # fmt: skip
    return promised.union_all(told)


async def _documents(session: Session, company_id: UUID, statement_id: UUID) -> set[UUID]:
    query = select(statement.c.content).where(statement.c.company_id == company_id, statement.c.id == statement_id)
    content = json.loads((await session.execute(query)).scalar_one())
    return {UUID(line["item_id"]) for line in content["lines"] if line.get("item_id")}


async def _owners(session: Session, company_id: UUID, items: set[UUID]) -> dict[UUID, UUID]:
    if not items:
        return {}
    query = select(open_item.c.id, open_item.c.customer_id).where(
        open_item.c.company_id == company_id, open_item.c.id.in_(items)
    )
    return {row[0]: row[1] for row in await session.execute(query)}
