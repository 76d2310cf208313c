"""A table and a profile become ledger records plus findings: each row accepted, noticed, held or rejected.

Knows no database and no clock; `today` and the time zone are arguments.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from connectors.columns import (
    SCALE,
    Columns,
    check_cells,
    open_columns,
    read_address,
    read_amount,
    read_currencies,
    read_date,
    read_ids,
    read_kinds,
    read_text,
    read_whole_number,
)
from connectors.findings import RULES, SEVERITY_RANK, FileRefusedError, Finding
from connectors.limits import DUE_WITHIN_DAYS
from connectors.profiles import Profile
from connectors.records import (
    add_attributes,
    disputed_parts,
    mark_lines,
    name_records,
    read_only,
    records_of_lines,
    records_of_rows,
    rounded,
    row_parts,
    signed,
    with_extras,
)
from connectors.tables import Table, locate
from connectors.values import parse_amount

QUARANTINE_RANK = SEVERITY_RANK["quarantine"]
RANK_OF_CODE = {code: SEVERITY_RANK[rule.severity] for code, rule in RULES.items()}
ROWS_AT_ONCE = 100_000
"""Rows whose fields are read at a time: the texts of a million rows beside their values would take a gigabyte."""

FINDING_SCHEMA = {"row": pl.Int32, "column": pl.String, "raw": pl.String, "code": pl.String}


@dataclass(frozen=True, slots=True)
class Control:
    """What the sender announced: the sum of the amount column as the file writes it, and the number of rows."""

    total: Decimal | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """`items`: the good records. `findings`: per row. `rows`: every row with its `rid`; see `records.py`.

    `repeated` are rows that say again what an earlier row of the file said.
    """

    items: pl.DataFrame
    findings: pl.DataFrame
    file_findings: list[Finding]
    rows: pl.DataFrame
    table: Table
    repeated: list[int]


def collect(table: Table, profile: Profile, today: date, timezone: str, control: Control | None = None) -> Collected:
    """Reads every field, holds what is doubtful, and builds the records of the rest. Raises FileRefusedError."""
    announced = control if control is not None else Control()
    if announced.rows is not None and announced.rows != table.rows:
        raise FileRefusedError("control_rows", f"{table.rows} ≠ {announced.rows}")
    table, trailer = _without_total_row(table, profile)
    work = open_columns(table, profile)
    slices = [*table.frame.iter_slices(ROWS_AT_ONCE)] or [table.frame]
    work.frame = pl.concat([_read_rows(work.of_rows(rows), today, timezone) for rows in slices])
    _check_total(work, announced.total if announced.total is not None else trailer)
    name_records(work)
    records = records_of_rows(work) if profile.group is None else records_of_lines(work, profile.group)
    records = rounded(work, with_extras(work, signed(work, records)))
    _flag_records(work, records)
    findings = _findings(work)
    held = findings.filter(pl.col("code").replace_strict(RANK_OF_CODE) >= QUARANTINE_RANK).select("row").unique()
    if profile.group is not None:
        findings, held = _hold_whole_documents(work, findings, held)
    items = records.drop("parts", "disputed_parts", "code")
    if held.height:
        held_rids = work.frame.join(held, on="row", how="semi").select("rid").unique()
        items = items.join(held_rids, on="rid", how="anti", maintain_order="left")
    repeated: list[int] = []
    if profile.group is None:
        items, doubles, repeated = _one_per_document(work, items)
        findings = pl.concat([findings, doubles]).sort("row", maintain_order=True)
    file_findings = [*table.findings, *work.file_findings]
    return Collected(items, findings, file_findings, work.frame.select("row", "rid"), table, repeated)


def _read_rows(work: Columns, today: date, timezone: str) -> pl.DataFrame:
    """Everything that one row tells by itself."""
    check_cells(work)
    _read_fields(work, timezone)
    _check_dates(work, today)
    row_parts(work)
    disputed_parts(work)
    add_attributes(work)
    if work.profile.group is not None:
        mark_lines(work, work.profile.group)
    return read_only(work)


def _read_fields(work: Columns, timezone: str) -> None:
    read_ids(work)
    read_kinds(work)
    read_currencies(work)
    for name in ("document_date", "due_date", *(f"extra{i}_date" for i in range(len(work.profile.extras)))):
        read_date(work, name, timezone)
    amounts = [*work.profile.amount_fields, *(f"extra{i}_amount" for i in range(len(work.profile.extras)))]
    if not work.profile.disputed_values:
        amounts.append("disputed")
    for name in amounts:
        if name in work.places:
            read_amount(work, name)
    for name, default in (("instalment", 0), ("revision", None), ("terms_days", None)):
        read_whole_number(work, name, default)
    for name in ("customer_name", "country", "description"):
        read_text(work, name)
    read_address(work, "contact_email")


def _check_dates(work: Columns, today: date) -> None:
    document, due = pl.col("v_document_date"), pl.col("v_due_date")
    work.flag(document.is_null() & pl.col("e_document_date").is_null(), "document_date", "value_missing")
    tomorrow = today + timedelta(days=1)
    work.flag(document > tomorrow, "document_date", "date_future")
    for index in range(len(work.profile.extras)):
        work.flag(pl.col(f"v_extra{index}_date") > tomorrow, f"extra{index}_date", "date_future")
    if "due_date" in work.places:
        work.flag(due > document + timedelta(days=DUE_WITHIN_DAYS), "due_date", "due_too_far")
        work.flag(due < document, "due_date", "due_before_document")


def _without_total_row(table: Table, profile: Profile) -> tuple[Table, Decimal | None]:
    if profile.total_label is None:
        return table, None
    is_total = pl.any_horizontal(
        pl.col(f"c{i}").str.strip_chars().str.starts_with(profile.total_label) for i in range(len(table.headers))
    )
    totals = table.frame.filter(is_total)
    rest = Table(table.headers, table.frame.filter(~is_total), table.findings, table.broken, table.numeric)
    if totals.height != 1:
        raise FileRefusedError("control_total", f"{totals.height} × {profile.total_label}")
    return rest, _stated_total(table, totals, profile)


def _stated_total(table: Table, totals: pl.DataFrame, profile: Profile) -> Decimal | None:
    """What the row of totals says of the amounts; None where it says nothing that can be read."""
    values = {}
    for name in profile.amount_fields:
        place = locate(table.headers, profile.columns[name])
        text = "" if place is None else totals[f"c{place}"][0]
        values[name] = parse_amount(text, profile.decimal or ".", profile.thousands).value
    if "debit" in values:
        sides = [side for side in values.values() if side is not None]
        return (values["debit"] or Decimal(0)) - (values["credit"] or Decimal(0)) if sides else None
    return values.get("amount")


def _check_total(work: Columns, announced: Decimal | None) -> None:
    if announced is None:
        return
    found = Decimal(work.frame["parts"].sum() or 0).scaleb(-SCALE)
    if found != announced:
        raise FileRefusedError("control_total", f"{found.normalize():f} − {announced:f} = {(found - announced):f}")


def _flag_records(work: Columns, records: pl.DataFrame) -> None:
    """Findings of whole records, at their first row."""
    name = work.profile.amount_fields[0]
    marked = records.filter(pl.col("code").is_not_null())
    for code in marked["code"].unique().to_list():
        rids = marked.filter(pl.col("code") == code)["rid"].implode()
        work.flag(pl.col("row").is_in(rids), name, code)


def _findings(work: Columns) -> pl.DataFrame:
    broken = [(finding.row, finding.column, finding.raw, finding.code) for finding in work.table.broken]
    parts = [pl.DataFrame(broken, schema=FINDING_SCHEMA, orient="row"), *work.issues]
    return pl.concat(parts).unique(["row", "column", "code"], maintain_order=True).sort("row", maintain_order=True)


def _hold_whole_documents(
    work: Columns, findings: pl.DataFrame, held: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """When one line is held its document waits as a whole: a bill must not go out short."""
    rids = work.frame.join(held, on="row", how="semi").select("rid").unique()
    others = work.frame.join(rids, on="rid", how="semi").join(held, on="row", how="anti")
    if not others.height:
        return findings, held
    waiting = others.select(
        "row", pl.lit(work.header("number")).alias("column"), pl.col("v_number").alias("raw"),
        pl.lit("document_held").alias("code"),
    )  # fmt: skip
    return pl.concat([findings, waiting]).sort("row", maintain_order=True), pl.concat([held, others.select("row")])


_SAME = ("customer", "currency", "kind", "amount", "residue", "document_date", "due_date", "disputed", "revision")


def _one_per_document(work: Columns, items: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, list[int]]:
    """One row per document: its highest revision, else the first; equal rows are dropped, others held."""
    main = items.unique("rid", keep="first", maintain_order=True) if work.profile.extras else items
    key = ["ref", "instalment"]
    alike = main.filter(main.select(key).hash_rows().is_duplicated())
    twice = alike.filter(alike.select(key).is_duplicated())
    if not twice.height:
        return items, pl.DataFrame(schema=FINDING_SCHEMA), []
    ordered = twice.sort(pl.col("revision").fill_null(0), descending=True, maintain_order=True)
    kept = ordered.unique(key, keep="first", maintain_order=True).select(
        *key, *(pl.col(c).alias(f"k_{c}") for c in _SAME), pl.col("rid").alias("kept")
    )
    others = twice.join(kept, on=key).filter(pl.col("rid") != pl.col("kept"))
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"k_{name}")) for name in _SAME)
    older = (pl.col("revision") < pl.col("k_revision")).fill_null(value=False)
    told = others.with_columns(
        pl.when(same)
        .then(None)
        .when(older)
        .then(pl.lit("revision_old"))
        .otherwise(pl.lit("document_twice"))
        .alias("code")
    )
    found = told.filter(pl.col("code").is_not_null()).select(
        "row", pl.lit(work.header("number")).alias("column"), pl.col("number").alias("raw"), "code"
    )
    repeated = told.filter(pl.col("code").is_null() | (pl.col("code") == "revision_old"))["row"].to_list()
    return items.join(others, on="rid", how="anti"), found, repeated
