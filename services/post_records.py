"""Puts collected records into the ledger inside the caller's transaction: new, known, grown, changed, in conflict.

Shared by the import of a file and the repair of a row. Opens no transaction of its own.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

from connectors.columns import SCALE
from connectors.documents import Document, Judgement, Verdict, judge, loaded_lines, stored_lines
from ledger.money import RESIDUE_PER_MINOR, round_to_minor, to_decimal
from storage.bulk import new_ids, stage
from storage.customers import add_staged_contacts, add_staged_customers
from storage.database import Session
from storage.items import (
    STAGED_CONTACT,
    STAGED_CUSTOMER,
    STAGED_ITEM,
    KnownItem,
    Replacement,
    allocate,
    allocate_staged,
    change_staged,
    drop_staged,
    find_known,
    insert_staged_items,
    known_items,
    live_allocations,
    reverse_item,
    same_items,
    undo_allocations,
)

NEVER_CUT = (-1, 2**31 - 1)
"""Edges that no document touches: a repaired one is whole."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where records go."""

    company_id: UUID
    source_id: UUID
    import_id: UUID
    language: str


@dataclass(slots=True)
class Posted:
    """Per staged record (`n`) what became of it, and how much was written."""

    skipped: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    noticed: list[tuple[int, str]] = field(default_factory=list)
    items: int = 0
    allocations: int = 0


@dataclass(frozen=True, slots=True)
class _Moved:
    """An allocation of a superseded item, to be set against its successor."""

    other_id: UUID
    new_id: UUID
    new_is_debit: bool
    amount: int
    effective_on: date


async def post_records(session: Session, target: Target, items: pl.DataFrame, edges: tuple[int, int]) -> Posted:
    """Posts `items` (connectors.collect) numbered by their place; `edges` are the file's first and last data row."""
    posted = Posted()
    order = items.select(pl.arg_sort_by("customer", "document_date", maintain_order=True)).to_series()
    staged = _staged(items, edges, order)
    await stage(session, "staged_customer", STAGED_CUSTOMER, _customers(items))
    await stage(session, "staged_item", STAGED_ITEM, staged, order)
    await find_known(session, target.company_id, target.source_id)
    posted.skipped = await same_items(session)
    await drop_staged(session, posted.skipped)
    met = _judged(await known_items(session), staged, items, posted)
    await drop_staged(session, [*posted.skipped, *_refused_whole(items, posted)])
    refused = {number for number, _ in posted.refused}
    moved: list[_Moved] = []
    successors: dict[UUID, UUID] = {}
    for one in met:
        if one.old.n not in refused:
            await _supersede(session, target, one, moved)
            successors[one.old.id] = one.new_id
    await add_staged_customers(session, target.company_id, target.language)
    contacts = _contacts(items)
    if contacts.height:
        await stage(session, "staged_contact", STAGED_CONTACT, contacts)
        await add_staged_contacts(session, target.company_id)
    posted.items = await insert_staged_items(session, target.company_id, target.source_id, target.import_id)
    for each in moved:
        other = successors.get(each.other_id, each.other_id)
        pair = (other, each.new_id) if each.new_is_debit else (each.new_id, other)
        await allocate(session, target.company_id, pair, each.amount, "revision", each.effective_on)
    posted.allocations = await allocate_staged(session, target.company_id, target.source_id)
    return posted


@dataclass(frozen=True, slots=True)
class _Met:
    """A document that replaces an earlier revision of itself."""

    old: KnownItem
    new_id: UUID
    amount: int
    replacement: Replacement


