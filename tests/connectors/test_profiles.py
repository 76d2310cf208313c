"""Profiles: what is wrong is named by its key; the worked ones read what they are meant for."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.collect import Control
from connectors.findings import FileRefusedError
from connectors.profiles import ProfileInvalid, parse_profile
from reports.entry_template import COLUMNS, render_entry_template
from services.guess_profile import guess_profile
from tests.support.ledger_files import (
    HEADERS,
    codes,
    csv_bytes,
    file_codes,
    profile_text,
    row,
    taken,
    workbook_bytes,
)

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples" / "profiles"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("x = ", "TOML"), (profile_text(root="colour = 1"), "colour"),
        (profile_text(columns='colour = "x"'), "columns.colour"),
        (profile_text(columns="country = 5"), "columns.country"),
        (profile_text().replace('amount = "amount"', ""), "columns.amount"),
        (profile_text().replace('customer = "customer"', ""), "columns.customer"),
        (profile_text(more='[constants]\ncurrency = "RMB"'), "constants.currency"),
        (profile_text(more='[constants]\ncurrency = "XXX"'), "constants.currency"),
        (profile_text(more='[kinds]\nx = "proforma"'), "kinds.x"),
        (profile_text(more='[signs]\nreceipt = "up"'), "signs.receipt"),
        (profile_text(more='[dates]\nforms = ["DD/MM"]'), "dates.forms"),
        (profile_text(more='[file]\nencoding = "latin-1"'), "file.encoding"),
        (profile_text(more='[file]\ndelimiter = "x"'), "file.delimiter"),
        (profile_text(more="[file]\nheader_row = 0"), "file.header_row"),
        (profile_text(more='[group]\nrounding = "line"'), "group.columns"),
        (profile_text(more='[[records]]\nkind = "receipt"\nnumber = "R"\ndate_column = "x"'), "records[1].number"),
        (profile_text(root="terms_days = -1"), "terms_days"), (profile_text(root='key = ["colour"]'), "key"),
        (profile_text().replace('thousands = ","', 'thousands = "."'), "numbers.thousands"),
    ],
)  # fmt: skip
def test_a_bad_profile_is_refused_by_its_key(body: str, key: str) -> None:
    with pytest.raises(ProfileInvalid) as refused:
        parse_profile(body)
    assert refused.value.values["key"] == key
    assert key in refused.value.text("zh")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_worked_profiles_are_valid(path: Path) -> None:
    assert parse_profile(path.read_text(encoding="utf-8")).source


def example(name: str) -> str:
    return (EXAMPLES / f"{name}.toml").read_text(encoding="utf-8")


def test_the_standard_profile_reads_the_entry_template() -> None:
    headers = tuple(column.name for column in COLUMNS)
    book = workbook_bytes(
        ("0012", "Acme", "invoice", "INV-1", date(2026, 6, 1), date(2026, 7, 1), "USD", 1250, "", "PO", "a@x.example"),
        ("0012", "Acme", "receipt", "R-1", date(2026, 6, 9), "", "USD", -1250.0, "INV-1", "", ""), headers=headers,
    )  # fmt: skip
    collected = taken(book, example("standard"), "entries.xlsx")
    assert codes(collected) == {}
    assert collected.items.select("customer", "kind", "amount", "settles", "contact_email").rows() == [
        ("0012", "invoice", 125000, "", "a@x.example"), ("0012", "receipt", -125000, "INV-1", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_empty_template_is_a_ledger_without_rows(language: str) -> None:
    assert taken(render_entry_template(language), example("standard"), "template.xlsx").items.height == 0


def test_chinese_headings_and_types() -> None:
    headers = (
        "客户编码",
        "客户名称",
        "单据类型",
        "单据号",
        "单据日期",
        "到期日",
        "金额",
        "核销单据号",
        "摘要",
        "业务员",
    )
    content = csv_bytes(
        ("0001", "甲", "销售发票", "F1", "2026年6月1日", "2026/7/1", "１，０００．００", "", "", "王"),
        ("0001", "甲", "收款单", "S1", "20260605", "", "400", "F1", "", ""),
        ("0001", "甲", "红字发票", "H1", "2026-06-06", "", "-10.00", "", "", ""), headers=headers,
    ).decode().encode("gbk")  # fmt: skip
    collected = taken(content, example("cn-ledger"))
    assert codes(collected) == {2: ["number_tidied"]}
    assert collected.items["amount"].to_list() == [100000, -40000, -1000]
    assert collected.items["currency"].unique().to_list() == ["CNY"]


def test_terms_give_due_dates_to_debits_only() -> None:
    rows = (row(due=""), row(number="2", kind="credit_memo", amount="-5.00", due=""))
    collected = taken(csv_bytes(*rows), profile_text(root="terms_days = 30"))
    assert collected.items["due_date"].to_list() == [date(2026, 7, 1), None]


def test_one_row_gives_an_invoice_and_its_settlement() -> None:
    extra = '[[records]]\nkind = "receipt"\nnumber = "{number}-S"\ndate_column = "paid"\nsettles = true'
    content = csv_bytes((*row(), "2026-06-20"), (*row(number="2"), ""), headers=(*HEADERS, "paid"))
    collected = taken(content, profile_text(more=extra))
    assert collected.items.select("number", "amount", "document_date", "settles_ref").rows() == [
        ("INV-1", 10000, date(2026, 6, 1), None), ("INV-1-S", -10000, date(2026, 6, 20), "invoice/INV-1"),
        ("2", 10000, date(2026, 6, 1), None),
    ]  # fmt: skip


LINES = profile_text(more='[group]\ncolumns = ["number"]\nrounding = "{rounding}"', numbers='finer = "keep"')


@pytest.mark.parametrize(("rounding", "amount", "residue"), [("line", 202, 0), ("document", 201, 0)])
def test_lines_are_rounded_once_each_or_once_together(rounding: str, amount: int, residue: int) -> None:
    content = csv_bytes(row(amount="1.005"), row(amount="1.005"))
    collected = taken(content, LINES.replace("{rounding}", rounding))
    assert collected.items.select("amount", "residue", "line_count").rows() == [(amount, residue, 2)]
    assert ("rounded_by_line" in file_codes(collected)) == (rounding == "line")


def test_lines_of_one_document_must_belong_together() -> None:
    collected = taken(csv_bytes(row(), row(customer="C2"), row(number="3")), LINES.replace("{rounding}", "line"))
    assert codes(collected) == {2: ["document_mixed"], 3: ["document_mixed"]}
    assert collected.items["number"].to_list() == ["3"]


def test_announced_totals_and_rows_are_compared() -> None:
    content = csv_bytes(row(), row(number="2"))
    for control, code in ((Control(rows=3), "control_rows"), (Control(total=Decimal(0)), "control_total")):
        with pytest.raises(FileRefusedError) as refused:
            taken(content, control=control)
        assert refused.value.finding.code == code
    assert taken(content, control=Control(rows=2)).items.height == 2


async def test_a_guess_finds_columns_forms_and_what_must_be_asked(tmp_path: Path) -> None:
    file = tmp_path / "june.csv"
    headers = ("Customer No", "Invoice No.", "Invoice Date", "Due Date", "Total Amount", "Disputed", "Settled Date")
    file.write_bytes(csv_bytes(("1.0", "A", "6/25/2026", "7/25/2026", "5", "Yes", ""), headers=headers))
    answer = await guess_profile(file)
    assert answer["columns"] == {
        "customer": "Customer No", "number": "Invoice No.", "document_date": "Invoice Date", "due_date": "Due Date",
        "amount": "Total Amount", "disputed": "Disputed",
    }  # fmt: skip
    assert answer["questions"] == ["which currency?"]
    body = answer["profile"].replace('"XXX"', '"USD"')
    profile = parse_profile(body)
    assert (profile.dates, profile.strip_float_tail, profile.extras[0].date_column) == (
        ("M/D/YYYY",), ("customer",), "Settled Date",
    )  # fmt: skip
    assert taken(file.read_bytes(), body).items.height == 1
