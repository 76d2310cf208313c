"""The bad-input catalogue, cells: amounts, currencies, dates, ids, signs; each case is a row of a file."""

from decimal import Decimal

import pytest

from connectors.findings import RULES, FileRefusedError
from ledger.money import to_decimal
from tests.support.ledger_files import codes, csv_bytes, file_codes, profile_text, row, taken, workbook_bytes

UNDECIDED = profile_text().replace('decimal = "."', "").replace('thousands = ","', "")


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1e400", "1E5", "1_000", "١٢٣", "一百", "12.", "1,23", "0x1F", "--5"]
)
def test_what_a_decimal_type_would_take_is_rejected(text: str) -> None:
    collected = taken(csv_bytes(row(amount=text), row(number="INV-2")))
    assert codes(collected) == {2: ["number_malformed"]}
    assert RULES["number_malformed"].severity == "reject"
    assert collected.items["number"].to_list() == ["INV-2"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("１，０００．５０", "1000.50"), ("￥1,000", "1000.00"), ("¥1,000.00", "1000.00"), ("(123.45)", "-123.45"),
        ("123.45-", "-123.45"), ("\u2212123.45", "-123.45"), ("100.00元", "100.00"),
    ],
)  # fmt: skip
def test_unusual_forms_are_taken_with_a_notice(text: str, amount: str) -> None:
    collected = taken(csv_bytes(row(kind="opening", amount=text)))
    assert codes(collected) == {2: ["number_tidied"]}
    assert to_decimal(collected.items["amount"][0], collected.items["residue"][0], "CNY") == Decimal(amount)


def test_grouping_marks_follow_the_profile() -> None:
    german = profile_text().replace('decimal = "."', 'decimal = ","').replace('thousands = ","', 'thousands = "."')
    assert taken(csv_bytes(row(amount="1.234,56")), german).items["amount"].to_list() == [123456]
    assert taken(csv_bytes(row(amount="1,234.56"))).items["amount"].to_list() == [123456]
    assert codes(taken(csv_bytes(row(amount="1.234,56")))) == {2: ["number_malformed"]}


@pytest.mark.parametrize("text", ["1,234", "1.234", "1.234,56"])
def test_an_amount_that_reads_two_ways_is_asked_once_per_file(text: str) -> None:
    collected = taken(csv_bytes(row(amount=text), row(number="INV-2", amount=text), row(number="INV-3")), UNDECIDED)
    assert codes(collected) == {2: ["number_ambiguous"], 3: ["number_ambiguous"]}
    assert file_codes(collected).count("numbers_undecided") == 1
    assert collected.items["number"].to_list() == ["INV-3"]


def test_more_decimals_than_the_currency_has_are_never_rounded() -> None:
    rows = (
        row(currency="JPY", amount="100.50"),
        row(number="2", amount="1.005"),
        row(number="3", currency="KWD", amount="1.005"),
        row(number="4", currency="JPY", amount="100.00"),
    )
    collected = taken(csv_bytes(*rows))
    assert codes(collected) == {2: ["too_many_decimals"], 3: ["too_many_decimals"]}
    assert dict(collected.items.select("number", "amount").rows()) == {"3": 1005, "4": 100}


def test_finer_amounts_are_kept_exactly_where_the_profile_says_so() -> None:
    collected = taken(
        csv_bytes(row(amount="1.0049"), row(number="2", kind="opening", amount="-1.005")),
        profile_text(numbers='finer = "keep"'),
    )
    assert collected.items.select("amount", "residue").rows() == [(100, 4900), (-101, 5000)]
    assert file_codes(collected) == ["amounts_finer"]


