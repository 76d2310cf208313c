"""Sets a company's open receipts against its open documents: what is certain posts, what is doubtful waits."""

from typing import Any
from uuid import UUID

import polars as pl

from matching import reasons
from matching.amounts import places
from matching.cash_application import apply_cash
from matching.columnar import cascade
from matching.explain import grouped
from matching.facts import AdviceLine, Document, Receipt
from matching.payers import writing_key
from matching.reasons import Reason
from services.allocate_by_reference import SOURCE_LOCK
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.database import Database, transaction
from storage.imports import lock_source
from storage.ledger_rows import list_customers
from storage.receipts_matching import Planned, keep_planned, planned_frame, read_open, rules

REST_AT_ONCE = 20_000
"""Receipts in doubt that are weighed one by one in one run: some ten seconds; the next run takes the rest."""

NOTHING_NAMED = r"^[^0-9]*$|^[^0-9]*[0-9]{1,3}[^0-9]*$"
"""A text without a number of four digits names no document."""


async def propose_applications(engine: Database, company: Company, actor: Actor = SYSTEM) -> dict[str, Any]:
    """Proposals for every receipt with something left, in one transaction; answers how many were posted and wait."""
    documents, receipts = await read_open(engine, company.id)
    if receipts.is_empty() or documents.is_empty():
        certain, rest = planned_frame([]), receipts.head(0)
    else:
        found = cascade(_keyed(documents, "shown"), _keyed(receipts, "settles"))
        certain, rest = _certain(found.applications, documents, receipts), found.rest.head(REST_AT_ONCE)
    async with transaction(engine, company.id) as session:
        await lock_source(session, company.id, SOURCE_LOCK)
        learned = await rules(session, company.id)
        names = {one.id: one for one in await list_customers(session, company.id)}
        free = documents.filter(~pl.col("document").is_in(_ids_of(certain, "document_id").implode()))
        doubtful = _weighed(free, rest, learned, {key: one.name for key, one in names.items()})
        figures = await keep_planned(session, company.id, pl.concat([certain, planned_frame(doubtful)]))
        if figures["posted"] or figures["waiting"]:
            await record(session, company.id, actor, "cash_applied", ("company", company.code), dict(figures))
    return {**figures, "receipts": receipts.height, "looked_at": rest.height}


def _keyed(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """With a comparable `number`; a receipt whose text may name a document is not taken for unnamed."""
    key = pl.col(column).str.to_uppercase().str.replace_all(r"[^0-9A-Z\u4e00-\u9fff]", "")
    if column == "shown":
        return rows.with_columns(number=key)
    unnamed = pl.col("description").str.contains(NOTHING_NAMED)
    number = pl.when(key != "").then(key).when(unnamed).then(None).otherwise(pl.lit("?"))
    return rows.with_columns(number=number)


def _ids_of(rows: pl.DataFrame, column: str) -> pl.Series:
    return pl.Series(column, [bytes.fromhex(one) for one in rows[column]], pl.Binary)


def _certain(found: pl.DataFrame, documents: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """The columnar applications with their reasons."""
    lines = found.join(documents.select("document", "shown", "currency"), on="document").join(
        receipts.select("receipt", "settles"), on="receipt"
    )
    planned = []
    for row in lines.iter_rows(named=True):
        clause = reasons.NAMED if row["named"] else reasons.UNNAMED_OWN
        values = {"reference": row["settles"] or row["shown"], "paid": grouped(row["amount"], places(row["currency"]))}
        why = Reason(clause, reasons.EQUAL, values)
        planned.append(
            Planned(
                UUID(bytes=row["receipt"]), UUID(bytes=row["document"]), row["amount"], "auto",
                why.text("en"), why.text("zh"),
            )
        )  # fmt: skip
    return planned_frame(planned)


def _weighed(
    documents: pl.DataFrame, rest: pl.DataFrame, learned: list[dict[str, Any]], names: dict[UUID, str]
) -> list[Planned]:
    """The receipts in doubt by the plain rules, customer by customer and with what people taught."""
    pays_for: dict[str, list[UUID]] = {}
    for rule in learned:
        if rule["kind"] == "pays_for":
            pays_for.setdefault(rule["writing"], []).append(rule["customer_id"])
    receipts = [_receipt(row, pays_for, names) for row in rest.iter_rows(named=True)]
    accounts = {UUID(one.customer).bytes for one in receipts} | {
        UUID(who).bytes for one in receipts for who in one.also
    }
    numbers = set(_keyed(rest, "settles")["number"].drop_nulls()) - {"?"}
    near = _keyed(documents, "shown").filter(
        pl.col("account").is_in(pl.Series(list(accounts), dtype=pl.Binary).implode())
        | pl.col("number").is_in(pl.Series(list(numbers), dtype=pl.String).implode())
    )
    owed = [_document(row, names) for row in near.iter_rows(named=True)]
    agreed = {str(rule["customer_id"]) for rule in learned if rule["kind"] == "oldest_first"}
    return [
        Planned(
            UUID(one.receipt), UUID(one.document), one.amount, one.band.value,
            one.reason.text("en"), one.reason.text("zh"),
        )
        for one in apply_cash(owed, receipts, oldest_first=agreed)
        if one.amount > 0
    ]  # fmt: skip


def _receipt(row: dict[str, Any], pays_for: dict[str, list[UUID]], names: dict[UUID, str]) -> Receipt:
    own = UUID(bytes=row["account"])
    lines = (AdviceLine(row["settles"], row["left"]),) if row["settles"] else ()
    return Receipt(
        str(UUID(bytes=row["receipt"])), row["payer"] or names.get(own, ""), row["currency"], row["left"], row["day"],
        row["description"], lines, str(own), tuple(str(who) for who in pays_for.get(writing_key(row["payer"]), ())),
    )  # fmt: skip


def _document(row: dict[str, Any], names: dict[UUID, str]) -> Document:
    own = UUID(bytes=row["account"])
    return Document(
        str(UUID(bytes=row["document"])), row["shown"], str(own), names.get(own, ""), row["currency"], row["open"],
        row["issued"], row["due"],
    )  # fmt: skip
