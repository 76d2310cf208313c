"""Credits that name a document are set against it, exactly and never beyond either side."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.references import named_in_field, named_in_text, normal_number
from services.allocate_by_reference import allocate_by_reference
from tests.collect.conftest import House
from tests.support.ledger_files import HEADERS, csv_bytes, row

SETTLING = (*HEADERS, "settles")


def receipt(number: str, amount: str, settles: str, **changes: str) -> tuple[str, ...]:
    return (*row(kind="receipt", number=number, due="", amount=amount, **changes), settles)


def invoice(number: str, amount: str = "100.00", **changes: str) -> tuple[str, ...]:
    return (*row(number=number, amount=amount, **changes), "")


async def applied(house: House) -> list[tuple[object, ...]]:
    return await house.rows(
        "select c.number, d.number, a.amount, a.reason from allocation a join open_item c on c.id = a.credit_item_id"
        " join open_item d on d.id = a.debit_item_id order by a.recorded_at, a.id"
    )


async def test_receipts_and_their_invoices_in_one_file(house: House) -> None:
    rows = (invoice("A-1"), invoice("A-2"), receipt("R-1", "-150.00", "A-1, A-2"), receipt("R-2", "-80.00", "ａ-2"))
    answer = await house.take(csv_bytes(*rows, headers=SETTLING))
    assert await applied(house) == [
        ("R-1", "A-1", 10000, "reference"), ("R-1", "A-2", 5000, "reference"), ("R-2", "A-2", 5000, "reference"),
    ]  # fmt: skip
    assert answer["allocations"] == 3
    assert answer["finding_counts"] == {"settlement_exceeds": 1}


async def test_a_receipt_before_its_invoice_waits_and_is_applied_when_it_comes(house: House) -> None:
    early = await house.take(csv_bytes(receipt("R-1", "-40.00", "A-1"), headers=SETTLING))
    assert (early["finding_counts"], early["noticed"]) == ({"settlement_unknown": 1}, 1)
    await house.take(csv_bytes(invoice("A-1"), headers=SETTLING))
    assert await applied(house) == [("R-1", "A-1", 4000, "reference")]
    assert await allocate_by_reference(house.engine, house.company) == {"credits": 0, "allocations": 0, "with_rest": 0}


async def test_other_customers_and_currencies_are_never_touched(house: House) -> None:
    rows = (
        invoice("A-1", customer="C2"), invoice("A-2", currency="USD"), invoice("A-30"),
        receipt("R-1", "-10.00", "A-1"), receipt("R-2", "-10.00", "A-2"), receipt("R-3", "-10.00", "A-3"),
    )  # fmt: skip
    await house.take(csv_bytes(*rows, headers=SETTLING))
    assert await applied(house) == []


async def test_an_allocation_counts_from_the_later_document(house: House) -> None:
    rows = (invoice("A-1", date="2026-06-20"), receipt("R-1", "-10.00", "A-1", date="2026-06-02"))
    await house.take(csv_bytes(*rows, headers=SETTLING))
    ((day,),) = await house.rows("select effective_on::text from allocation")
    assert day == "2026-06-20"


def test_numbers_are_named_as_whole_words() -> None:
    assert named_in_field("INV-1；ＩＮＶ－２") == ["inv-1;inv-2", "inv-1", "inv-2"]
    assert list(named_in_text("payment of (INV-1), June; 12")) == ["inv-1"]
    assert named_in_field(" ") == []


@given(st.text(min_size=1, max_size=30))
def test_a_number_is_its_own_name(number: str) -> None:
    if normal_number(number):
        assert normal_number(number) in named_in_field(number)
