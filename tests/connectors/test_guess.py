"""Exports of programs that nobody described: the proposed profile reads them, and only what cannot be told is asked."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.profiles import parse_profile
from services.guess_profile import guess_profile
from tests.support.ledger_files import codes, taken


@dataclass(frozen=True, slots=True)
class Export:
    """A file, what is asked about it, the answer put in, and the documents with kind and minor units."""

    text: str
    asked: tuple[str, ...]
    documents: tuple[tuple[str, str, int], ...]


EXPORTS = {
    "german, semicolons and decimal commas, types in codes": Export(
        "Konto;Belegnummer;Belegart;Belegdatum;Nettofälligkeit;Betrag in Hauswährung;Hauswährung;Text\n"
        "100001;1800000012;RV;03.01.2026;02.02.2026;1.190,00;EUR;Rechnung 90012\n"
        "100001;1400000044;DZ;20.01.2026;20.01.2026;-1.190,00;EUR;Zahlung\n"
        "100002;1600000001;DG;19.01.2026;;-238,05;EUR;Gutschrift\n",
        (),
        (
            ("1800000012", "invoice", 119_000), ("1400000044", "receipt", -119_000),
            ("1600000001", "credit_memo", -23_805),
        ),
    ),
    "customers by name, types in words, no currency": Export(
        "Type,Date,Num,Name,Due Date,Open Balance,Amount\n"
        'Invoice,01/15/2026,1001,"Baker, Inc.",02/14/2026,500.00,500.00\n'
        'Payment,01/31/2026,P-1,"Baker, Inc.",,-200.00,-200.00\n'
        "Credit Memo,01/20/2026,CM-7,Clyde LLC,,-50.00,-50.00\n",
        ("which currency?",),
        (("1001", "invoice", 50_000), ("P-1", "receipt", -20_000), ("CM-7", "credit_memo", -5_000)),
    ),
    "chinese, debit and credit columns, a red invoice": Export(
        "日期,凭证字号,客户编码,客户名称,摘要,单据编号,币别,借方金额,贷方金额,方向,余额\n"
        '2026-01-05,记-12,KH001,杭州甲公司,销售出库,XSCK-0001,人民币,"11,300.00",,借,"11,300.00"\n'
        '2026-01-18,记-30,KH001,杭州甲公司,收款,SKD-0001,人民币,0.00,"5,000.00",借,"6,300.00"\n'
        "2026-01-19,记-31,KH001,杭州甲公司,销售退货,XSCK-0003,人民币,-300.00,,借,6000.00\n",
        (),
        (("XSCK-0001", "invoice", 1_130_000), ("SKD-0001", "receipt", -500_000), ("XSCK-0003", "credit_memo", -30_000)),
    ),
    "months in letters, receipts written positive": Export(
        "Contact,Invoice Number,Invoice Date,Due Date,Total,Currency,Type\n"
        "Ridgeway,INV-0021,3 Jan 2026,17 January 2026,6187.50,GBP,ACCREC\n"
        "Ridgeway,P-3,19 Feb 2026,,100.00,GBP,Payment\nRidgeway,X-1,20 Feb 2026,,1.00,GBP,Levy\n",
        ("which kind is Levy?",),
        (("INV-0021", "invoice", 618_750), ("P-3", "receipt", -10_000)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXPORTS))
async def test_exports_of_other_programs(name: str, tmp_path: Path) -> None:
    """Every document arrives with its kind and sign once the questions are answered."""
    export = EXPORTS[name]
    file = tmp_path / "export.csv"
    file.write_bytes(export.text.encode())
    answer = await guess_profile(file)
    assert tuple(answer["questions"]) == export.asked
    assert answer["missing"] == []
    body = answer["profile"].replace('"XXX"', '"USD"')
    assert parse_profile(body).source == "export"
    items = taken(file.read_bytes(), body).items
    assert tuple(items.select("number", "kind", "amount").iter_rows()) == export.documents


async def test_a_row_on_both_sides_is_held(tmp_path: Path) -> None:
    """A debit and a credit in one row are two documents; nobody guesses which of them its number names."""
    text = EXPORTS["chinese, debit and credit columns, a red invoice"].text
    file = tmp_path / "export.csv"
    file.write_bytes(text.replace(',"11,300.00",,借', ',"11,300.00",5.00,借').encode())
    collected = taken(file.read_bytes(), (await guess_profile(file))["profile"])
    assert "debit_and_credit" in codes(collected)[2]
    assert "debit_and_credit" not in codes(collected).get(3, [])
    assert collected.items.height == 2
