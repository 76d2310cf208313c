"""Proposes a profile for a file nobody has described yet: headers in both languages, then what the cells look like."""

import asyncio
import re
from pathlib import Path
from typing import Any

import polars as pl

from connectors.container import read_file
from connectors.findings import FileRefusedError
from connectors.ledger_words import COLUMN_WORDS, KIND_WORDS
from connectors.profiles import AMOUNT_FIELDS, DATE_FORMS, DEFAULT_SIGNS, parse_profile
from connectors.read import read_table
from connectors.tables import Table, plain_header
from connectors.values import CURRENCY_WORDS, parse_amount, parse_date
from ledger.money import known_currencies
from services.import_ledger import refused_file

SAMPLE = 2_000
"""Rows looked at: enough to meet a day above the twelfth and every currency."""

SETTLED = re.compile(r"(settled|clear(ed|ing)?|paid|payment)[\s_]*date|(结清|付款|收款)日期?")


async def guess_profile(path: Path, language: str = "en") -> dict[str, Any]:
    """The proposal as TOML with what could not be told. Raises FileRefused."""
    try:
        content = await asyncio.to_thread(read_file, path)
        table = await asyncio.to_thread(read_table, path.name, content, None)
    except FileRefusedError as error:
        raise refused_file(path.name, error.finding, language) from error
    columns = _columns(table)
    forms = {
        field: _date_form(_texts(table, columns[field])) for field in ("document_date", "due_date") if field in columns
    }
    missing = [field for field in ("customer", "number", "document_date") if field not in columns]
    if not any(columns.keys() >= set(fields) for fields in AMOUNT_FIELDS):
        missing.append("amount")
    body = _toml(path, table, columns, sorted({form for form in forms.values() if form}))
    answer = {
        "profile": body, "columns": columns, "headers": list(table.headers), "rows": table.rows, "missing": missing,
        "undecided": sorted(field for field, form in forms.items() if form is None),
        "questions": _questions(table, columns, missing),
    }  # fmt: skip
    if not missing and "currency" in columns:
        parse_profile(body)
    return answer


def _columns(table: Table) -> dict[str, str]:
    columns: dict[str, str] = {}
    free = {header for header in table.headers if header}
    for field, patterns in COLUMN_WORDS.items():
        for pattern in patterns:
            found = next((h for h in table.headers if h in free and re.fullmatch(pattern, _spaced(h))), None)
            if found is not None:
                columns[field] = found
                free.discard(found)
                break
    if "customer_name" in columns:
        columns.setdefault("customer", columns["customer_name"])
    used = next((fields for fields in AMOUNT_FIELDS if columns.keys() >= set(fields)), ())
    others = {field for fields in AMOUNT_FIELDS if fields != used for field in fields}
    return {field: header for field, header in columns.items() if field not in others}


def _spaced(header: str) -> str:
    """A header for comparison: "InvoiceNo" and "invoice_no" alike."""
    return plain_header(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header).replace(".", " "))


def _texts(table: Table, header: str) -> list[str]:
    column = f"c{table.headers.index(header)}"
    texts = table.frame.head(SAMPLE).select(pl.col(column).str.strip_chars()).to_series()
    return [text for text in texts.unique(maintain_order=True).to_list() if text]


def _date_form(texts: list[str]) -> str | None:
    """The one form in which every sampled text is a day; None when none or more than one is."""
    fitting = [
        form for form in DATE_FORMS if texts and all(parse_date(text, (form,), "UTC")[1] is None for text in texts)
    ]
    return fitting[0] if len(fitting) == 1 or (fitting and fitting[0] == "YYYY-MM-DD") else None


