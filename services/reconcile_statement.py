"""Holds a customer's ledger against a statement at once, and keeps what was found with the version of the statement."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

from connectors.container import GZIP_MAGIC, ZIP_MAGIC, ZSTD_MAGIC
from connectors.findings import Finding
from connectors.tables import Table
from connectors.their_columns import ColumnMap, Other
from ledger.canonical import canonical_json, sha256_hex
from ledger.money import round_to_minor
from matching.two_sided.columnar import CODES, SIDE, Reconciled, reconcile, side_frame
from matching.two_sided.report import report
from matching.two_sided.terms import Kind, Rules
from services.documents_of_period import documents_of_period
from services.keep_attachment import plain_filename
from services.reconcile_ledgers import LedgerFile, LedgerRefused, read_one
from storage.answers import answerable_statement
from storage.audit import Actor, record
from storage.database import Database, Session, transaction
from storage.identifiers import new_id
from storage.reconciliations import (
    Acceptance,
    NewReconciliation,
    StoredReconciliation,
    acceptances_of,
    count_reconciliations,
    insert_reconciliation,
    newest_reconciliation,
    sealed_file,
)
from storage.sealing import Keyring, Sealed
from words.catalog import LANGUAGES
from words.refusal import Refusal

MAX_LEDGER_BYTES = 10 * 1024 * 1024
"""One customer's account over a year is below a megabyte; more is a whole company's ledger, sent by mistake."""

MAX_COMPARISONS = 100
"""Of one version: each keeps its file, and nobody corrects columns a hundred times."""

EXPLAINED = frozenset({Kind.MATCHED, Kind.GROUPED})
"""Classes of rows that need nobody's look."""

LISTED_ON_PAGE = 500
"""Rows of one class that the page shows; all are in the bridge."""


class ComparisonsSpent(Refusal):
    """The version has been compared too often."""

    code = "comparisons_spent"
    sentence = "This statement has been compared {count} times; no more files are taken for it."
    remedy = "Write to the sender: together you will find the difference faster."


class ComparisonUnknown(Refusal):
    """No such comparison of this statement, or a newer one has taken its place."""

    code = "comparison_gone"
    sentence = "This comparison is not the newest one any more."
    remedy = "Look at the newest comparison and answer that one."


@dataclass(frozen=True, slots=True)
class Comparison:
    """The newest comparison of a statement, with who accepted its bridge."""

    kept: StoredReconciliation
    accepted: dict[str, Acceptance]


async def reconcile_statement(
    engine: Database, company_id: UUID, statement_id: UUID, file: LedgerFile, author: Actor, keyring: Keyring
) -> UUID:
    """Reads the file, compares, keeps both. A file that is refused changes nothing. Raises LedgerRefused and others."""
    check_upload(file)
    async with transaction(engine, company_id) as session:
        found = await answerable_statement(session, company_id, statement_id)
        assert found is not None  # noqa: S101 - the caller has shown it
        content = json.loads(found.content)
        detailed = await documents_of_period(session, company_id, found.customer_id, content)
    reports = await asyncio.to_thread(compare, content, file, detailed)
    row_id = new_id()
    sealed = keyring.seal(file.content, _binding(company_id, row_id))
    new = NewReconciliation(
        id=row_id, statement_id=statement_id, digest=found.digest, author_kind=author.kind, author_id=_id_of(author),
        filename=plain_filename(file.name), file_sha256=hashlib.sha256(file.content).hexdigest(),
        size=len(file.content), key_id=sealed.key_id, sealed=sealed.data, wish=file.wish.as_json(), reports=reports,
        bridge_sha256=sha256_hex(canonical_json(reports["en"])),
    )  # fmt: skip
    async with transaction(engine, company_id) as session:
        if await count_reconciliations(session, company_id, statement_id) >= MAX_COMPARISONS:
            raise ComparisonsSpent(count=MAX_COMPARISONS)
        await insert_reconciliation(session, company_id, new)
        await record(
            session, company_id, author, "ledgers_reconciled", ("statement", str(statement_id)),
            {"reconciliation_id": str(row_id), "number": found.number, "digest": found.digest,
             "file_sha256": new.file_sha256, "bridge_sha256": new.bridge_sha256},
        )  # fmt: skip
    return row_id


async def correct_columns(
    engine: Database, company_id: UUID, statement_id: UUID, reconciliation_id: UUID, wish: ColumnMap, author: Actor,
    keyring: Keyring,
) -> UUID:  # fmt: skip
    """The same file once more, with its columns as a person says they are."""
    async with transaction(engine, company_id) as session:
        kept = await newest_reconciliation(session, company_id, statement_id)
        if kept is None or kept.id != reconciliation_id:
            raise ComparisonUnknown
        key_id, data = await sealed_file(session, company_id, kept.id)
    content = keyring.unseal(Sealed(key_id, data), _binding(company_id, kept.id))
    file = LedgerFile(kept.filename, content, wish)
    return await reconcile_statement(engine, company_id, statement_id, file, author, keyring)


