"""The trade's cases one by one, each as a clerk would tell it."""

from datetime import date

import pytest

from matching.cash_application import apply_cash
from matching.facts import AdviceLine, Application, Band, Document, Receipt

MARCH = date(2026, 3, 2)
APRIL = date(2026, 4, 1)


def invoice(number: str, amount: int, customer: str = "Harbor Optical Ltd", **more: object) -> Document:
    """An invoice of March."""
    issued = more.pop("issued", MARCH)
    assert isinstance(issued, date)
    return Document(number, str(more.pop("shown", number)), customer, customer, "EUR", amount, issued, APRIL)


def receipt(key: str, amount: int, *lines: AdviceLine, payer: str = "Harbor Optical Ltd", **more: object) -> Receipt:
    """Money of April."""
    day = more.get("day", APRIL)
    assert isinstance(day, date)
    return Receipt(key, payer, "EUR", amount, day, str(more.get("text", "")), lines)


def line(reference: str, amount: int | None = None, memo: str = "") -> AdviceLine:
    """A line of an advice."""
    return AdviceLine(reference, amount, memo)


def told(applications: list[Application]) -> list[tuple[str, str, int, str]]:
    """Applications in short."""
    return [(one.receipt, one.document, one.amount, one.band.value) for one in applications]


@pytest.mark.parametrize(
    "written",
    ["INV-00042", "INV-42", "Invoice #42", "inv 00042", "ＩＮＶ－０００４２", "发票42", "42", "INV-OOO42", "INV/00042"],
)
def test_a_number_in_any_writing(written: str) -> None:
    """Zeros, words, full-width digits, O for 0: it is the same document."""
    found = apply_cash([invoice("INV-00042", 5000)], [receipt("R", 5000, line(written, 5000))])
    assert told(found) == [("R", "INV-00042", 5000, "auto")]


@pytest.mark.parametrize("written", ["INV-00142", "INV-00024", "INV-0042", "INV-000421"])
def test_a_slip_is_put_right_when_the_amount_agrees(written: str) -> None:
    """One digit wrong, swapped, missing or added."""
    documents = [invoice("INV-00042", 5017), invoice("INV-00077", 9900)]
    found = apply_cash(documents, [receipt("R", 5017, line(written, 5017))])
    assert [(one.document, one.amount) for one in found] == [("INV-00042", 5017)]


def test_a_slip_that_hits_another_customer() -> None:
    """The payer's own document with that amount is meant, not the stranger's that has the number."""
    documents = [invoice("INV-00042", 5017), invoice("INV-00142", 5017, "Willow Dairy Inc")]
    found = apply_cash(documents, [receipt("R", 5017, line("INV-00142", 5017))])
    assert [one.document for one in found] == ["INV-00042"]


def test_another_number_system_never_names_a_document() -> None:
    """PO-00042 is the customer's order; the round amount is for a person to confirm."""
    documents = [invoice("INV-00042", 7000), invoice("INV-00043", 5000)]
    found = apply_cash(documents, [receipt("R", 5000, line("PO-00042", 5000))])
    assert told(found) == [("R", "INV-00043", 5000, "review")]


def test_a_cheque_number_is_no_document() -> None:
    """CK# 00042 beside the wrong amount says nothing."""
    assert apply_cash([invoice("INV-00042", 7000)], [receipt("R", 5000, text="CK# 00042")]) == []


@pytest.mark.parametrize(
    ("paid", "memo", "clause"),
    [
        (9800, "Less 2% early pay discount", "stated discount of 2 %"),
        (9850, "Less 2% early pay discount", "stated discount of 1.5 %"),
        (9700, "Net 97 terms", "stated discount of 3 %"),
        (9750, "Early payment terms applied", "customary discount of 2.5 %"),
        (9800, "98折", "stated discount of 2 %"),
        (8765, "Deduction: damaged goods (-$12.35)", "deduction of 12.35"),
        (8765, "扣款：破损 12.35", "deduction of 12.35"),
        (4000, "Installment 1 of 3", "40 %"),
        (10500, "Payment on account", "5.00 stays unapplied"),
    ],
)
def test_less_and_more_than_open(paid: int, memo: str, clause: str) -> None:
    """Discount, deduction, part and surplus are told apart by what the advice says, and explained."""
    found = apply_cash([invoice("INV-00042", 10000)], [receipt("R", paid, line("INV-00042", paid, memo))])
    assert told(found) == [("R", "INV-00042", min(paid, 10000), "auto")]
    assert clause in found[0].reason.text("en")


