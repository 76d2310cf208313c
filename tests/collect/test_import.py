"""One file, one transaction: what is written, once, and what is kept of the rows that were not."""

from collections import Counter
from datetime import date

import pytest

from services.add_profile import ProfileUnknown, add_profile
from services.import_ledger import FileRefused
from storage.audit import verify_chain
from storage.database import transaction
from tests.collect.conftest import House
from tests.support.ledger_files import HEADERS, csv_bytes, profile_text, row, workbook_bytes

TABLES = (
    "open_item",
    "allocation",
    "customer",
    "import_file",
    "raw_record",
    "source",
    "profile",
    "audit_event",
    "contact",
)


async def counts(house: House) -> Counter[str]:
    return Counter({name: (await house.rows(f"select count(*) from {name}"))[0][0] for name in TABLES})  # noqa: S608 - names above


async def test_the_same_file_twice_does_nothing_and_points_to_the_first(house: House) -> None:
    content = csv_bytes(row(), row(number="2"))
    first = await house.take(content)
    before = await counts(house)
    second = await house.take(content, name="copy.csv")
    assert await counts(house) == before
    assert (second["rows"], second["skipped"], second["items"]) == (2, 2, 0)
    assert second["first_import"] == first["import_id"]
    assert [finding["code"] for finding in second["findings"]] == ["same_file"]


async def test_a_dry_run_says_all_and_writes_nothing(house: House) -> None:
    before = await counts(house)
    answer = await house.take(csv_bytes(row(), row(number="2", amount="x")), dry_run=True)
    assert (answer["accepted"], answer["rejected"], answer["items"], answer["import_id"]) == (1, 1, 1, None)
    assert await counts(house) == before


async def test_every_row_ends_in_exactly_one_outcome(house: House) -> None:
    await house.take(csv_bytes(row(number="OLD")))
    rows = (
        row(number="OLD"), row(), row(number="2", amount="￥1,000"), row(number="3", currency="JPY", amount="1.5"),
        row(number="4", amount="NaN"), row(), ("C1", "invoice"),
    )  # fmt: skip
    answer = await house.take(csv_bytes(*rows))
    outcomes = {name: answer[name] for name in ("accepted", "noticed", "quarantined", "rejected", "skipped")}
    assert outcomes == {"accepted": 1, "noticed": 1, "quarantined": 1, "rejected": 2, "skipped": 2}
    assert sum(outcomes.values()) == answer["rows"] == 7
    assert answer["totals"] == {"CNY": {"debits": "1100.00", "credits": "0.00", "net": "1100.00"}}
    kept = await house.rows("select row_number, outcome, findings -> 0 ->> 'code' from raw_record order by 1")
    assert kept == [
        (4, "noticed", "number_tidied"), (5, "quarantined", "too_many_decimals"), (6, "rejected", "number_malformed"),
        (8, "rejected", "row_ragged"),
    ]  # fmt: skip


async def test_the_same_bad_row_in_the_next_file_waits_once(house: House) -> None:
    bad = row(number="4", amount="NaN")
    await house.take(csv_bytes(row(), bad))
    answer = await house.take(csv_bytes(row(number="9"), bad, bad))
    assert answer["rejected"] == 2
    assert (await counts(house))["raw_record"] == 2


async def test_one_document_with_another_amount_or_customer_is_a_conflict(house: House) -> None:
    await house.take(csv_bytes(row()))
    before = await house.balances()
    answer = await house.take(csv_bytes(row(amount="200.00"), row(number="2"), row(customer="C2")))
    assert answer["finding_counts"] == {"document_conflict": 1, "document_twice": 1}
    assert (answer["quarantined"], answer["accepted"]) == (2, 1)
    assert [line for line in await house.balances() if line[1] == "INV-1"] == before


async def test_a_changed_due_date_is_a_new_revision_and_the_old_one_is_reversed(house: House) -> None:
    await house.take(csv_bytes(row()))
    answer = await house.take(csv_bytes(row(due="2026-07-15")))
    assert answer["finding_counts"] == {"document_changed": 1}
    items = await house.rows(
        "select source_ref, revision, amount, due_date from open_item order by revision, amount desc"
    )
    assert items == [
        ("invoice/INV-1", 1, 10000, date(2026, 7, 1)), ("invoice/INV-1#reversal", 1, -10000, date(2026, 7, 1)),
        ("invoice/INV-1", 2, 10000, date(2026, 7, 15)),
    ]  # fmt: skip
    assert [line[3] for line in await house.balances()] == [10000]
    assert (await house.take(csv_bytes(row(due="2026-07-15"), row(number="2"))))["skipped"] == 1