def test_amounts_beyond_what_is_kept_are_rejected() -> None:
    collected = taken(csv_bytes(row(amount="999999999999999"), row(number="2", amount="12345678901234567890")))
    assert codes(collected) == {2: ["number_too_large"], 3: ["number_too_large"]}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("XYZ", "currency_unknown"), ("XXX", "currency_unknown"), ("￥", "currency_ambiguous"),
        ("¥", "currency_ambiguous"), ("$", "currency_ambiguous"), ("RMB", "currency_tidied"),
        ("usd", "currency_tidied"), ("人民币", "currency_tidied"), ("", "value_missing"),
    ],
)  # fmt: skip
def test_currencies_are_iso_codes_or_said_not_to_be(text: str, code: str) -> None:
    collected = taken(csv_bytes(row(currency=text)))
    assert codes(collected) == {2: [code]}
    assert collected.items.height == (1 if code == "currency_tidied" else 0)


def test_rmb_becomes_cny() -> None:
    assert taken(csv_bytes(row(currency="RMB"))).items["currency"].to_list() == ["CNY"]


def test_a_symbol_that_is_not_the_currencys_holds_the_row() -> None:
    assert codes(taken(csv_bytes(row(currency="USD", amount="￥100.00"))))[2] == ["number_tidied", "symbol_contradicts"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-02-30", "date_impossible"), ("0206-01-05", "date_impossible"), ("06/05/2026", "date_ambiguous"),
        ("45123", "date_number"), ("soon", "date_malformed"), ("2026-07-02", "date_future"), ("", "value_missing"),
        ("２０２６－１３－０１", "date_impossible"),
    ],
)  # fmt: skip
def test_doubtful_dates_wait(text: str, code: str) -> None:
    collected = taken(csv_bytes(row(date=text, due=""), row(number="INV-2")))
    assert codes(collected) == {2: [code]}
    assert RULES[code].severity == "quarantine"


@pytest.mark.parametrize(
    "text",
    ["2026-06-05", "2026/6/5", "2026年6月5日", "20260605", "2026-06-05 08:26:00", "25/06/2026", "2026-06-04T23:30:00Z"],
)
def test_clear_dates_are_taken_in_every_form(text: str) -> None:
    days = taken(csv_bytes(row(date=text, due=""))).items["document_date"].to_list()
    assert [day.isoformat() for day in days] == ["2026-06-25" if text.startswith("25") else "2026-06-05"]


def test_the_profile_decides_which_number_is_the_month() -> None:
    american = profile_text(more='[dates]\nforms = ["M/D/YYYY"]')
    assert str(taken(csv_bytes(row(date="6/5/2026", due="")), american).items["document_date"][0]) == "2026-06-05"
    assert codes(taken(csv_bytes(row(date="13/5/2026", due="")), american)) == {2: ["date_impossible"]}


def test_a_due_date_years_away_waits_and_one_before_the_document_is_noticed() -> None:
    collected = taken(csv_bytes(row(due="2033-01-01"), row(number="2", due="2026-05-01")))
    assert codes(collected) == {2: ["due_too_far"], 3: ["due_before_document"]}
    assert collected.items["number"].to_list() == ["2"]


def test_tomorrow_is_taken_because_offices_sit_in_other_zones() -> None:
    assert codes(taken(csv_bytes(row(date="2026-07-01")))) == {}


