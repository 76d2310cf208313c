"""Own words on their way: told, recorded with their variant, counted, and replaced by the house's where they fail."""

import csv
import email
import email.policy
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import pytest

from notifications.own_words import Variant, Wording
from services.add_company import add_company
from services.export_deliveries import export_deliveries
from services.propose_wording import WordingInvalid, propose_wording
from services.settings import Settings
from services.show_deliveries import show_deliveries
from storage.companies import own_company
from storage.database import Database, transaction
from storage.deliveries import note_event
from storage.delivery_ledger import ledger_page
from storage.outbox import Message, enqueue
from storage.tasks import list_tasks
from storage.wordings import answer_rates, insert_wording, put_wording_in_force
from tests.outbox.support import Mailbox, customer_with_contact, drain, relay, statement_of

SETTINGS = Settings(public_url="https://statements.example")
KIND = "statement_to_customer"
TEXT = "{{ money(c.closing, c.currency) }} {{ c.link }}"
HTML = "<p>{{ money(c.closing, c.currency) }}</p>{{ button('打开') }}"


@pytest.fixture
async def company(engine: Database) -> UUID:
    """A company."""
    return await add_company(engine, "ACME", "海港仪器有限公司", "CNY", "Asia/Shanghai", "zh")


async def tell(engine: Database, company: UUID, *variants: Variant, kind: str = KIND) -> UUID:
    """Puts own words in force as an approval would; the page and the engine have tests of their own."""
    async with transaction(engine, company) as session:
        stored = await insert_wording(session, company, kind, "zh", Wording(variants).document(), uuid4())
        await put_wording_in_force(session, company, stored, uuid4())
    return stored.id


async def send(engine: Database, company: UUID, statements: Sequence[tuple[UUID, UUID, str]]) -> list[EmailMessage]:
    """Mails each statement (statement, contact, address) and answers what arrived."""
    mailbox = Mailbox()
    async with transaction(engine, company) as session:
        for statement_id, contact_id, address in statements:
            message = Message(
                KIND, "email", address, f"sent/{statement_id}/{uuid4()}", "statement", str(statement_id),
                {"statement_id": str(statement_id)}, person_id=contact_id,
            )  # fmt: skip
            await enqueue(session, company, message)
    async with relay(mailbox) as carriers:
        await drain(engine, company, SETTINGS, carriers)
    return [
        email.message_from_bytes(mail.content, _class=EmailMessage, policy=email.policy.default)
        for mail in mailbox.mails
    ]


async def customers(engine: Database, company: UUID, count: int) -> list[tuple[UUID, UUID, str]]:
    """So many customers with one statement each."""
    found = []
    for number in range(count):
        address = f"ap{number}@c{number}.example"
        customer_id, contact_id = await customer_with_contact(engine, company, f"C{number}", address)
        found.append((await statement_of(engine, company, customer_id, f"C{number}"), contact_id, address))
    return found


async def ledger(engine: Database, company: UUID) -> list[dict[str, Any]]:
    """The rows of the delivery ledger, newest first."""
    async with transaction(engine, company) as session:
        return (await ledger_page(session, company)).rows


