"""Reminders: what is overdue and unanswered per customer, what was sent when, and who is left alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from statements.chasing import LastReminder, Overdue, Unanswered
from statements.promises import spread
from storage.database import Session
from storage.disputes import disputed_amounts
from storage.group_promises import GroupPromise, group_promises
from storage.identifiers import new_id
from storage.promises import awaited_amounts
from storage.schema import allocation, chase, contact, customer, open_item, outbox, statement, task

DEBIT_KINDS = ("invoice", "debit_memo", "opening", "fx_adjustment")
"""What a customer can be late with."""

ALL_DAYS = 36_500
"""Everything that is open, due or not: a century ahead."""


@dataclass(frozen=True, slots=True)
class ChasedCustomer:
    """Who may be reminded; `chasing` is the customer's own setting ("stopped", "until", "reason")."""

    id: UUID
    code: str
    name: str
    language: str
    country: str
    chasing: dict[str, Any]


async def chased_customers(session: Session, company_id: UUID, after: UUID | None, limit: int) -> list[ChasedCustomer]:
    """A batch of enabled customers, by id."""
    query = (
        select(
            customer.c.id, customer.c.code, customer.c.name, customer.c.language, customer.c.country,
            customer.c.attributes,
        )
        .where(customer.c.company_id == company_id, customer.c.disabled_at.is_(None))
        .order_by(customer.c.id).limit(limit)
    )  # fmt: skip
    if after is not None:
        query = query.where(customer.c.id > after)
    return [
        ChasedCustomer(row[0], row[1], row[2], row[3], row[4] or "", dict((row[5] or {}).get("chasing", {})))
        for row in await session.execute(query)
    ]


async def unanswered_statements(
    session: Session, company_id: UUID, customers: Sequence[UUID], timezone: str, today: date
) -> dict[UUID, list[Unanswered]]:
    """Sent statements without an answer per customer, with the business day on which they went.

    One that went to the wrong person waits for us, not for the customer.
    """
    misdirected = select(task.c.id).where(
        task.c.company_id == company_id, task.c.kind == "wrong_person", task.c.state == "open",
        task.c.subject_id == cast(statement.c.id, Text),
    )  # fmt: skip
    day = func.date(func.timezone(timezone, statement.c.sent_at))
    query = (
        select(
            statement.c.customer_id, statement.c.id, statement.c.number, statement.c.currency, statement.c.closing, day
        )
        .where(
            statement.c.company_id == company_id, statement.c.customer_id.in_(customers), statement.c.status == "sent",
            statement.c.answered_at.is_(None), day <= today, ~misdirected.exists(),
        )
        .order_by(statement.c.number)
    )  # fmt: skip
    found: dict[UUID, list[Unanswered]] = defaultdict(list)
    for row in await session.execute(query):
        found[row[0]].append(Unanswered(row[1], row[2], row[3], row[4], row[5]))
    return found


async def overdue_items(
    session: Session, company_id: UUID, customers: Sequence[UUID], today: date, timezone: str = "UTC", ahead: int = 0
) -> tuple[dict[UUID, list[Overdue]], dict[UUID, dict[str, int]]]:
    """Open debits past due or due within `ahead` days per customer, and credit not applied per customer and currency.

    What is promised, or told as paid, is laid over the items that are due first; a head's over its whole group's.
    """
    awaited = await awaited_amounts(session, company_id, customers, timezone, today)
    shared: dict[UUID, int] = {}
    for one in await group_promises(session, company_id, customers, timezone, today):
        awaited.pop((one.head_id, one.currency), None)
        shared |= await _laid_over_group(session, company_id, one, today, ahead)
    overdue, unapplied = await _late(session, company_id, customers, today, ahead)
    return {one: _with_awaited(one, items, awaited, shared) for one, items in overdue.items()}, unapplied


