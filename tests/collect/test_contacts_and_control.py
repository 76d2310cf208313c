"""Contacts and control balances from files: once each, every row answered for."""

import pytest

from services.add_contact import ContactFileInvalid, add_contacts
from services.load_control_balance import ControlInvalid, load_control_balance
from tests.collect.conftest import House
from tests.support.ledger_files import csv_bytes, row, workbook_bytes

CONTACTS = ("客户编码", "联系人", "邮箱", "语言", "用途")


async def test_contacts_are_added_corrected_or_refused(house: House) -> None:
    await house.take(csv_bytes(row()))
    file = workbook_bytes(
        ("C1", "王 芳", "fang@x.example", "zh", ""),
        ("C9", "n", "n@x.example", "", ""),
        ("C1", "n", "no address", "", ""), ("C1", "n", "n@x.example", "fr", ""),
        ("C1", "n", "n@x.example", "", "party"), headers=CONTACTS,
    )  # fmt: skip
    answer = await add_contacts(house.engine, house.company, "c.xlsx", file, language="zh")
    assert {name: answer[name] for name in ("rows", "added", "rejected")} == {"rows": 5, "added": 1, "rejected": 4}
    assert [one["code"] for one in answer["findings"]] == [
        "customer_unknown", "address_invalid", "language_unknown", "purpose_unknown",
    ]  # fmt: skip
    again = await add_contacts(house.engine, house.company, "c.xlsx", file)
    assert (again["added"], again["unchanged"]) == (0, 1)
    renamed = csv_bytes(("C1", "Wang", "FANG@x.example", "en", "statement"), headers=CONTACTS)
    assert (await add_contacts(house.engine, house.company, "c.csv", renamed))["updated"] == 1
    assert await house.rows("select name, email, language from contact") == [("Wang", "fang@x.example", "en")]
    assert await house.rows("select language from customer") == [("en",)]
    with pytest.raises(ContactFileInvalid):
        await add_contacts(house.engine, house.company, "c.csv", csv_bytes(row()))


CONTROL = ("as_of", "currency", "amount", "account")


async def test_control_balances_load_once_and_the_newest_counts(house: House) -> None:
    file = csv_bytes(("2026-05-31", "CNY", "1,000.50", "1122"), ("2026-05-31", "JPY", "700", ""), headers=CONTROL)
    assert await load_control_balance(house.engine, house.company, "k.csv", file) == {
        "rows": 2,
        "loaded": 2,
        "unchanged": 0,
    }
    assert (await load_control_balance(house.engine, house.company, "k.csv", file))["unchanged"] == 2
    assert await house.rows("select currency, amount from control_balance order by 1") == [
        ("CNY", 100050),
        ("JPY", 700),
    ]


@pytest.mark.parametrize(
    "bad", [("x", "CNY", "1"), ("2026-05-31", "XYZ", "1"), ("2026-05-31", "JPY", "1.5"), ("2026-05-31", "CNY", "NaN")]
)
async def test_a_bad_control_row_loads_nothing(house: House, bad: tuple[str, ...]) -> None:
    file = csv_bytes(("2026-05-31", "CNY", "1", ""), (*bad, ""), headers=CONTROL)
    with pytest.raises(ControlInvalid):
        await load_control_balance(house.engine, house.company, "k.csv", file)
    assert await house.rows("select count(*) from control_balance") == [(0,)]