@pytest.mark.parametrize("text", ["2.53E+19", "1.23457E+15"])
def test_numbers_that_lost_digits_refuse_the_file(text: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        taken(csv_bytes(row(), row(number=text)))
    assert refused.value.finding.code == "ids_as_numbers"
    assert refused.value.finding.row == 3


def test_a_long_number_typed_as_text_is_kept() -> None:
    assert taken(csv_bytes(row(number="04403190011112345678"))).items["number"].to_list() == ["04403190011112345678"]


def test_float_tails_are_noticed_and_stripped_only_by_the_profile() -> None:
    content = csv_bytes(row(customer="17850.0"))
    assert codes(taken(content)) == {2: ["id_float_tail"]}
    stripped = taken(content, profile_text(more='[ids]\nstrip_float_tail = ["customer"]'))
    assert stripped.items["customer"].to_list() == ["17850"]
    assert file_codes(stripped) == ["ids_cleaned"]


def test_lost_leading_zeros_come_back_by_the_profiles_width() -> None:
    padded = taken(csv_bytes(row(customer="200706844")), profile_text(more="[ids.width]\ncustomer = 10"))
    assert padded.items["customer"].to_list() == ["0200706844"]
    assert file_codes(padded) == ["ids_padded"]


SIGNS = [
    ("invoice", "-5.00", "sign_unexpected"), ("debit_memo", "-5.00", "sign_unexpected"),
    ("credit_memo", "5.00", "sign_unexpected"), ("receipt", "5.00", "sign_unexpected"), ("invoice", "5.00", None),
    ("credit_memo", "-5.00", None), ("receipt", "-5.00", None), ("write_off", "5.00", None),
    ("write_off", "-5.00", None), ("fx_adjustment", "-5.00", None), ("opening", "-5.00", None),
    ("invoice", "0.00", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "amount", "code"), SIGNS)
def test_the_sign_fits_the_type(kind: str, amount: str, code: str | None) -> None:
    assert codes(taken(csv_bytes(row(kind=kind, amount=amount)))) == ({2: [code]} if code else {})


@pytest.mark.parametrize(
    ("rule", "given", "kept"),
    [("positive", "5.00", -500), ("either", "5.00", -500), ("either", "-5.00", -500), ("any", "5.00", 500)],
)
def test_the_profile_says_how_receipts_are_written(rule: str, given: str, kept: int) -> None:
    collected = taken(csv_bytes(row(kind="receipt", amount=given)), profile_text(more=f'[signs]\nreceipt = "{rule}"'))
    assert collected.items["amount"].to_list() == [kept]


def test_a_negative_invoice_can_be_a_credit_memo_by_the_profile() -> None:
    collected = taken(csv_bytes(row(amount="-5.00")), profile_text(more='[signs]\ninvoice = "credit_memo"'))
    assert collected.items.select("kind", "amount").rows() == [("credit_memo", -500)]


def test_unknown_types_and_missing_values_wait() -> None:
    collected = taken(
        csv_bytes(row(kind="proforma"), row(number=""), row(number="3", customer=""), row(number="4", amount=""))
    )
    assert codes(collected) == {
        2: ["kind_unknown"],
        3: ["value_missing"],
        4: ["customer_missing"],
        5: ["value_missing"],
    }


def test_rows_without_customer_go_to_the_named_account() -> None:
    collected = taken(csv_bytes(row(customer="")), profile_text(more='[customers]\nmissing = "CASH"'))
    assert collected.items["customer"].to_list() == ["CASH"]
    assert file_codes(collected) == ["customer_named_account"]


def test_bidi_controls_hold_the_row() -> None:
    assert codes(taken(csv_bytes(row(customer="C1\u202e")))) == {2: ["bidi_control"]}


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#VALUE!"])
def test_error_texts_hold_the_row(text: str) -> None:
    assert "cell_error" in codes(taken(csv_bytes(row(amount=text))))[2]


def test_one_document_twice_in_a_file() -> None:
    collected = taken(csv_bytes(row(), row(), row(amount="200.00"), row(customer="C2")))
    assert collected.items.height == 1
    assert collected.repeated == [3]
    assert codes(collected) == {4: ["document_twice"], 5: ["document_twice"]}


def test_control_totals_post_nothing_when_they_do_not_hold() -> None:
    by_row = profile_text(more='[control]\ntotal_label = "Total"')
    rows = (row(), row(number="2", amount="50.00"))
    total = ("Total", "", "", "", "", "", "150.00")
    assert taken(csv_bytes(*rows, total), by_row).items.height == 2
    with pytest.raises(FileRefusedError) as refused:
        taken(csv_bytes(rows[0], total), by_row)
    assert refused.value.finding.code == "control_total"
    assert "-50" in refused.value.finding.raw


def test_a_spreadsheets_cells_meet_the_same_rules() -> None:
    content = workbook_bytes(
        ("C1", "invoice", "INV-1", "2026-06-01", "", "JPY", 100.5),
        ("C1", "invoice", "INV-2", "2026-06-01", "", "CNY", 0.1 + 0.2),
    )
    collected = taken(content, name="books.xlsx")
    assert codes(collected) == {2: ["too_many_decimals"]}
    assert collected.items["amount"].to_list() == [30]
