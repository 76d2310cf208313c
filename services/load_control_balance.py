"""Loads the general ledger's receivable balances, which the tie-out compares with the subledger."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from connectors.findings import FileRefusedError
from connectors.read import read_table
from connectors.tables import locate
from connectors.values import parse_amount, parse_currency, parse_date
from ledger.canonical import Json
from ledger.money import decimal_text, round_to_minor
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.control_balances import ControlBalance, insert_control_balance, newest_control_balance
from storage.database import Database, transaction
from words.refusal import Refusal

HEADERS = {
    "as_of": ("as_of", "date", "日期", "截止日"),
    "currency": ("currency", "币种"),
    "amount": ("amount", "balance", "金额", "余额"),
    "account": ("account", "科目", "科目编码"),
}


class ControlInvalid(Refusal):
    """A row of the file of control balances cannot be read."""

    code = "control_invalid"
    sentence = "Row {row} is not a control balance: {value}."
    remedy = "Columns are as_of, currency, amount and account; the amount has no more decimals than the currency."


class ControlFileInvalid(Refusal):
    """The file of control balances cannot be read at all."""

    code = "control_file_invalid"
    sentence = "{filename} is not a file of control balances: {reason}"
    remedy = "Give a CSV or XLSX file with the columns as_of, currency, amount and account."


@dataclass(frozen=True, slots=True)
class _Line:
    row: int
    texts: dict[str, str]


async def load_control_balance(
    engine: Database, company: Company, filename: str, content: bytes, actor: Actor = SYSTEM
) -> dict[str, Any]:
    """Loads every row of the file, or none. The same balance again changes nothing; another one replaces it."""
    balances = [_balance(line, company) for line in _lines(filename, content)]
    loaded = 0
    async with transaction(engine, company.id) as session:
        for balance in balances:
            if await newest_control_balance(session, company.id, balance) == balance.amount:
                continue
            await insert_control_balance(session, company.id, balance)
            facts: dict[str, Json] = {
                "currency": balance.currency, "as_of": balance.as_of.isoformat(), "account": balance.account,
                "amount": decimal_text(balance.amount, 0, balance.currency),
            }  # fmt: skip
            await record(session, company.id, actor, "control_balance_loaded", ("company", company.code), facts)
            loaded += 1
    return {"rows": len(balances), "loaded": loaded, "unchanged": len(balances) - loaded}


def _lines(filename: str, content: bytes) -> list[_Line]:
    try:
        table = read_table(filename, content, None)
        places = {name: locate(table.headers, headers, needed=name != "account") for name, headers in HEADERS.items()}
    except FileRefusedError as error:
        finding = error.finding
        raise ControlFileInvalid(
            filename=filename, reason=f"{finding.as_json('en')['message']} {finding.raw}"
        ) from error
    columns = {name: pl.col(f"c{place}").str.strip_chars() for name, place in places.items() if place is not None}
    if table.broken:
        raise ControlInvalid(row=table.broken[0].row, value=table.broken[0].raw)
    frame = table.frame.select("row", **columns)
    return [_Line(row.pop("row"), row) for row in frame.iter_rows(named=True)]


def _balance(line: _Line, company: Company) -> ControlBalance:
    wrong = ControlInvalid(row=line.row, value=" · ".join(line.texts.values()))
    as_of: date | None = parse_date(line.texts["as_of"], (), company.timezone)[0]
    currency = parse_currency(line.texts["currency"])[0]
    amount = parse_amount(line.texts["amount"], ".", ",").value
    if as_of is None or currency is None or amount is None:
        raise wrong
    try:
        minor, residue = round_to_minor(amount, currency)
    except ValueError as error:
        raise wrong from error
    if residue:
        raise wrong
    return ControlBalance(currency, as_of, minor, line.texts.get("account", ""))
