"""One bank file, recognised by what is in it and never by its name: read, then held against itself."""

from collections import Counter
from decimal import Decimal
from typing import Any

from connectors.bank.bai2 import looks_like_bai2, read_bai2
from connectors.bank.camt import looks_like_camt, read_camt
from connectors.bank.checks import checked
from connectors.bank.findings import RULES, SEVERITY_RANK, BankFileRefusedError, Finding
from connectors.bank.grid import read_grid
from connectors.bank.layouts import Layout
from connectors.bank.ofx import declared_charset, looks_like_ofx, read_ofx
from connectors.bank.statement import BankFile, Line, Part, Statement
from connectors.bank.swift import looks_like_swift, read_swift
from connectors.bank.tables import read_table_file
from connectors.bank.wording import decode
from connectors.container import unwrap
from connectors.findings import FileRefusedError
from ledger.money import decimals, known_currencies

MAX_BYTES = 64 * 1024 * 1024
"""50,000 bookings as camt.053 are 60 MB; the tree of a larger file would not fit the memory of a small server."""

HEAD_BYTES = 4_000
"""Every format shows itself in its first lines."""

_HOUSE_CODES = {
    "file_empty": "bank_file_empty",
    "file_too_large": "bank_file_large",
    "file_damaged": "bank_file_damaged",
}


def read_bank_content(content: bytes, saved: Layout | None = None) -> BankFile:
    """The statements in a file's bytes, checked. Raises BankFileRefusedError."""
    if not content.strip():
        raise BankFileRefusedError("bank_file_empty")
    try:
        inner = unwrap("", content, xml=True)
    except FileRefusedError as error:
        code = _HOUSE_CODES.get(error.finding.code, error.finding.code)
        known = code if code in RULES else "bank_file_unknown"
        raise BankFileRefusedError(known, error.finding.raw) from error
    if len(inner.content) > MAX_BYTES:
        raise BankFileRefusedError("bank_file_large", f"{len(inner.content)} > {MAX_BYTES}")
    return checked(_read(inner.content, inner.kind, saved))


def _read(content: bytes, kind: str, saved: Layout | None) -> BankFile:
    if kind != "text" or saved is not None:
        return read_table_file(read_grid(content, kind), saved)
    head = content[:HEAD_BYTES]
    if looks_like_camt(head):
        return read_camt(content)
    text, findings = decode(content, declared_charset(content))
    if looks_like_ofx(text):
        return _with(read_ofx(text), findings)
    if head.lstrip().startswith(b"<"):
        raise BankFileRefusedError("bank_file_unknown", text[:80])
    if looks_like_bai2(text):
        return _with(read_bai2(text), findings)
    if looks_like_swift(text):
        return _with(read_swift(text), findings)
    return read_table_file(read_grid(content, kind), None)


def _with(file: BankFile, findings: list[Finding]) -> BankFile:
    return BankFile(
        file.format, file.statements, (*findings, *file.findings), file.version, file.layout, balanced=file.balanced
    )


def file_as_json(file: BankFile, language: str) -> dict[str, Any]:
    """The answer of `tieout bank read --json`; findings stand gravest first, then in the file's order."""
    ordered = sorted(file.findings, key=lambda one: (-SEVERITY_RANK[one.severity], one.statement or 0, one.row or 0))
    return {
        "format": file.format, "version": file.version, "layout": file.layout, "ties": file.ties, "held": file.held,
        "statements": [_statement_as_json(statement) for statement in file.statements],
        "findings": [finding.as_json(language) for finding in ordered],
        "finding_counts": dict(Counter(finding.code for finding in ordered)),
    }  # fmt: skip


def _statement_as_json(statement: Statement) -> dict[str, Any]:
    currency = statement.currency
    return {
        "account": statement.account, "currency": currency, "bank": statement.bank, "number": statement.number,
        "opening": amount_text(statement.opening, currency), "closing": amount_text(statement.closing, currency),
        "opening_date": _day_text(statement.opening_date), "closing_date": _day_text(statement.closing_date),
        "opening_is_intermediate": not statement.opening_is_final,
        "closing_is_intermediate": not statement.closing_is_final,
        "ties": statement.ties, "difference": amount_text(statement.difference, currency),
        "sum": amount_text(statement.moved, currency), "announced": amount_text(statement.announced, currency),
        "controls": [
            {"code": one.code, "stated": f"{one.stated:f}", "found": f"{one.found:f}", "holds": one.holds}
            for one in statement.controls
        ],
        "lines": [_line_as_json(line, currency) for line in statement.lines],
    }  # fmt: skip


def _line_as_json(line: Line, currency: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "row": line.row, "date": _day_text(line.booked_on), "value_date": _day_text(line.value_date),
        "amount": amount_text(line.amount, currency), "reference": line.reference, "text": line.text,
        "counterparty": line.counterparty, "counterparty_account": line.counterparty_account,
        "bank_reference": line.bank_reference, "kind": line.kind, "status": line.status, "reversal": line.reversal,
    }  # fmt: skip
    if line.stated is not None:
        told["stated"] = amount_text(line.stated, currency)
    if line.balance is not None:
        told["balance"] = amount_text(line.balance, currency)
    if line.parts:
        told["parts"] = [_part_as_json(part, currency) for part in line.parts]
    return told


def _part_as_json(part: Part, currency: str) -> dict[str, Any]:
    return {
        "amount": amount_text(part.amount, currency), "reference": part.reference, "text": part.text,
        "counterparty": part.counterparty, "counterparty_account": part.counterparty_account,
    }  # fmt: skip


def _day_text(day: object) -> str | None:
    return str(day) if day is not None else None


def amount_text(amount: Decimal | None, currency: str) -> str | None:
    """A plain decimal with at least the currency's places, finer only when the file is."""
    if amount is None:
        return None
    places = decimals(currency) if currency in known_currencies() else 2
    exponent = amount.normalize().as_tuple().exponent
    finer = -exponent if isinstance(exponent, int) and -exponent > places else places
    return f"{amount:.{finer}f}"
