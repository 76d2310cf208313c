"""One account's ledger as anybody exports it, read strictly into the rows that a reconciliation compares.

Cells pass the same checks as an import's; a row that is not understood refuses the file, because a bridge over part of
a ledger proves nothing.
"""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from connectors.container import unwrap
from connectors.delimited import read_delimited
from connectors.findings import RULES, SEVERITY_RANK, Finding
from connectors.pdf_ledger import read_pdf_table
from connectors.profiles import FileForm, Profile
from connectors.tables import Table
from connectors.their_cells import (
    PARTS,
    SCALE,
    Cells,
    check_cells,
    read_amounts,
    read_currencies,
    read_dates,
    read_numbers,
    read_texts,
)
from connectors.their_columns import ColumnMap, column_of, spelled_out
from connectors.values import FULL_WIDTH, SYMBOLS
from connectors.workbook import read_workbook
from ledger.money import MAX_MINOR, decimals

_TOTAL = (
    r"(grand|sub|page)?[ -]*totals?[ :：]*([a-z]{3})?|sum|summe|gesamt|closing( balance)?.*|ending balance.*"
    r"|balance (c/?f|carried forward|c/?d|carried down).*|endsaldo|saldo"
    r"|(本[月期年页日季])?(合计|累计|小计|总计|共计)[:：]?|期末(余额|结余)?|结转下[年期页月]|过次页"
)
_OPENING = (
    r"opening( balance)?.*|beginning balance.*|balance (b/?f|brought forward|b/?d|brought down).*"
    r"|(anfangs(bestand|saldo)|saldovortrag).*|(期初|年初|上[年期月])(余额|结转|结余)?|上年结转"
)
_CARRIED = "承前页"
_BLANK_AMOUNTS = ["-", "–", "—", "- -", "--"]
"""What spreadsheets show for nothing in accounting formats."""

_CREDIT_WORDS = (
    r"(?i)^(credit|cr|h|c|贷|贷方|receipts?|payments?|paid|credit[ _-]*(note|memo)s?|cn|收款|付款|收|付|贷项|红字|退款"
    r"|refunds?|gutschrift|zahlung)$"
)


@dataclass(frozen=True, slots=True)
class AccountLedger:
    """`rows`: row, number, opening, day, currency, amount (minor units, as written), text.

    `refused` are findings that stop the file, `noticed` those that do not. `left_out`: rows with totals.
    """

    rows: pl.DataFrame
    known: ColumnMap
    headers: tuple[str, ...]
    refused: list[Finding] = field(default_factory=list)
    noticed: list[Finding] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)


def open_ledger(name: str, content: bytes, wish: ColumnMap) -> Table:
    """The table in a file. Raises FileRefusedError."""
    form = Profile("", FileForm(sheet=wish.sheet, header_row=wish.header_row), {}, {})
    inner = unwrap(name, content, pdf=True)
    if inner.kind == "pdf":
        return read_pdf_table(inner.name, inner.content)
    # Without a wish the reader's own search for a header row holds; a profile without headers would find none.
    profile = form if wish.sheet or wish.header_row else None
    if inner.kind != "text":
        return read_workbook(inner.content, inner.kind, profile)
    return read_delimited(inner.content, profile)


def currency_shown(table: Table, known: ColumnMap) -> str | None:
    """The currency that all amounts of a file without a currency column show by their sign: € or £, not ¥ or $."""
    shown = set()
    for name in ("amount", "debit", "credit"):
        if name in known.columns:
            texts = table.frame[column_of(table, known.columns[name])].unique().drop_nulls().to_list()
            shown |= {symbol for text in texts for symbol in SYMBOLS if symbol in text.translate(FULL_WIDTH)}
    currencies = {SYMBOLS[symbol] for symbol in shown}
    return next(iter(currencies))[0] if len(currencies) == 1 and len(next(iter(currencies))) == 1 else None


def read_ledger(table: Table, known: ColumnMap, currency: str) -> AccountLedger:
    """The rows; `currency` holds where the file names none. Raises FileRefusedError for a column that is not there."""
    body, left_out = _without_totals(table, known)
    cells = Cells(table, known.columns, body)
    check_cells(cells)
    read_numbers(cells)
    read_currencies(cells, currency)
    read_texts(cells)
    read_dates(cells, known.dates, spelled_out)
    _read_balance(cells, known)
    _to_minor(cells)
    rows = cells.frame.select(
        "row", pl.col("v_number").alias("number"), "opening", pl.col("v_date").alias("day"),
        pl.col("v_currency").alias("currency"), pl.col("minor").alias("amount"), pl.col("v_description").alias("text"),
    )  # fmt: skip
    # An opening balance without an amount says nothing.
    rows = rows.filter(~(pl.col("opening") & pl.col("amount").fill_null(0).eq(0)))
    found = sorted([*table.findings, *table.broken, *cells.findings], key=lambda one: one.row or 0)
    refused = [one for one in found if SEVERITY_RANK[RULES[one.code].severity] >= SEVERITY_RANK["quarantine"]]
    noticed = [one for one in found if SEVERITY_RANK[RULES[one.code].severity] < SEVERITY_RANK["quarantine"]]
    return AccountLedger(rows, known, table.headers, refused, noticed, left_out)


