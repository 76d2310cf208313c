"""Real files of many banks: every figure of the truth comes out, and every file that does not add up is flagged."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connectors.bank.findings import BankFileRefusedError
from connectors.bank.read import read_bank_content
from connectors.bank.statement import BankFile, total

Truth = dict[str, Any]
HOUSE = Path(__file__).resolve().parents[2]
SHARED = HOUSE.parent / "shared" / "data"
MT940_LIBRARY_ONLY = "mt940/self-provided/sparkassen.sta"
"""The truth's own second reader lost its one line, which is cut behind the colon of a tag."""


@cache
def _truth(name: str) -> Truth:
    path = SHARED / "truth" / name
    found: Truth = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _names(part: str) -> list[str]:
    return sorted(_truth("bank_statements.json").get(part, {}))


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _read(shared_data: Path, name: str) -> BankFile:
    return read_bank_content((shared_data / "bank" / name).read_bytes())


def _all_lines(file: BankFile) -> list[Decimal | None]:
    return [line.amount for statement in file.statements for line in statement.lines]


def _flagged(file: BankFile) -> bool:
    untied = [statement for statement in file.statements if statement.ties is False]
    return bool(
        file.ties is False and file.held and untied and all(statement.difference for statement in untied)
        and any(finding.severity == "hold" for finding in file.findings)
    )  # fmt: skip


@pytest.mark.parametrize("name", _names("mt940"))
def test_mt940(shared_data: Path, name: str) -> None:
    """Lines, their sum, opening and closing balances, whether they add up."""
    truth = _truth("bank_statements.json")["mt940"][name]
    expected = truth["library" if name == MT940_LIBRARY_ONLY else "regex"]
    file = _read(shared_data, name)
    assert len(_all_lines(file)) == expected["lines"]
    assert total(_all_lines(file)) == Decimal(expected["sum"])
    if "openings" in expected:
        final = [one for one in file.statements if one.opening_is_final]
        assert [one.opening for one in final if one.opening is not None] == list(map(Decimal, expected["openings"]))
        closed = [one.closing for one in file.statements if one.closing_is_final and one.closing is not None]
        assert closed == list(map(Decimal, expected["closings"]))
    adds_up = truth.get("adds_up", truth.get("adds_up_over_statements"))
    if adds_up is not None:
        assert file.ties is adds_up
        assert _flagged(file) is not adds_up


@pytest.mark.parametrize("name", _names("camt"))
def test_camt(shared_data: Path, name: str) -> None:
    """Entries, details, sums, currencies and balances of each statement."""
    expected = _truth("bank_statements.json")["camt"][name]["statements"]
    if not expected:
        with pytest.raises(BankFileRefusedError):
            _read(shared_data, name)
        return
    file = _read(shared_data, name)
    assert len(file.statements) == len(expected)
    for statement, one in zip(file.statements, expected, strict=True):
        assert len(statement.lines) == one["entries"]
        assert total(line.amount for line in statement.lines) == Decimal(one["sum"])
        assert (statement.opening, statement.closing) == (_decimal(one["opening"]), _decimal(one["closing"]))
        if one["currency"] is not None:
            assert statement.currency == one["currency"]
        if "adds_up" in one:
            assert statement.ties is one["adds_up"]
    assert _flagged(file) is any(one.get("adds_up") is False for one in expected)
    parts = sum(max(len(line.parts), 1) for statement in file.statements for line in statement.lines)
    assert parts == sum(max(one["tx_details"], one["entries"]) for one in expected)


@pytest.mark.parametrize("name", _names("ofx"))
def test_ofx(shared_data: Path, name: str) -> None:
    """Every transaction, damaged ones too, and the ledger balance."""
    expected = _truth("bank_statements.json")["ofx"][name]
    file = _read(shared_data, name)
    assert len(_all_lines(file)) == expected["lines"]
    assert total(_all_lines(file)) == Decimal(expected["sum"])
    assert _all_lines(file).count(None) == expected["lines_without_amount"]
    assert file.statements[0].closing == _decimal(expected["ledger_balance"])
    assert file.held is (
        expected["lines_without_amount"] > 0 or any(one.code == "line_currency" for one in file.findings)
    )


@pytest.mark.parametrize("name", _names("bai2"))
def test_bai2(shared_data: Path, name: str) -> None:
    """Accounts, details and every control total."""
    expected = _truth("bank_statements.json")["bai2"][name]
    file = _read(shared_data, name)
    assert [one.account for one in file.statements] == [one["account"] for one in expected["accounts"]]
    for statement, one in zip(file.statements, expected["accounts"], strict=True):
        assert statement.currency == one["currency"]
        assert len(statement.lines) == one["details"]
        assert total(abs(line.amount or Decimal(0)) for line in statement.lines) * 100 == one["detail_sum"]
        control = next(control for control in statement.controls if control.code == "control_account")
        assert control.stated * 100 == Decimal(one["control"])
    assert file.ties is True
    assert not file.held


CATEGORIES: dict[str, Callable[[BankFile], Decimal]] = {
    "收入": lambda file: total(amount for amount in _all_lines(file) if amount is not None and amount > 0),
    "支出": lambda file: -total(amount for amount in _all_lines(file) if amount is not None and amount < 0),
    "in": lambda file: total(amount for amount in _all_lines(file) if amount is not None and amount > 0),
    "out": lambda file: total(amount for amount in _all_lines(file) if amount is not None and amount < 0),
    "不计收支": lambda file: total(line.stated for one in file.statements for line in one.lines),
    "/": lambda file: total(line.stated for one in file.statements for line in one.lines),
}


@pytest.mark.parametrize("name", sorted(_truth("cn_bills.json").get("files", {})))
def test_chinese_tables(shared_data: Path, name: str) -> None:
    """Rows, sums by direction, ragged rows, and totals above the table that do not match its rows."""
    expected = _truth("cn_bills.json")["files"][name]
    file = read_bank_content((shared_data / "bank" / "cn" / name).read_bytes())
    assert len(_all_lines(file)) == expected["rows"]
    assert {word: str(CATEGORIES[word](file)) for word in expected["sums"]} == expected["sums"]
    assert sum(finding.code == "line_ragged" for finding in file.findings) == expected["ragged_rows"]
    encodings = [finding.raw for finding in file.findings if finding.code == "bank_encoding"]
    assert encodings == ([expected["encoding"]] if expected["encoding"] != "utf-8" else [])
    if expected["stated_in_header"]:
        assert _flagged(file)
        told = {Decimal(figure) for text in expected["stated_in_header"] for figure in re.findall(r"[\d.]+", text)}
        assert told == {control.stated for control in file.statements[0].controls}


def test_merchant_bills_tie(shared_data: Path) -> None:
    """Both bills of merchants state totals that hold."""
    bills = sorted((shared_data / "cn_merchant_bills").glob("*.csv"))
    files = [read_bank_content(path.read_bytes()) for path in bills]
    assert [file.format for file in files] == ["alipay-merchant", "wechat-merchant"]
    assert [file.ties for file in files] == [True, True]
    assert [str(total(_all_lines(file))) for file in files] == ["9.89", "0.00"]


def test_a_workbook_reads_like_its_csv(shared_data: Path) -> None:
    """The same bill as XLSX."""
    folder = shared_data / "bank" / "cn" / "wechat"
    text, book = (
        read_bank_content((folder / f"example-wechat-records.{kind}").read_bytes()) for kind in ("csv", "xlsx")
    )
    assert _all_lines(text) == _all_lines(book)
    assert [one.controls for one in text.statements] == [one.controls for one in book.statements]