def _judged(known: list[KnownItem], staged: pl.DataFrame, items: pl.DataFrame, posted: Posted) -> list[_Met]:
    met = []
    for old in known:
        row = staged.row(old.n, named=True)
        new = _new_document(row, items)
        here = _old_document(old, new)
        judgement = judge(here, new)
        verdict = judgement.verdict
        if verdict in {Verdict.SAME, Verdict.OLDER}:
            posted.skipped.append(old.n)
        if verdict in {Verdict.OLDER, Verdict.GREW, Verdict.CHANGED}:
            posted.noticed.append((old.n, verdict.value))
        if verdict is Verdict.CONFLICT:
            posted.refused.append((old.n, verdict.value))
        if verdict in {Verdict.GREW, Verdict.CHANGED}:
            revision = row["revision"] if row["revision"] is not None else old.revision + 1
            replacement = Replacement(old.n, revision)
            if verdict is Verdict.GREW:
                replacement = _grown(replacement, old, (here, new), judgement)
            amount = replacement.amount if replacement.amount is not None else row["amount"]
            met.append(_Met(old, UUID(row["id"]), amount, replacement))
    return met


def _refused_whole(items: pl.DataFrame, posted: Posted) -> list[int]:
    """When one record of a source row is in conflict, its other records (its settlement) wait with it."""
    refused = {number for number, _ in posted.refused}
    if not refused:
        return []
    numbered = items.select("rid").with_row_index("n")
    rids = numbered.filter(pl.col("n").is_in(list(refused))).select("rid").unique()
    whole: list[int] = numbered.join(rids, on="rid", how="semi")["n"].to_list()
    posted.refused.extend((number, "document_held") for number in whole if number not in refused)
    return whole


async def _supersede(session: Session, target: Target, met: _Met, moved: list[_Moved]) -> None:
    await change_staged(session, met.replacement)
    live = await live_allocations(session, target.company_id, met.old.id)
    await undo_allocations(session, target.company_id, live)
    await reverse_item(session, target.company_id, target.source_id, met.old, target.import_id)
    moved.extend(_Moved(one.other_id, met.new_id, met.amount > 0, one.amount, one.effective_on) for one in live)


def _old_document(old: KnownItem, new: Document) -> Document:
    lines, cut = loaded_lines(old.lines)
    return Document(
        old.customer, old.currency, old.kind, old.document_date, old.due_date, old.amount, old.residue, old.disputed,
        old.revision if new.revision is not None else None, lines, cut,
    )  # fmt: skip


def _new_document(row: dict[str, Any], items: pl.DataFrame) -> Document:
    lines, line_amounts = items.select("lines", "line_parts").row(row["n"])
    return Document(
        row["customer"], row["currency"], row["kind"], row["document_date"], row["due_date"], row["amount"],
        row["residue"], row["disputed"], row["revision"], tuple(lines) if lines is not None else None,
        loaded_lines(row["lines"])[1], tuple(line_amounts or ()),
    )  # fmt: skip


def _grown(
    replacement: Replacement, old: KnownItem, sides: tuple[Document, Document], judgement: Judgement
) -> Replacement:
    """The document of both sides together: what was here plus the lines that are new."""
    here, new = sides
    known, came = here.lines or (), new.lines or ()
    added = Decimal(sum(new.line_amounts[place] for place in judgement.added)).scaleb(-SCALE)
    whole = Decimal(sum(new.line_amounts)).scaleb(-SCALE)
    if whole != to_decimal(new.amount, new.residue, new.currency):
        added = -added  # the file writes this type with the other sign
    minor, residue = round_to_minor(to_decimal(here.amount, here.residue, here.currency) + added, new.currency)
    lines = (*known, *(came[place] for place in judgement.added))
    is_whole = len(lines) == len(came)
    earlier = here if here.document_date <= new.document_date else new
    return replace(
        replacement, amount=minor, residue=residue, line_count=old.line_count + len(judgement.added),
        disputed=new.disputed if is_whole else here.disputed + new.disputed,
        lines=stored_lines(lines, cut=new.cut if is_whole else here.cut or new.cut),
        document_date=earlier.document_date, due_date=earlier.due_date,
    )  # fmt: skip