def _toml(path: Path, table: Table, columns: dict[str, str], forms: list[str]) -> str:
    source = re.sub(r"[^a-z0-9]+", "-", path.name.split(".")[0].casefold()).strip("-") or "ledger"
    lines = [f'source = "{source}"', "", "[columns]"]
    lines += [f"{field} = {_quoted(header)}" for field, header in columns.items()]
    constants = []
    if "currency" not in columns:
        constants.append('currency = "XXX"   # the file does not say: put the ISO code here')
    if "kind" not in columns:
        constants.append('kind = "invoice"')
        constants += ['credit_kind = "receipt"'] if "credit" in columns else []
    if constants:
        lines += ["", "[constants]", *constants]
    if forms:
        lines += ["", "[dates]", f"forms = [{', '.join(map(_quoted, forms))}]"]
    decimal, thousands = _marks(table, columns)
    lines += ["", "[numbers]", f'decimal = "{decimal}"', f'thousands = "{thousands}"']
    lines += _kinds(table, columns) + _signs(table, columns, (decimal, thousands))
    if "customer" in columns and any(re.fullmatch(r"\d+\.0", text) for text in _texts(table, columns["customer"])):
        lines += ["", "[ids]", 'strip_float_tail = ["customer"]']
    if "disputed" in columns:
        yes = [
            text for text in _texts(table, columns["disputed"]) if text.casefold() in {"yes", "y", "true", "1", "是"}
        ]
        lines += ["", "[disputed]", f"values = [{', '.join(map(_quoted, yes)) or _quoted('Yes')}]"]
    if _has_lines(table, columns):
        lines += ["", "[group]", 'columns = ["number"]']
    settled = next((header for header in table.headers if SETTLED.fullmatch(_spaced(header))), None)
    if settled is not None:
        lines += [
            "",
            "[[records]]",
            'kind = "receipt"',
            'number = "{number}-S"',
            f"date_column = {_quoted(settled)}",
            "settles = true",
        ]
    return "\n".join(lines) + "\n"


def _marks(table: Table, columns: dict[str, str]) -> tuple[str, str]:
    """The decimal mark and the mark of thousands in which more of the amounts can be read; the point if both."""
    texts = [
        text
        for field in ("amount", "debit", "credit", "price")
        if field in columns
        for text in _texts(table, columns[field])
    ]
    read = {
        marks: sum(parse_amount(text, *marks).value is not None for text in texts) for marks in ((".", ","), (",", "."))
    }
    return max(read, key=lambda marks: read[marks])


def _kind_of(text: str) -> str | None:
    """The kind that a word of the column of types means; None for a word that nobody here knows."""
    word = text.strip().casefold()
    known = {name: kind for kind, names in KIND_WORDS.items() for name in names}
    return known.get(word) or next((kind for kind in DEFAULT_SIGNS if kind == word.replace(" ", "_")), None)


def _kinds(table: Table, columns: dict[str, str]) -> list[str]:
    if "kind" not in columns:
        return []
    found = {text: _kind_of(text) for text in _texts(table, columns["kind"])}
    lines = [f"{_quoted(text)} = {_quoted(kind)}" for text, kind in found.items() if kind and text.casefold() != kind]
    return ["", "[kinds]", *lines] if lines else []


def _signs(table: Table, columns: dict[str, str], marks: tuple[str, str]) -> list[str]:
    """How amounts of each kind are signed, where the file does not do as a ledger does."""
    if "debit" in columns:
        return ["", "[signs]", 'invoice = "credit_memo"', 'receipt = "any"']
    if "amount" not in columns:
        return []
    seen: dict[str, set[bool]] = {}
    names = [columns[field] for field in ("kind", "amount") if field in columns]
    cells = [table.frame.head(SAMPLE)[f"c{table.headers.index(name)}"].to_list() for name in names]
    for row in zip(*cells, strict=True):
        kind, amount = _kind_of(row[0]) if len(row) > 1 else "invoice", parse_amount(row[-1].strip(), *marks).value
        if kind and amount:
            seen.setdefault(kind, set()).add(amount > 0)
    lines = []
    for kind, positive in seen.items():
        usual = {"positive": {True}, "negative": {False}, "any": positive}[DEFAULT_SIGNS[kind]]
        if positive != usual:
            rule = "positive" if positive == {True} else "credit_memo" if kind == "invoice" else "any"
            lines.append(f'{kind} = "{rule}"')
    return ["", "[signs]", *lines] if lines else []


def _has_lines(table: Table, columns: dict[str, str]) -> bool:
    """Whether one number stands on many rows, as invoice lines do."""
    if "number" not in columns or not {"quantity", "price"} <= set(columns):
        return False
    numbers = table.frame.head(SAMPLE)[f"c{table.headers.index(columns['number'])}"]
    return numbers.n_unique() < numbers.len()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _questions(table: Table, columns: dict[str, str], missing: list[str]) -> list[str]:
    asked = [f"which column is {field}?" for field in missing]
    if "kind" in columns:
        asked += [f"which kind is {text}?" for text in _texts(table, columns["kind"]) if _kind_of(text) is None]
    if "currency" not in columns:
        asked.append("which currency?")
    else:
        codes = _texts(table, columns["currency"])
        unknown = [
            code for code in codes if code.upper() not in known_currencies() and code.upper() not in CURRENCY_WORDS
        ]
        asked += [f"which currency is {code}?" for code in unknown]
    return asked