def _without_totals(table: Table, known: ColumnMap) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """The rows without totals and bare text, with `opening` beside them; and which rows were left out."""
    amounts = {known.columns[name] for name in ("amount", "debit", "credit", "balance") if name in known.columns}
    cells = [f"c{place}" for place, header in enumerate(table.headers) if header not in amounts]
    plain = [pl.col(cell).str.normalize("NFKC").str.strip_chars().str.to_lowercase() for cell in cells]

    def says(pattern: str) -> pl.Expr:
        spaced = [text.str.replace_all(r"([\u4e00-\u9fff])\s+", "${1}") for text in plain]
        return pl.any_horizontal([text.str.contains(f"^({pattern})$") for text in spaced] or [pl.lit(value=False)])

    filled = [pl.col(column_of(table, header)).str.strip_chars() != "" for header in amounts]
    used = ("amount", "debit", "credit", "date", "number", "balance")
    needed = [
        pl.col(column_of(table, known.columns[name])).str.strip_chars() != "" for name in used if name in known.columns
    ]
    marked = table.frame.with_columns(
        total=says(_TOTAL), opening=says(_OPENING), carried=says(_CARRIED),
        bare=~pl.any_horizontal(needed or [pl.lit(value=True)]) & ~pl.any_horizontal(filled or [pl.lit(value=True)]),
    )  # fmt: skip
    carried_in = pl.col("carried") & (pl.col("row") == pl.col("row").min())
    marked = marked.with_columns(opening=pl.col("opening") | carried_in, carried=pl.col("carried") & ~carried_in)
    out = marked.filter(pl.any_horizontal("total", "carried", "bare"))
    left_out = [
        {"row": row, "why": "total" if total else "carried" if carried else "text"}
        for row, total, carried in out.select("row", "total", "carried").iter_rows()
    ]
    kept = marked.filter(~pl.any_horizontal("total", "carried", "bare"))
    return kept.drop("total", "carried", "bare"), left_out


def _read_balance(cells: Cells, known: ColumnMap) -> None:
    """Adds `parts`: debit less credit, or the amount with the sign of its direction or type."""
    names = [name for name in ("amount", "debit", "credit") if name in cells.columns]
    for name in (*names, *(["balance"] if "balance" in cells.columns else [])):
        read_amounts(cells, name, known.decimal, _BLANK_AMOUNTS)
    value = {name: pl.col(f"v_{name}").fill_null(0) for name in names}
    nothing = pl.lit(0, dtype=PARTS)
    direction = _direction(cells, known)
    parts = (
        value["amount"] * direction if "amount" in value else value.get("debit", nothing) - value.get("credit", nothing)
    )
    empty = pl.all_horizontal([cells.raw(name).is_in(["", *_BLANK_AMOUNTS]) for name in names])
    if "balance" in cells.columns:
        # A balance brought forward often stands in the column of balances alone.
        parts = pl.when(pl.col("opening") & empty).then(pl.col("v_balance") * direction).otherwise(parts)
    cells.flag(empty & ~pl.col("opening"), names[0], "value_missing")
    cells.frame = cells.frame.with_columns(parts=parts.cast(PARTS))


def _direction(cells: Cells, known: ColumnMap) -> pl.Expr:
    """1 or −1: what a column of directions says, or a type beside amounts that are all positive."""
    if "direction" in cells.columns:
        return pl.when(cells.raw("direction").str.contains(_CREDIT_WORDS)).then(-1).otherwise(1)
    if "kind" not in cells.columns or "amount" not in cells.columns:
        return pl.lit(1)
    reduces = cells.raw("kind").str.contains(_CREDIT_WORDS)
    if known.reducing:
        reduces = cells.raw("kind").is_in(known.reducing)
    if cells.frame.filter(reduces & (pl.col("v_amount") < 0)).height:
        return pl.lit(1)
    return pl.when(reduces).then(-1).otherwise(1)


def _to_minor(cells: Cells) -> None:
    """Adds `minor`; what is finer than the currency, or larger than what is kept, is a finding."""
    codes = cells.frame["v_currency"].drop_nulls().unique().to_list()
    steps = {code: 10 ** (SCALE - decimals(code)) for code in codes}
    step = pl.col("v_currency").replace_strict(steps, default=1, return_dtype=PARTS)
    name = next(name for name in ("amount", "debit", "credit") if name in cells.columns)
    minor = pl.col("parts") // step
    cells.flag((pl.col("parts") % step) != 0, name, "too_many_decimals")
    cells.flag(minor.abs() > MAX_MINOR, name, "number_too_large")
    cells.frame = cells.frame.with_columns(minor=minor.cast(pl.Int64, strict=False))