def text_of(mail: EmailMessage) -> str:
    """The plain words."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_a_variant_is_told_recorded_and_counted(engine: Database, company: UUID) -> None:
    """By weight and by recipient; the ledger, its export and the command say which; answers are counted by it."""
    await tell(engine, company, Variant("A", 1, "甲 {{ c.number }}", TEXT, HTML), Variant("B", 1, "乙 {{ c.number }}"))
    statements = await customers(engine, company, 6)
    mails = await send(engine, company, statements)
    first = {str(mail["To"]): str(mail["Subject"])[0] for mail in mails}
    assert set(first.values()) == {"甲", "乙"}
    assert {str(mail["To"]): str(mail["Subject"])[0] for mail in await send(engine, company, statements)} == first
    for mail in mails:
        assert "100.00" in text_of(mail)
        assert "https://statements.example/s#" in text_of(mail)
    async with transaction(engine, company) as session:
        subject = ("statement", str(statements[0][0]))
        await note_event(session, company, "opened", subject, recipient=statements[0][2].upper())
        await note_event(session, company, "answered", subject, recipient=statements[0][2])
        rates = await answer_rates(session, company, KIND, "zh")
        found = await own_company(session, company)
    rows = await ledger(engine, company)
    assert Counter(row["variant"] for row in rows) == {one["variant"]: one["accepted"] for one in rates}
    assert sum(one["answered"] for one in rates) == sum(one["opened"] for one in rates) == 2
    assert {row["wording_version"] for row in rows} == {1}
    told = await show_deliveries(engine, company, "2026-06/C0/CNY/v1")
    assert {message["variant"] for message in told["messages"]} <= {"A", "B"}
    header, *cells = csv.reader((await export_deliveries(engine, found, "csv", "zh")).decode("utf-8-sig").splitlines())
    assert header[-2:] == ["措辞", "版式"]
    assert Counter(row[-1] for row in cells) == Counter(row["variant"] for row in rows)


async def test_words_that_fail_lose_nothing(engine: Database, company: UUID) -> None:
    """The house's own go out, one task says so however often it happens, and the ledger says why."""
    await tell(engine, company, Variant("A", 1, "甲", "{{ c.gone }}"))
    statements = await customers(engine, company, 3)
    mails = await send(engine, company, statements)
    assert len(mails) == 3
    assert all("100.00" in text_of(mail) for mail in mails)
    assert not any(str(mail["Subject"]) == "甲" for mail in mails)
    async with transaction(engine, company) as session:
        tasks = [one for one in await list_tasks(session, company) if one.kind == "wording_failed"]
        assert await answer_rates(session, company, KIND, "zh") == []
    assert [(one.role, one.facts["variant"]) for one in tasks] == [("administrator", "A")]
    assert {row["wording_problem"] for row in await ledger(engine, company)} == {"There is no value “gone”."}


async def test_without_variants_and_in_other_languages_the_house_speaks(engine: Database, company: UUID) -> None:
    """Going back is a version too."""
    await tell(engine, company, Variant("A", 1, "甲"))
    statements = await customers(engine, company, 1)
    assert str((await send(engine, company, statements))[0]["Subject"]) == "甲"
    await tell(engine, company)
    assert str((await send(engine, company, statements))[0]["Subject"]) != "甲"
    assert [row["variant"] for row in await ledger(engine, company)] == [None, "A"]


async def test_what_cannot_be_told_is_not_even_proposed(engine: Database, company: UUID) -> None:
    """The refusal names variant, part and problem."""
    document = Wording((Variant("A", 1, "x"), Variant("B", 1, text="Hello"))).document()
    with pytest.raises(WordingInvalid, match=r"Variant B, text: c\.link is missing"):
        await propose_wording(engine, company, KIND, "zh", document, uuid4())


def test_recipients_are_shared_out_by_weight() -> None:
    """Within what chance allows for ten thousand addresses; the same address always gets the same."""
    wording = Wording((Variant("A", 3), Variant("B", 1), Variant("C", 0)))
    addresses = [f"ap{number}@customer{number % 97}.example" for number in range(10_000)]
    chosen = [wording.variant_for(KIND, address) for address in addresses]
    counts = Counter(one.name for one in chosen if one is not None)
    assert abs(counts["A"] - 7_500) < 200
    assert counts["C"] == 0
    assert [wording.variant_for(KIND, address.upper()) for address in addresses] == chosen
    assert [wording.variant_for("reminder", address) for address in addresses] != chosen
    assert Wording().variant_for(KIND, addresses[0]) is None
    assert replace(wording, variants=wording.variants[2:]).variant_for(KIND, "a@b.example") is None
