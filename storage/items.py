"""Open items and allocations as an import writes them: append-only, in bulk, never the same document twice."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, text

from storage.bulk import new_ids
from storage.database import Session
from storage.schema import allocation, open_item

STAGED_ITEM = {
    "n": "integer", "id": "uuid", "allocation_id": "uuid", "ref": "text", "instalment": "smallint",
    "revision": "integer", "kind": "text", "number": "text", "customer": "text", "document_date": "date",
    "due_date": "date", "currency": "char(3)", "amount": "bigint", "residue": "bigint", "disputed": "bigint",
    "line_count": "integer", "description": "text", "attributes": "jsonb", "lines": "text", "line_key": "text",
    "row_number": "integer", "settles_ref": "text", "settles": "text",
}  # fmt: skip
"""`line_key` is the lines without the mark of a cut; `n` numbers the staged records."""

STAGED_CUSTOMER = {"id": "uuid", "code": "text", "name": "text", "country": "text"}
STAGED_CONTACT = {"id": "uuid", "code": "text", "email": "text"}
REVERSAL_SUFFIX = "#reversal"
"""A reversal's reference is its document's with this behind, and carries the reversed revision."""


@dataclass(frozen=True, slots=True)
class KnownItem:
    """The latest revision of a staged document that is already here and differs; `n` is the staged record."""

    n: int
    id: UUID
    customer_id: UUID
    customer: str
    kind: str
    number: str
    instalment: int
    source_ref: str
    revision: int
    document_date: date
    due_date: date | None
    currency: str
    amount: int
    residue: int
    disputed: int
    line_count: int
    lines: str | None


async def find_known(session: Session, company_id: UUID, source_id: UUID) -> None:
    """Fills the temporary table `known_item` with the latest revision of each staged document that is here."""
    await session.execute(text("create temporary table known_item (like open_item) on commit drop"))
    await session.execute(
        text(
            "insert into known_item select distinct on (o.source_ref, o.instalment) o.* from open_item o "
            "join staged_item s on o.source_ref = s.ref and o.instalment = s.instalment "
            "where o.company_id = :company and o.source_id = :source "
            "order by o.source_ref, o.instalment, o.revision desc"
        ),
        {"company": company_id, "source": source_id},
    )
    await session.execute(text("analyze known_item"))  # without figures the planner compares each row with each


async def same_items(session: Session) -> list[int]:
    """Staged records that are already here exactly so."""
    rows = await session.execute(
        text(
            "select s.n from staged_item s "
            "join known_item o on o.source_ref = s.ref and o.instalment = s.instalment "
            "join customer c on c.company_id = o.company_id and c.id = o.customer_id "
            "where c.code = s.customer and o.kind = s.kind and o.amount = s.amount and o.residue = s.residue "
            "and o.currency = s.currency and o.document_date = s.document_date and o.disputed = s.disputed "
            "and o.due_date is not distinct from s.due_date and ltrim(o.lines, '~') is not distinct from s.line_key "
            "and (s.revision is null or s.revision = o.revision)"
        )
    )
    return [row.n for row in rows]


async def known_items(session: Session) -> list[KnownItem]:
    """Staged records (those still staged) whose document is here in another form."""
    rows = await session.execute(
        text(
            "select s.n, o.id, o.customer_id, c.code as customer, o.kind, o.number, o.instalment, o.source_ref, "
            "o.revision, o.document_date, o.due_date, o.currency, o.amount, o.residue, o.disputed, o.line_count, "
            "o.lines from staged_item s "
            "join known_item o on o.source_ref = s.ref and o.instalment = s.instalment "
            "join customer c on c.company_id = o.company_id and c.id = o.customer_id order by s.n"
        )
    )
    return [KnownItem(*row) for row in rows]


async def drop_staged(session: Session, numbers: list[int]) -> None:
    """Takes records out of the staged ones."""
    if numbers:
        await session.execute(text("delete from staged_item where n = any(:n)"), {"n": numbers})


@dataclass(frozen=True, slots=True)
class Replacement:
    """The staged record `n` as the next revision of a document; None leaves a figure as the file gave it."""

    n: int
    revision: int
    amount: int | None = None
    residue: int | None = None
    disputed: int | None = None
    line_count: int | None = None
    lines: str | None = None
    document_date: date | None = None
    due_date: date | None = None


async def change_staged(session: Session, replacement: Replacement) -> None:
    """Gives a staged record its revision and, when the document grew, the figures of both sides together."""
    await session.execute(
        text(
            "update staged_item set revision = :revision, amount = coalesce(:amount, amount), "
            "residue = coalesce(:residue, residue), disputed = coalesce(:disputed, disputed), "
            "line_count = coalesce(:line_count, line_count), lines = coalesce(:lines, lines), "
            "document_date = coalesce(:document_date, document_date), due_date = coalesce(:due_date, due_date) "
            "where n = :n"
        ),
        asdict(replacement),
    )


async def insert_staged_items(session: Session, company_id: UUID, source_id: UUID, import_id: UUID) -> int:
    """Adds the staged records as open items, as a rule in their order, which spares a sort: nothing depends on it."""
    result = await session.execute(
        text(
            "insert into open_item (company_id, id, customer_id, kind, number, instalment, source_id, source_ref, "
            "revision, document_date, due_date, currency, amount, residue, disputed, line_count, description, "
            "attributes, lines, import_id, row_number) "
            "select :company, s.id, c.id, s.kind, s.number, s.instalment, :source, s.ref, coalesce(s.revision, 1), "
            "s.document_date, s.due_date, s.currency, s.amount, s.residue, s.disputed, s.line_count, s.description, "
            "s.attributes, s.lines, :import, s.row_number "
            "from staged_item s join staged_customer c on c.code = s.customer"
        ),
        {"company": company_id, "source": source_id, "import": import_id},
    )
    return result.rowcount


async def allocate_staged(session: Session, company_id: UUID, source_id: UUID) -> int:
    """Sets staged credits against the document of the same source row, never beyond what is open there."""
    result = await session.execute(
        text(
            "with wanted as ("
            "  select s.n, s.allocation_id, s.id as credit_id, -s.amount as amount, s.document_date, d.id as debit_id,"
            "    d.amount - coalesce((select sum(a.amount) from allocation a where a.company_id = :company"
            "      and a.debit_item_id = d.id), 0) as open, d.document_date as debit_date"
            "  from staged_item s join lateral ("
            "    select o.* from open_item o where o.company_id = :company and o.source_id = :source"
            "      and o.source_ref = s.settles_ref and o.instalment = s.instalment"
            "    order by o.revision desc limit 1) d on true"
            "  where s.settles_ref is not null and s.amount < 0 and d.amount > 0),"
            " shared as (select w.*, least(w.amount, w.open - coalesce(sum(w.amount) over ("
            "    partition by w.debit_id order by w.n rows between unbounded preceding and 1 preceding), 0)) as part"
            "  from wanted w)"
            " insert into allocation (company_id, id, credit_item_id, debit_item_id, amount, effective_on, reason)"
            " select :company, allocation_id, credit_id, debit_id, part, greatest(document_date, debit_date), 'source'"
            " from shared where part > 0 order by n"
        ),
        {"company": company_id, "source": source_id},
    )
    return result.rowcount


async def unsettled_staged(session: Session, company_id: UUID) -> list[tuple[int, str]]:
    """Staged credits that name what they pay and are not wholly applied, each with the code of its finding."""
    rows = await session.execute(
        text(
            "select s.n, case when coalesce(a.used, 0) = 0 then 'settlement_unknown' "
            "else 'settlement_exceeds' end as code from staged_item s "
            "left join lateral (select sum(x.amount) as used from allocation x "
            "  where x.company_id = :company and x.credit_item_id = s.id) a on true "
            "where s.settles <> '' and s.amount < 0 and coalesce(a.used, 0) < -s.amount order by s.n"
        ),
        {"company": company_id},
    )
    return [(row.n, row.code) for row in rows]


async def reverse_item(session: Session, company_id: UUID, source_id: UUID, old: KnownItem, import_id: UUID) -> UUID:
    """Cancels an item by its exact opposite on the same date, set against it; answers the reversal's id.

    Allocations of the old item must have been undone before.
    """
    reversal_id, allocation_id = (UUID(text_id) for text_id in new_ids(2))
    await session.execute(
        insert(open_item).values(
            company_id=company_id, id=reversal_id, customer_id=old.customer_id, kind=old.kind, number=old.number,
            instalment=old.instalment, source_id=source_id, source_ref=old.source_ref + REVERSAL_SUFFIX,
            revision=old.revision, document_date=old.document_date, due_date=old.due_date, currency=old.currency,
            amount=-old.amount, residue=-old.residue, disputed=-old.disputed, line_count=old.line_count,
            import_id=import_id, reverses_id=old.id,
        )
    )  # fmt: skip
    if old.amount != 0:
        credit, debit = (reversal_id, old.id) if old.amount > 0 else (old.id, reversal_id)
        await session.execute(
            insert(allocation).values(
                company_id=company_id, id=allocation_id, credit_item_id=credit, debit_item_id=debit,
                amount=abs(old.amount), effective_on=old.document_date, reason="revision",
            )
        )  # fmt: skip
    return reversal_id


@dataclass(frozen=True, slots=True)
class LiveAllocation:
    """What stands of the allocations between an item and one counterpart."""

    id: UUID
    other_id: UUID
    amount: int
    effective_on: date


async def live_allocations(session: Session, company_id: UUID, item_id: UUID) -> list[LiveAllocation]:
    """Allocations of an item that are not undone, oldest first."""
    rows = await session.execute(
        text(
            "select a.id, case when a.credit_item_id = :item then a.debit_item_id else a.credit_item_id end as other, "
            "a.amount + coalesce((select sum(u.amount) from allocation u where u.company_id = :company "
            "and u.undoes_id = a.id), 0) as amount, a.effective_on "
            "from allocation a where a.company_id = :company and a.undoes_id is null "
            "and (a.credit_item_id = :item or a.debit_item_id = :item) order by a.recorded_at, a.id"
        ),
        {"company": company_id, "item": item_id},
    )
    return [LiveAllocation(*row) for row in rows if row.amount > 0]


async def undo_allocations(session: Session, company_id: UUID, live: list[LiveAllocation]) -> None:
    """Counter-allocations for all of them, effective on the day of the original."""
    for each in live:
        await session.execute(
            text(
                "insert into allocation (company_id, id, credit_item_id, debit_item_id, amount, effective_on, reason, "
                "undoes_id) select company_id, :id, credit_item_id, debit_item_id, -cast(:amount as bigint), "
                "effective_on, 'revision', id from allocation where company_id = :company and id = :undone"
            ),
            {"company": company_id, "id": UUID(new_ids(1)[0]), "amount": each.amount, "undone": each.id},
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Up to `amount` (> 0) of a credit against a debit, not before `effective_on`."""

    credit_id: UUID
    debit_id: UUID
    amount: int
    effective_on: date = date.min