def test_a_deduction_that_does_not_add_up_waits() -> None:
    """The stated figure and the difference disagree."""
    line_ = line("INV-00042", 8000, "Deduction: damaged goods (-$12.35)")
    found = apply_cash([invoice("INV-00042", 10000)], [receipt("R", 8000, line_)])
    assert told(found) == [("R", "INV-00042", 8000, "review")]


def test_bank_charges_wait_for_a_person() -> None:
    """Fifteen short of five thousand."""
    found = apply_cash([invoice("INV-00042", 500000)], [receipt("R", 498500, text="Wire 77X")])
    assert told(found) == [("R", "INV-00042", 498500, "review")]
    assert "bank charges of 15.00" in found[0].reason.text("en")


def test_the_second_payment_of_a_document_stays_unapplied() -> None:
    """It is a duplicate, whichever of the two is written better: the earlier money pays."""
    early = receipt("R1", 5000, line("PO-9", 5000), day=date(2026, 3, 20))
    late = receipt("R2", 5000, line("INV-00042", 5000), day=date(2026, 3, 25))
    found = apply_cash([invoice("INV-00042", 5000)], [late, early])
    assert [(one.receipt, one.band) for one in found] == [("R1", Band.REVIEW)]


def test_two_equal_halves_are_no_duplicate() -> None:
    """The second half is exactly what is open."""
    halves = [receipt(f"R{n}", 2500, line("INV-00042", 2500, f"Installment {n} of 2")) for n in (1, 2)]
    found = apply_cash([invoice("INV-00042", 5000)], halves)
    assert [(one.receipt, one.amount) for one in found] == [("R1", 2500), ("R2", 2500)]


def test_a_credit_memo_on_the_advice() -> None:
    """The credit is used up beside the invoice; both lines make the money."""
    documents = [invoice("INV-00042", 9000), invoice("CM-7", -2000)]
    found = apply_cash(documents, [receipt("R", 7000, line("INV-00042", 9000), line("CM-7", -2000, "Credit"))])
    assert told(found) == [("R", "CM-7", -2000, "auto"), ("R", "INV-00042", 9000, "auto")]


def test_a_group_pays_for_its_branches() -> None:
    """The head office names documents of two shops."""
    documents = [
        invoice("INV-00042", 9000, "Harbor Optical Ltd Division 3"),
        invoice("INV-00043", 2000, "Harbor Optical Ltd Division 4"),
    ]
    found = apply_cash(documents, [receipt("R", 11000, line("INV-00042", 9000), line("INV-00043", 2000))])
    assert told(found) == [("R", "INV-00042", 9000, "auto"), ("R", "INV-00043", 2000, "auto")]


def test_a_stranger_who_names_a_document_exactly_waits() -> None:
    """A factor or a parent pays: plausible, and for a person to say."""
    documents = [invoice("INV-00042", 9000), invoice("INV-00050", 100, "Willow Dairy Inc")]
    paid = receipt("R", 9000, line("INV-00042", 9000), payer="Willow Dairy Inc")
    found = apply_cash(documents, [paid])
    assert told(found) == [("R", "INV-00042", 9000, "review")]
    assert "not known as its customer" in found[0].reason.text("en")
    learned = apply_cash(documents, [paid], {"WILLOW  dairy inc": "Harbor Optical Ltd"})
    assert told(learned) == [("R", "INV-00042", 9000, "auto")]


def test_two_documents_of_one_amount_are_a_choice() -> None:
    """Nothing is posted by itself; the older one is proposed."""
    documents = [invoice("INV-00042", 5000), invoice("INV-00043", 5000, issued=date(2026, 3, 5))]
    assert told(apply_cash(documents, [receipt("R", 5000)])) == [("R", "INV-00042", 5000, "review")]