async def newest_comparison(session: Session, company_id: UUID, statement_id: UUID) -> Comparison | None:
    """What the page of either side shows."""
    kept = await newest_reconciliation(session, company_id, statement_id)
    if kept is None:
        return None
    return Comparison(kept, await acceptances_of(session, company_id, kept.id))


def check_upload(file: LedgerFile) -> None:
    """A page takes one plain table of a bounded size: what is packed is unpacked by whoever sends it."""
    if len(file.content) > MAX_LEDGER_BYTES:
        raise LedgerRefused(file.name, [Finding(None, "", f"{MAX_LEDGER_BYTES // 1024**2} MB", "file_too_large")])
    packed = file.content.startswith((GZIP_MAGIC, ZSTD_MAGIC))
    archive = file.content.startswith(ZIP_MAGIC) and b"[Content_Types].xml" not in file.content
    if packed or archive:
        raise LedgerRefused(file.name, [Finding(None, "", "", "file_kind")])


def compare(
    content: dict[str, Any], file: LedgerFile, detailed: dict[str, Any] | None = None
) -> dict[str, Any]:  # fmt: skip
    """The reports in all languages: the statement's lines as ours, the file as theirs.

    With all documents of the period as well (`detailed`), whichever of the two leaves less to explain is ours: nobody
    is asked whether they export what is open or what was posted. Both close with the same figure.
    """
    views = [statement_rows(content), *([_period_rows(detailed, content)] if detailed is not None else [])]
    ours = views[-1]
    told = Table(
        ("number", "date"),
        ours.select(c0="number", c1=pl.col("day").dt.to_string("iso").fill_null("")).with_row_index("row"),
    )
    other = Other(told, ColumnMap({"number": "number", "date": "date"}))
    theirs = read_one(file, other, content["currency"])
    # A statement of open items speaks of one day, the others of a period that ends on it.
    rules = Rules(period_end=date.fromisoformat(content["as_of"]))
    compared = [reconcile(side_frame(view), side_frame(theirs.ledger.rows), rules) for view in views]
    found = min(compared, key=_unexplained)
    return {
        language: {"theirs": theirs.as_json(language), **report(found, language, LISTED_ON_PAGE)}
        for language in LANGUAGES
    }


def _unexplained(found: Reconciled) -> tuple[int, int]:
    """Rows of both sides without a match or a sum that agrees; of two as good, the one that matches more."""
    matched = found.pairs.filter(pl.col("kind").is_in({CODES[kind] for kind in EXPLAINED})).height
    rest = 2 * (found.pairs.height - matched) + sum(
        len(link.ours) + len(link.theirs) for link in found.links if link.kind not in EXPLAINED
    )
    return rest, -matched


def _period_rows(detailed: dict[str, Any], content: dict[str, Any]) -> pl.DataFrame:
    """What was open before the period by document, then each movement: together the closing balance too.

    Documents of the statement keep their line there; the others are numbered after them.
    """
    figures = {"prior": "open", "movement": "amount"}
    stated = [*content["lines"], *content["unapplied"]["lines"]]
    numbers = {line["item_id"]: line["line"] for line in stated}
    rows: list[Row] = []
    for line in (one for one in detailed["lines"] if one["section"] in figures):
        number = numbers.pop(line["item_id"], len(stated) + len(rows) + 1)
        rows.append(_row({**line, "line": number}, figures[line["section"]], detailed["currency"]))
    return _frame(rows)


def statement_rows(content: dict[str, Any]) -> pl.DataFrame:
    """A statement's lines as one side: together they are its closing balance, whatever its form."""
    currency = content["currency"]
    rows: list[Row] = []
    if content["form"] != "OPEN_ITEM" and Decimal(content["opening"]):
        start = date.fromisoformat(content["period"]["start"])
        rows.append((0, "", True, start, currency, _minor(content["opening"], currency), ""))
    section, figure = ("open", "open") if content["form"] == "OPEN_ITEM" else ("movement", "amount")
    lines = [line for line in content["lines"] if line["section"] == section]
    if content["form"] == "OPEN_ITEM":
        there = {line["item_id"] for line in lines}
        lines += [line for line in content["unapplied"]["lines"] if line["item_id"] not in there]
    return _frame([*rows, *(_row(line, figure, currency) for line in lines)])


Row = tuple[int, str, bool, date | None, str, int, str]
"""A row of SIDE without its key."""


def _row(line: dict[str, Any], figure: str, currency: str) -> Row:
    day = date.fromisoformat(line["document_date"]) if line["document_date"] else None
    amount = _minor(line[figure], currency)
    return line["line"], line["number"], False, day, currency, amount, line["description"] or ""


def _frame(rows: list[Row]) -> pl.DataFrame:
    schema = {name: kind for name, kind in SIDE.items() if name != "key"}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _minor(text: str, currency: str) -> int:
    return round_to_minor(Decimal(text), currency)[0]


def _id_of(author: Actor) -> UUID:
    assert author.id is not None  # noqa: S101 - people upload, never the system
    return author.id


def _binding(company_id: UUID, reconciliation_id: UUID) -> str:
    return f"reconciliation/{company_id}/{reconciliation_id}"
