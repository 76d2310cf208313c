"""`tieout reconcile` on files as people have them: columns guessed and corrected, forms told apart, bad refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.commands import command_line

OURS = """Document No,Date,Currency,Amount,Text
INV-001,2026-06-01,CNY,100.00,
INV-002,2026-06-02,CNY,200.00,
INV-003,2026-06-30,CNY,300.00,
RC-1,2026-06-08,CNY,-100.00,
INV-010,2026-06-10,CNY,10.00,
"""
THEIRS = """供应商往来明细账,,,,,
日期,凭证号,供应商发票号,摘要,借方,贷方
2026年6月1日,记-1,００１,采购,,100.00
2026年6月3日,记-2,inv 2,采购,,200.50
2026年7月1日,记-3,INV-3,采购,,300.00
2026年6月9日,记-7,,付款,"¥100.00",
2026年6月10日,记-10,X-99,采购,,"1,007.77"
,,,本月合计,100.00,"1,608.27"
"""
ANSWER = {
    "matched": 2, "timing": 1, "missing_on_ours": 1, "missing_on_theirs": 1, "amount_differs": 1, "sign_differs": 0,
    "currency_differs": 0, "duplicated": 0, "grouped": 0, "later": 0,
}  # fmt: skip


def run(folder: Path, ours: str | bytes, theirs: str | bytes, *options: str) -> tuple[int, dict[str, Any]]:
    """The command's status and the JSON that it printed, on whichever stream."""
    paths = []
    for name, content in (("ours.csv", ours), ("theirs.csv", theirs)):
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        paths.append(str(path))
    result = CliRunner().invoke(command_line("reconcile"), ["reconcile", *paths, *options, "--json"])
    return result.exit_code, json.loads(result.stdout or result.stderr)


def counts(answer: dict[str, Any]) -> dict[str, int]:
    """How many of each class."""
    return {name: one["count"] for name, one in answer["classes"].items()}


def test_a_chinese_account_book_is_understood(tmp_path: Path) -> None:
    """Title row, debit and credit columns, a row of totals, the number that we know among two; signs are mirrored."""
    status, answer = run(tmp_path, OURS, THEIRS)
    assert (status, counts(answer)) == (0, ANSWER)
    assert answer["theirs"]["map"]["columns"] == {
        "debit": "借方", "credit": "贷方", "number": "供应商发票号", "date": "日期", "description": "摘要",
    }  # fmt: skip
    assert answer["theirs"]["left_out"] == [{"row": 8, "why": "total"}]
    assert (answer["mirrored"], answer["period_end"], answer["agrees"]) == (True, "2026-06-30", False)
    steps = {row["step"]: row["amount"] for row in answer["bridge"]["CNY"]}
    assert (steps["our_total"], steps["our_closing"]) == ("510.00", "510.00")
    assert (steps["timing"], steps["missing_on_ours"], steps["missing_on_theirs"]) == ("-300.00", "1007.77", "-10.00")
    assert (steps["amount_differs"], steps["their_closing"], steps["their_total"]) == ("0.50", "1208.27", "1508.27")
    [shifted] = answer["differences"]["timing"]
    assert [row["row"] for row in (*shifted["ours"], *shifted["theirs"])] == [4, 5]
    assert "30 Jun 2026" in shifted["why"]


def test_gb18030_and_semicolons_and_commas_as_decimals(tmp_path: Path) -> None:
    """What Windows in China and spreadsheets in Germany write."""
    german = "Belegnr;Belegdatum;Betrag\nINV-001;01.06.2026;-100,00\nINV-002;02.06.2026;-1.200,00\n"
    ours = "invoice,date,amount\nINV-001,2026-06-01,100.00\nINV-002,2026-06-02,1200.00\n"
    status, answer = run(tmp_path, ours, german)
    assert (status, answer["agrees"], counts(answer)["matched"]) == (0, True, 2)
    assert answer["theirs"]["map"]["decimal"] == ","
    status, answer = run(tmp_path, OURS, THEIRS.encode("gb18030"))
    assert (status, counts(answer)) == (0, ANSWER)


def test_day_and_month_are_told_apart_by_the_other_ledger(tmp_path: Path) -> None:
    """No day above the twelfth: the form is the one that brings the documents near ours."""
    theirs = "invoice,date,amount\nINV-001,01/06/2026,100.00\nINV-002,02/06/2026,200.00\n"
    ours = "invoice,date,amount\nINV-001,2026-06-01,100.00\nINV-002,2026-06-02,200.00\n"
    status, answer = run(tmp_path, ours, theirs)
    assert (status, answer["agrees"], answer["theirs"]["map"]["dates"]) == (0, True, ["D/M/YYYY"])
    status, answer = run(tmp_path, theirs, theirs)
    assert (status, answer["error"]["code"]) == (2, "date_ambiguous")
    assert "dates=" in answer["error"]["remedy"]
    status, answer = run(tmp_path, theirs, theirs, "--ours-map", "dates=D/M/YYYY", "--their-map", "dates=D/M/YYYY")
    assert (status, answer["agrees"]) == (0, True)