def _staged(items: pl.DataFrame, edges: tuple[int, int], order: pl.Series) -> pl.DataFrame:
    """The records with ids that ascend in `order`: indexes grow at their ends, and an account's rows lie together."""
    if (items["settles"] != "").any():
        settles = pl.col("settles") != ""
        items = items.with_columns(pl.when(settles).then(_with_settles()).otherwise("attributes").alias("attributes"))
    line_key, lines = _stored_lines(items, edges)
    return items.with_columns(
        pl.int_range(items.height, dtype=pl.Int32).alias("n"),
        pl.Series("id", new_ids(items.height), dtype=pl.String)[order.arg_sort()],
        _for_settlements(items["settles_ref"].is_not_null()),
        line_key,
        lines,
        pl.col("row").alias("row_number"),
    ).select(list(STAGED_ITEM))


def _for_settlements(wanted: pl.Series) -> pl.Series:
    """Ids of allocations, for the records that settle another one."""
    ids = pl.Series(new_ids(int(wanted.sum())), dtype=pl.String)
    return (
        pl.Series("allocation_id", [None], dtype=pl.String)
        .new_from_index(0, len(wanted))
        .scatter(wanted.arg_true(), ids)
    )


def _stored_lines(items: pl.DataFrame, edges: tuple[int, int]) -> tuple[pl.Series, pl.Series]:
    """The digests of each document's lines without and with the mark of a cut."""
    if items["lines"].null_count() == items.height:
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, items.height)
        return nothing.alias("line_key"), nothing.alias("lines")
    first, last = edges
    cut = (items["row"] <= first) | (items["last_row"] >= last)
    keys = [None if lines is None else stored_lines(tuple(lines), cut=False) for lines in items["lines"].to_list()]
    stored = [None if key is None else "~" * is_cut + key for key, is_cut in zip(keys, cut, strict=True)]
    return pl.Series("line_key", keys, dtype=pl.String), pl.Series("lines", stored, dtype=pl.String)


def _with_settles() -> pl.Expr:
    """The attributes with what the row says it settles, so that it can still be applied when that document comes."""
    own = pl.struct("settles").struct.json_encode()
    both = pl.concat_str(own.str.strip_suffix("}"), pl.lit(","), pl.col("attributes").str.slice(1))
    return pl.when(pl.col("attributes") == "{}").then(own).otherwise(both)


def _contacts(items: pl.DataFrame) -> pl.DataFrame:
    found = items.filter(pl.col("contact_email") != "").select(
        pl.col("customer").alias("code"), pl.col("contact_email").alias("email")
    )
    found = found.unique(maintain_order=True)
    return found.with_columns(pl.Series("id", new_ids(found.height), dtype=pl.String)).select(list(STAGED_CONTACT))


def _customers(items: pl.DataFrame) -> pl.DataFrame:
    name = pl.col("customer_name").filter(pl.col("customer_name") != "").first()
    found = items.group_by(pl.col("customer").alias("code"), maintain_order=True).agg(
        name.alias("name"), pl.col("country").filter(pl.col("country") != "").first().alias("country")
    )
    return found.with_columns(
        pl.coalesce("name", "code").alias("name"), pl.Series("id", new_ids(found.height), dtype=pl.String)
    ).select(list(STAGED_CUSTOMER))


def totals_of(items: pl.DataFrame) -> dict[str, dict[str, str]]:
    """Debits, credits and net per currency of the records that a file brought, as exact decimal strings."""
    ticks = (pl.col("amount").cast(pl.Int128) * RESIDUE_PER_MINOR + pl.col("residue")).alias("ticks")
    sums = (
        items.select("currency", ticks)
        .group_by("currency")
        .agg(
            pl.col("ticks").filter(pl.col("ticks") > 0).sum().alias("debits"),
            pl.col("ticks").filter(pl.col("ticks") < 0).sum().alias("credits"),
            pl.col("ticks").sum().alias("net"),
        )
        .sort("currency")
    )
    return {
        row["currency"]: {name: ticks_text(row[name], row["currency"]) for name in ("debits", "credits", "net")}
        for row in sums.iter_rows(named=True)
    }


def ticks_text(ticks: int, currency: str) -> str:
    """Ten-thousandths of minor units as a decimal string."""
    minor, residue = divmod(abs(ticks), RESIDUE_PER_MINOR)
    sign = "-" if ticks < 0 else ""
    return f"{sign}{to_decimal(minor, residue, currency):f}"