WITH_REVISION = (*HEADERS, "revision")


async def test_revisions_of_the_source_are_followed(house: House) -> None:
    def file(*rows: tuple[str, ...]) -> bytes:
        return csv_bytes(*rows, headers=WITH_REVISION)

    await house.take(file((*row(), "1")))
    answer = await house.take(file((*row(amount="70.00"), "3"), (*row(amount="90.00"), "2")))
    assert answer["finding_counts"] == {"document_changed": 1, "revision_old": 1}
    old = await house.take(file((*row(amount="90.00"), "2"), (*row(number="7"), "1")))
    assert old["finding_counts"] == {"revision_old": 1}
    again = await house.take(
        file(
            (*row(amount="71.00"), "3"),
        )
    )
    assert again["finding_counts"] == {"document_conflict": 1}
    assert [line[3] for line in await house.balances()] == [10000, 7000]


async def test_a_revision_takes_its_payments_along_and_never_more_than_it_is(house: House) -> None:
    headers = (*HEADERS, "settles", "revision")
    paid = row(kind="receipt", number="R-1", due="", amount="-100.00")
    await house.take(csv_bytes((*row(), "", "1"), (*paid, "INV-1", ""), headers=headers))
    await house.take(csv_bytes((*row(amount="60.00"), "", "2"), headers=headers))
    sums = await house.rows(
        "select o.source_ref, o.revision, o.amount, coalesce(sum(a.amount), 0) from open_item o left join allocation a"
        " on o.id in (a.credit_item_id, a.debit_item_id) group by 1, 2, 3 order by 1, 2"
    )
    assert sums == [
        ("invoice/INV-1", 1, 10000, 10000), ("invoice/INV-1", 2, 6000, 6000),
        ("invoice/INV-1#reversal", 1, -10000, 10000),
        ("receipt/R-1", 1, -10000, 6000),
    ]  # fmt: skip


async def test_names_addresses_and_originals_are_kept(house: House) -> None:
    headers = (*HEADERS, "name", "mail")
    content = csv_bytes((*row(), "甲公司", "a@x.example"), (*row(number="2"), "", "nonsense"), headers=headers)
    answer = await house.take(content)
    assert answer["finding_counts"] == {"address_invalid": 1}
    assert await house.rows("select code, name from customer") == [("C1", "甲公司")]
    assert await house.rows("select email, purpose from contact") == [("a@x.example", "statement")]
    ((size, total),) = await house.rows("select length(content), rows from import_file")
    assert size > 0
    assert total == 2


async def test_a_refused_file_writes_nothing_and_says_why(house: House) -> None:
    before = await counts(house)
    with pytest.raises(FileRefused) as refused:
        await house.take(csv_bytes(row(number="2.5E+19")))
    assert refused.value.code == "ids_as_numbers"
    assert refused.value.answer["findings"][0]["severity"] == "file"
    assert refused.value.text("zh") != refused.value.text("en")
    with pytest.raises(ProfileUnknown):
        await house.take(csv_bytes(row()), profile="nobody's")
    assert await counts(house) == before


async def test_findings_speak_both_languages(house: House) -> None:
    answer = await house.take(csv_bytes(row(amount="NaN")), language="zh")
    (finding,) = answer["findings"]
    assert (finding["row"], finding["column"], finding["raw"]) == (2, "amount", "NaN")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in finding["message"])


async def test_a_workbook_and_a_text_of_the_same_rows_are_the_same_documents(house: House) -> None:
    await house.take(csv_bytes(row(), row(number="2")))
    answer = await house.take(workbook_bytes(row(), row(number="2")), name="books.xlsx")
    assert (answer["skipped"], answer["items"]) == (2, 0)


async def test_each_import_is_in_the_audit_chain(house: House) -> None:
    await house.take(csv_bytes(row()))
    async with transaction(house.engine, house.company.id) as session:
        count, broken = await verify_chain(session, house.company.id)
    assert broken is None
    verbs = await house.rows("select verb from audit_event order by number")
    assert count == len(verbs)
    assert verbs[-1] == ("ledger_imported",)


async def test_rows_that_waited_are_closed_when_a_better_profile_takes_them(house: House) -> None:
    content = csv_bytes(row(), row(number="2", customer=""), row(number="3", amount="NaN"))
    await house.take(content)
    await add_profile(house.engine, "cash", profile_text(more='[customers]\nmissing = "CASH"'), house.company)
    answer = await house.take(content, "cash")
    assert (answer["accepted"], answer["skipped"], answer["rejected"]) == (1, 1, 1)
    assert await house.rows("select row_number, state from raw_record order by 1") == [(3, "repaired"), (4, "open")]