def test_a_guess_is_corrected(tmp_path: Path) -> None:
    """The header that was not understood is named; a header that is not there is refused with those that are."""
    theirs = "a,b,c,d\nINV-001,2026-06-01,100.00,7.00\nINV-002,2026-06-02,200.00,8.00\n"
    ours = "invoice,date,amount\nINV-001,2026-06-01,7.00\nINV-002,2026-06-02,8.00\n"
    status, answer = run(tmp_path, ours, theirs, "--their-map", "amount=d")
    assert (status, answer["agrees"], answer["theirs"]["map"]["columns"]) == (
        0,
        True,
        {"amount": "d", "number": "a", "date": "b"},
    )
    status, answer = run(tmp_path, ours, theirs, "--their-map", "amount=nowhere")
    assert (status, answer["error"]["code"]) == (2, "header_missing")
    assert "a, b, c, d" in answer["error"]["remedy"]
    status, answer = run(tmp_path, ours, theirs, "--their-map", "sum=d")
    assert (status, answer["error"]["code"]) == (2, "map_invalid")


def test_types_and_directions_give_the_sign(tmp_path: Path) -> None:
    """Amounts without sign beside a type or a direction."""
    ours = "number,type,date,amount\nINV-1,Invoice,2026-06-01,100.00\nRC-1,Receipt,2026-06-02,40.00\n"
    theirs = "单据号,方向,日期,金额\nINV-1,贷,2026-06-01,100.00\nRC-1,借,2026-06-02,40.00\n"
    status, answer = run(tmp_path, ours, theirs)
    assert (status, answer["agrees"], answer["bridge"]["XXX"][0]["amount"]) == (0, True, "60.00")


def test_opening_balances_meet_each_other(tmp_path: Path) -> None:
    """A balance brought forward is a row of its own, also when it stands in the column of balances only."""
    ours = "number,date,text,amount\n,2026-06-01,Opening balance,50.00\nINV-1,2026-06-02,,100.00\n"
    theirs = "单据号,日期,摘要,借方,贷方,余额\n,2026-06-01,期初余额,,,40.00\nINV-1,2026-06-02,采购,100.00,,140.00\n"
    status, answer = run(tmp_path, ours, theirs)
    assert status == 0
    [opening] = answer["differences"]["amount_differs"]
    assert (opening["ours"][0]["amount"], opening["theirs"][0]["amount"]) == ("50.00", "40.00")
    assert [row["amount"] for row in answer["bridge"]["XXX"] if row["step"].endswith("closing")] == ["150.00", "140.00"]


def test_a_profile_says_what_ours_is(tmp_path: Path) -> None:
    """The columns and forms of an import profile hold for the comparison as well."""
    ours = 'Rechnung,Vom,Wert\nINV-1,01/02/2026,"1.234,50"\n'
    profile = tmp_path / "p.toml"
    profile.write_text(
        'source = "x"\n[columns]\nnumber = "Rechnung"\ndocument_date = "Vom"\namount = "Wert"\n[constants]\n'
        'customer = "C"\nkind = "invoice"\ncurrency = "EUR"\n[dates]\nforms = ["D/M/YYYY"]\n[numbers]\ndecimal = ","\n'
        'thousands = "."\n'
    )
    theirs = "invoice,date,amount\nINV-1,2026-02-01,1234.50\n"
    status, answer = run(tmp_path, ours, theirs, "--profile", str(profile))
    assert (status, answer["agrees"], list(answer["bridge"])) == (0, True, ["EUR"])
    assert answer["matched"][0]["ours"][0]["date"] == "2026-02-01"


BAD_CELLS = {
    "NaN": "number_malformed", "1e400": "number_malformed", "1_000": "number_malformed", "٣٤": "number_malformed",
    "#N/A": "cell_error", "100.505": "too_many_decimals", "9999999999999999.00": "number_too_large",
    "": "value_missing",
}  # fmt: skip


@pytest.mark.parametrize(("cell", "code"), BAD_CELLS.items())
def test_a_bad_cell_refuses_the_file_with_its_place(tmp_path: Path, cell: str, code: str) -> None:
    """A bridge over part of a ledger proves nothing."""
    bad = f"invoice,date,currency,amount\nINV-1,2026-06-01,CNY,1.00\nINV-2,2026-06-02,CNY,{cell}\n"
    status, answer = run(tmp_path, OURS, bad)
    error = answer["error"]
    assert (status, error["code"], error["file"]) == (2, code, "theirs.csv")
    assert (error["findings"][0]["row"], error["findings"][0]["column"]) == (3, "amount")
    assert "row 3" in error["message"]


def test_bad_files_are_refused_by_kind(tmp_path: Path) -> None:
    """Nothing of them is read."""
    for content, code in (
        (b"", "file_empty"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "file_kind_false"),
        (b"%PDF-1.7", "file_damaged"),
        (b"\x89PNG\r\n", "file_kind"),
        (b"PK\x03\x04broken", "file_damaged"),
        (b'invoice,amount\n"INV-1,5.00\n', "quote_open"),
        (b"invoice,date,amount\nINV-1,2026-06-01,5.00\nINV-2,5.00\n", "row_ragged"),
    ):
        status, answer = run(tmp_path, OURS, content)
        assert (status, answer["error"]["code"]) == (2, code)
