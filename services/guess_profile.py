"""Proposes a profile for a file nobody has described yet: headers in both languages, then what the cells look like."""

import asyncio
import re
from pathlib import Path
from typing import Any

import polars as pl

from connectors.container import read_file
from connectors.findings import FileRefusedError
from connectors.profiles import parse_profile
from connectors.read import read_table
from connectors.tables import Table, plain_header
from connectors.values import CURRENCY_WORDS, parse_date
from ledger.money import known_currencies
from services.import_ledger import refused_file

WORDS = {
    "customer_name": (r"customer\s*name", r"client\s*name", "客户名称", "购货单位", "单位名称"),
    "customer": (
        r"customer[\s_]*(id|no|code|number)?",
        r"account[\s_]*(id|no|code|number)",
        r"client",
        r"debtor",
        "客户(编码|代码|编号|号)?",
    ),
    "settles": (r"applied[\s_]*to", r"settles", r"reference", "核销(单据号|单号)"),
    "number": (
        r"invoice[\s_]*(no|number|id)?",
        r"doc(ument)?[\s_]*(no|number|id)",
        r"number",
        r"bill[\s_]*no",
        "(单据|发票|凭证)(号|号码|编号)",
    ),
    "kind": (r"(doc(ument)?[\s_]*)?(type|kind)", "(单据)?类型"),
    "due_date": (r"due[\s_]*(date|in.*)?", r"baseline.*", "(到期|应收)日期?"),
    "document_date": (r"(invoice|doc(ument)?|posting|bill)[\s_]*date", r"date", "(单据|开票|发票)?日期"),
    "currency": (r"currency([\s_]*code)?", r"(invoice|doc)[\s_]*currency", "币种"),
    "quantity": (r"quantity", r"qty", "数量"),
    "price": (r"unit[\s_]*price", r"price", "单价"),
    "amount": (r"((invoice|total|open|net|gross)[\s_]*)*amount", r"total", "金额", "价税合计"),
    "disputed": (r"disputed?", "争议"),
    "description": (r"description", r"text", r"memo", "摘要", "备注"),
    "country": (r"country([\s_]*code)?", "国家"),
}
"""Headers as whole texts, in the order in which fields choose; the first match of a column wins."""

SAMPLE = 2_000
"""Rows looked at: enough to meet a day above the twelfth and every currency."""

FORMS = (
    "YYYY-MM-DD",
    "YYYY/M/D",
    "YYYYMMDD",
    "YYYY年M月D日",
    "M/D/YYYY",
    "D/M/YYYY",
    "D.M.YYYY",
    "D-M-YYYY",
    "M-D-YYYY",
    "YYYY.M.D",
)
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
    if "amount" not in columns and not {"quantity", "price"} <= set(columns):
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
    for field, patterns in WORDS.items():
        for pattern in patterns:
            found = next((h for h in table.headers if h in free and re.fullmatch(pattern, _spaced(h))), None)
            if found is not None:
                columns[field] = found
                free.discard(found)
                break
    return columns


def _spaced(header: str) -> str:
    """A header for comparison: "InvoiceNo" and "invoice_no" alike."""
    return plain_header(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header).replace(".", " "))


def _texts(table: Table, header: str) -> list[str]:
    column = f"c{table.headers.index(header)}"
    texts = table.frame.head(SAMPLE).select(pl.col(column).str.strip_chars()).to_series()
    return [text for text in texts.unique(maintain_order=True).to_list() if text]


def _date_form(texts: list[str]) -> str | None:
    """The one form in which every sampled text is a day; None when none or more than one is."""
    fitting = [form for form in FORMS if texts and all(parse_date(text, (form,), "UTC")[1] is None for text in texts)]
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
    if constants:
        lines += ["", "[constants]", *constants]
    if forms:
        lines += ["", "[dates]", f"forms = [{', '.join(map(_quoted, forms))}]"]
    lines += ["", "[numbers]", 'decimal = "."', 'thousands = ","']
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
    if "currency" not in columns:
        asked.append("which currency?")
    else:
        codes = _texts(table, columns["currency"])
        unknown = [
            code for code in codes if code.upper() not in known_currencies() and code.upper() not in CURRENCY_WORDS
        ]
        asked += [f"which currency is {code}?" for code in unknown]
    return asked