async def allocate(
    session: Session,
    company_id: UUID,
    pair: tuple[UUID, UUID],
    wanted: int,
    reason: str,
    effective_on: date = date.min,
) -> int:
    """Sets up to `wanted` of a credit against a debit (`pair`), as `allocate_many` does; answers how much."""
    (part,) = await allocate_many(session, company_id, [Wanted(*pair, wanted, effective_on)], reason)
    return part


async def allocate_many(session: Session, company_id: UUID, wanted: Sequence[Wanted], reason: str) -> list[int]:
    """Sets credits against debits one after the other, never before either document's date; answers how much of each.

    Locks all items, in the order of their ids, so that two writers never exceed either side nor wait in a ring.
    """
    ids = list({side for one in wanted for side in (one.credit_id, one.debit_id)})
    locked = await session.execute(
        text(
            "select o.id, o.amount, o.document_date from open_item o where o.company_id = :company "
            "and o.id = any(:ids) order by o.id for update"
        ),
        {"company": company_id, "ids": ids},
    )
    items = {row.id: row for row in locked}
    left = await _left_of(session, company_id, {row.id: row.amount for row in items.values()})
    parts, rows = [], []
    for one, allocation_id in zip(wanted, new_ids(len(wanted)), strict=True):
        part = max(0, min(one.amount, left[one.credit_id, -1], left[one.debit_id, 1]))
        parts.append(part)
        if part:
            left[one.credit_id, -1] -= part
            left[one.debit_id, 1] -= part
            day = max(one.effective_on, items[one.credit_id].document_date, items[one.debit_id].document_date)
            rows.append((UUID(allocation_id), one.credit_id, one.debit_id, part, day))
    if rows:
        names = ("ids", "credits", "debits", "amounts", "days")
        await session.execute(
            text(
                "insert into allocation (company_id, id, credit_item_id, debit_item_id, amount, effective_on, reason) "
                "select :company, r.*, :reason from unnest(cast(:ids as uuid[]), cast(:credits as uuid[]), "
                "cast(:debits as uuid[]), cast(:amounts as bigint[]), cast(:days as date[])) as r"
            ),
            {"company": company_id, "reason": reason}
            | {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)},
        )
    return parts


async def _left_of(session: Session, company_id: UUID, amounts: dict[UUID, int]) -> dict[tuple[UUID, int], int]:
    """What is not allocated of each item, as a credit (-1) and as a debit (1)."""
    left = {(item_id, side): side * amount for item_id, amount in amounts.items() for side in (-1, 1)}
    used = await session.execute(
        text(
            "select credit_item_id as id, -1 as side, sum(amount) as used from allocation "
            "where company_id = :company and credit_item_id = any(:ids) group by 1 union all "
            "select debit_item_id, 1, sum(amount) from allocation "
            "where company_id = :company and debit_item_id = any(:ids) group by 1"
        ),
        {"company": company_id, "ids": list(amounts)},
    )
    for row in used:
        left[row.id, row.side] -= int(row.used)
    return left