async def _laid_over_group(
    session: Session, company_id: UUID, promised: GroupPromise, today: date, ahead: int
) -> dict[UUID, int]:
    """The head's promise over the documents of its statement, whosever they are, those due first."""
    late, _ = await _late(session, company_id, sorted(promised.members), today, ahead)
    own = [
        item
        for items in late.values()
        for item in items
        if item.item_id in promised.items and item.currency == promised.currency
    ]
    own.sort(key=lambda item: (item.due_date, item.number))
    return spread(promised.amount, {item.item_id: item.open - item.disputed for item in own})


async def _late(
    session: Session, company_id: UUID, customers: Sequence[UUID], today: date, ahead: int
) -> tuple[dict[UUID, list[Overdue]], dict[UUID, dict[str, int]]]:
    left = _open_amounts(company_id, customers, today)
    disputed = await disputed_amounts(session, company_id, customers)
    overdue: dict[UUID, list[Overdue]] = defaultdict(list)
    unapplied: dict[UUID, dict[str, int]] = defaultdict(dict)
    for row in await session.execute(left):
        due = row.due_date or row.document_date
        if row.open < 0:
            per_currency = unapplied[row.customer_id]
            per_currency[row.currency] = per_currency.get(row.currency, 0) - int(row.open)
        elif row.kind in DEBIT_KINDS and due < today + timedelta(days=max(ahead, 0)):
            # The source's own dispute mark and ours may be the same complaint: the larger one counts.
            part = min(int(row.open), max(int(row.disputed), disputed.get(row.id, 0)))
            overdue[row.customer_id].append(
                Overdue(
                    row.id,
                    row.number,
                    row.currency,
                    due,
                    int(row.open),
                    disputed=part,
                    is_charge=row.charge is not None,
                )
            )
    return overdue, unapplied


def _with_awaited(
    customer_id: UUID, items: list[Overdue], awaited: dict[tuple[UUID, str], int], shared: dict[UUID, int]
) -> list[Overdue]:
    promised: dict[UUID, int] = {}
    for currency in {item.currency for item in items}:
        own = sorted(
            (item for item in items if item.currency == currency), key=lambda item: (item.due_date, item.number)
        )
        rooms = {item.item_id: item.open - item.disputed - shared.get(item.item_id, 0) for item in own}
        promised |= spread(awaited.get((customer_id, currency), 0), rooms)
    return [
        replace(item, promised=promised.get(item.item_id, 0) + shared.get(item.item_id, 0)) for item in items
    ]  # fmt: skip


async def resting_amounts(
    session: Session, company_id: UUID, customers: Sequence[UUID], timezone: str, today: date
) -> dict[UUID, dict[str, tuple[int, int]]]:
    """Per customer and currency what is disputed and what is promised of their open documents, due or not."""
    items, _ = await overdue_items(session, company_id, customers, today, timezone, ahead=ALL_DAYS)
    sums: dict[UUID, dict[str, tuple[int, int]]] = {customer_id: {} for customer_id in customers}
    for customer_id in customers:
        for item in items.get(customer_id, ()):
            disputed, promised = sums[customer_id].get(item.currency, (0, 0))
            sums[customer_id][item.currency] = (disputed + item.disputed, promised + item.promised)
    return sums