def test_documents_that_together_make_the_amount() -> None:
    """The only choice of three of seven, with cents that chance does not hit."""
    amounts = [10_013_37, 20_411_99, 30_007_51, 41_733_03, 55_019_77, 60_123_11, 77_001_13]
    documents = [invoice(f"INV-0004{n}", amount) for n, amount in enumerate(amounts)]
    found = apply_cash(documents, [receipt("R", amounts[0] + amounts[3] + amounts[5])])
    assert [one.document for one in found] == ["INV-00040", "INV-00043", "INV-00045"]
    assert "one of 3 documents that together are exactly" in found[0].reason.text("en")


def test_round_amounts_that_add_up_by_chance_are_left_alone() -> None:
    """Price-list amounts make every sum."""
    documents = [invoice(f"INV-0004{n}", 100_00 * n) for n in range(1, 9)]
    assert apply_cash(documents, [receipt("R", 1700_00)]) == []


def test_all_that_is_owed() -> None:
    """The whole account at once, whatever the amounts look like."""
    documents = [invoice(f"INV-0004{n}", 100_00 * n) for n in range(1, 9)]
    found = apply_cash(documents, [receipt("R", 3600_00)])
    assert len(found) == len(documents)
    assert {one.band for one in found} == {Band.REVIEW}


def test_oldest_first_only_where_agreed() -> None:
    """Without the agreement the money waits unapplied."""
    documents = [invoice("INV-00042", 4000, issued=date(2026, 2, 1)), invoice("INV-00043", 5000)]
    paid = [receipt("R", 6001)]
    assert apply_cash(documents, paid) == []
    found = apply_cash(documents, paid, oldest_first={"Harbor Optical Ltd"})
    assert told(found) == [("R", "INV-00042", 4000, "auto"), ("R", "INV-00043", 2001, "auto")]


def test_numbers_in_the_bank_text() -> None:
    """Two documents named without amounts: exactly their sum posts, anything else waits."""
    documents = [invoice("INV-00042", 4000), invoice("INV-00043", 5000)]
    text = "WIRE INV-00042, INV-00043"
    assert {one.band for one in apply_cash(documents, [receipt("R", 9000, text=text)])} == {Band.AUTO}
    assert {one.band for one in apply_cash(documents, [receipt("R", 8000, text=text)])} == {Band.REVIEW}


def test_instalments_of_one_document_are_paid_from_the_first() -> None:
    """They share the number, and money for it fills one after the other."""
    first = Document("a", "INV-00042", "H", "Harbor Optical Ltd", "EUR", 3000, MARCH, date(2026, 4, 1))
    second = Document("b", "INV-00042", "H", "Harbor Optical Ltd", "EUR", 3000, MARCH, date(2026, 5, 1))
    found = apply_cash([second, first], [receipt("R", 4000, line("INV-00042", 4000, "part payment"))])
    assert [(one.document, one.amount) for one in found] == [("a", 3000), ("b", 1000)]


@pytest.mark.parametrize(
    "written",
    [
        "HARBOR OPTICAL",
        "Harbor Opt Ltd",
        "Harbr Optical Ltd",
        "H Optical Ltd",
        "HOL",
        "Harbor Optical (Ltd)",
        "HarborOptical",
    ],
)
def test_payers_write_their_names_as_they_like(written: str) -> None:
    """Together with number and amount every writing of the name will do."""
    documents = [invoice("INV-00042", 5000), invoice("INV-00043", 5000, "Willow Dairy Inc")]
    found = apply_cash(documents, [receipt("R", 5000, line("INV-00042", 5000), payer=written)])
    assert told(found) == [("R", "INV-00042", 5000, "auto")]


def test_chinese_names_without_form_and_place() -> None:
    """深圳恒泰电子 is 深圳市恒泰电子有限公司."""
    documents = [invoice("FP001", 1234567, "深圳市恒泰电子有限公司"), invoice("FP002", 1234567, "上海博远贸易有限公司")]
    found = apply_cash(documents, [receipt("R", 1234567, payer="深圳恒泰电子")])
    assert [one.document for one in found] == ["FP001"]


def test_small_amounts_beside_each_other() -> None:
    """Discounts of a few cents overlap; each document is weighed once all the same."""
    documents = [invoice(f"INV-{n:05d}", n) for n in range(95, 111)]
    found = apply_cash(documents, [receipt("R", 100)])
    assert [(one.document, one.amount) for one in found] == [("INV-00100", 100)]