async def open_amounts(session: Session, company_id: UUID, item_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Minor units open on each item, whatever the day."""
    taken = select(func.coalesce(func.sum(allocation.c.amount), 0)).where(
        allocation.c.company_id == company_id, allocation.c.debit_item_id == open_item.c.id
    )
    query = select(open_item.c.id, open_item.c.amount - taken.scalar_subquery()).where(
        open_item.c.company_id == company_id, open_item.c.id.in_(item_ids)
    )
    return {row[0]: int(row[1]) for row in await session.execute(query)}


def _open_amounts(company_id: UUID, customers: Sequence[UUID], today: date) -> Any:  # noqa: ANN401 - a Select of mixed columns
    as_debit = _applied(allocation.c.debit_item_id, company_id, customers, today)
    as_credit = _applied(allocation.c.credit_item_id, company_id, customers, today)
    open_amount = (
        open_item.c.amount - func.coalesce(as_debit.c.amount, 0) + func.coalesce(as_credit.c.amount, 0)
    ).label("open")
    return (
        select(
            open_item.c.id, open_item.c.customer_id, open_item.c.kind, open_item.c.number, open_item.c.currency,
            open_item.c.document_date, open_item.c.due_date, open_item.c.disputed, open_amount,
            open_item.c.attributes["charge"].astext.label("charge"),
        )
        .outerjoin(as_debit, as_debit.c.item_id == open_item.c.id)
        .outerjoin(as_credit, as_credit.c.item_id == open_item.c.id)
        .where(
            open_item.c.company_id == company_id, open_item.c.customer_id.in_(customers),
            open_item.c.document_date <= today, open_amount != 0,
        )
        .order_by(open_item.c.id)
    )  # fmt: skip


def _applied(side: Any, company_id: UUID, customers: Sequence[UUID], today: date) -> Any:  # noqa: ANN401 - either column of allocation
    """Sums per item of these customers only: a batch must not add up the whole company each time."""
    item = open_item.alias("item")
    return (
        select(side.label("item_id"), func.sum(allocation.c.amount).label("amount"))
        .join(item, (item.c.company_id == allocation.c.company_id) & (item.c.id == side))
        .where(
            allocation.c.company_id == company_id, item.c.customer_id.in_(customers),
            allocation.c.effective_on <= today,
        )
        .group_by(side)
        .subquery()
    )  # fmt: skip


async def last_reminders(
    session: Session, company_id: UUID, customers: Sequence[UUID], today: date
) -> dict[UUID, LastReminder]:
    """The newest reminder per customer up to today that was not withdrawn before it went.

    How far interest was charged counts in any case: the charge stands.
    """
    key = func.concat("chase/", cast(chase.c.customer_id, Text), "/", cast(chase.c.day, Text))
    withdrawn = select(outbox.c.id).where(
        outbox.c.company_id == company_id, outbox.c.dedup_key == key, outbox.c.state == "cancelled",
        outbox.c.answer.is_(None),
    )  # fmt: skip
    query = (
        select(chase.c.customer_id, chase.c.day, chase.c.level, chase.c.facts, withdrawn.exists())
        .where(chase.c.company_id == company_id, chase.c.customer_id.in_(customers), chase.c.day <= today)
        .order_by(chase.c.customer_id, withdrawn.exists(), chase.c.day.desc())
        .ext(distinct_on(chase.c.customer_id))
    )
    charged = select(chase.c.customer_id, func.max(chase.c.facts["interest_until"].astext)).where(
        chase.c.company_id == company_id, chase.c.customer_id.in_(customers), chase.c.day <= today
    ).group_by(chase.c.customer_id)  # fmt: skip
    until = {row[0]: _day(row[1]) for row in await session.execute(charged)}
    return {
        row[0]: LastReminder(
            row[1], row[2], frozenset() if row[4] else frozenset(row[3].get("subjects", [])), until.get(row[0]), row[4]
        )
        for row in await session.execute(query)
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


async def claim_chase(
    session: Session, company_id: UUID, customer_id: UUID, day: date, level: int, facts: dict[str, Any]
) -> bool:
    """Takes the day for this customer; False when it is taken."""
    done = await session.execute(
        insert(chase)
        .values(company_id=company_id, id=new_id(), customer_id=customer_id, day=day, level=level, facts=facts)
        .on_conflict_do_nothing(index_elements=["company_id", "customer_id", "day"])
        .returning(chase.c.id)
    )
    return done.scalar_one_or_none() is not None


async def reminder_contacts(
    session: Session, company_id: UUID, customers: Sequence[UUID]
) -> dict[UUID, tuple[UUID, str]]:
    """One contact with an address per customer: one made for reminders before one for statements."""
    order = case((contact.c.purpose == "reminder", 0), (contact.c.purpose == "statement", 1), else_=2)
    query = (
        select(contact.c.customer_id, contact.c.id, contact.c.email)
        .where(
            contact.c.company_id == company_id, contact.c.customer_id.in_(customers),
            contact.c.disabled_at.is_(None), contact.c.email.is_not(None), contact.c.email != "",
        )
        .order_by(contact.c.customer_id, order, contact.c.id)
        .ext(distinct_on(contact.c.customer_id))
    )  # fmt: skip
    return {row[0]: (row[1], row[2]) for row in await session.execute(query)}


async def cancel_waiting_reminders(
    session: Session, company_id: UUID, customers: Sequence[UUID] | None = None, but_of: date | None = None
) -> int:
    """Takes back reminders that nobody has begun to send: an answer or a payment has overtaken them.

    `but_of` spares those of one day, so that a day's work that was interrupted keeps what it has queued.
    """
    conditions = [
        outbox.c.company_id == company_id, outbox.c.kind == "reminder", outbox.c.state == "pending",
        outbox.c.phase == "new",
    ]  # fmt: skip
    if customers is not None:
        conditions.append(outbox.c.customer_id.in_(customers))
    if but_of is not None:
        conditions.append(~outbox.c.dedup_key.endswith(f"/{but_of}"))
    done = await session.execute(outbox.update().where(and_(*conditions)).values(state="cancelled"))
    return done.rowcount


async def withdraw_paid_reminders(session: Session, company_id: UUID) -> int:
    """Takes back waiting reminders of whoever paid, or was credited, since they were written; answers how many."""
    credited = select(open_item.c.id).where(
        open_item.c.company_id == company_id, open_item.c.customer_id == outbox.c.customer_id, open_item.c.amount < 0,
        open_item.c.reverses_id.is_(None), open_item.c.recorded_at > outbox.c.created_at,
    )  # fmt: skip
    applied = (
        select(allocation.c.id)
        .join(
            open_item,
            (open_item.c.company_id == allocation.c.company_id) & (open_item.c.id == allocation.c.debit_item_id),
        )
        .where(
            allocation.c.company_id == company_id, open_item.c.customer_id == outbox.c.customer_id,
            allocation.c.recorded_at > outbox.c.created_at,
        )
    )  # fmt: skip
    done = await session.execute(
        outbox.update()
        .where(
            outbox.c.company_id == company_id, outbox.c.kind == "reminder", outbox.c.state == "pending",
            outbox.c.phase == "new", credited.exists() | applied.exists(),
        )
        .values(state="cancelled")
    )  # fmt: skip
    return done.rowcount


async def chasing_of(session: Session, company_id: UUID, customer_id: UUID) -> dict[str, Any] | None:
    """A customer's own chasing setting, locked; None when there is no such customer."""
    query = select(customer.c.attributes).where(customer.c.company_id == company_id, customer.c.id == customer_id)
    row = (await session.execute(query.with_for_update())).one_or_none()
    return dict((row[0] or {}).get("chasing", {})) if row is not None else None


async def set_chasing(session: Session, company_id: UUID, customer_id: UUID, chasing: dict[str, Any]) -> bool:
    """Writes a customer's own chasing setting; False when there is no such customer."""
    own = literal({"chasing": chasing}, customer.c.attributes.type)
    key = customer.c.attributes.op("||")(own)
    done = await session.execute(
        customer.update()
        .where(customer.c.company_id == company_id, customer.c.id == customer_id)
        .values(attributes=key)
    )
    return done.rowcount == 1


async def chases_of(session: Session, company_id: UUID, customer_id: UUID) -> list[tuple[date, int, dict[str, Any]]]:
    """All reminders to one customer: day, level, facts; newest first."""
    query = (
        select(chase.c.day, chase.c.level, chase.c.facts)
        .where(chase.c.company_id == company_id, chase.c.customer_id == customer_id)
        .order_by(chase.c.day.desc())
    )
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]
