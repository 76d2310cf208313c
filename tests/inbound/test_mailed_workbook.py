"""A filled-in workbook that comes by mail is an answer where it can be trusted, a task where it cannot, never both."""

from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from services.receive_mail import receive_mail
from services.settings import Settings
from services.take_mailed_workbook import take_mailed_workbook
from statements import answer_columns as words
from storage.database import Database
from storage.schema import answer, outbox, task
from tests.disputes.case_house import CaseHouse, new_house
from tests.inbound.mails import marked
from tests.reconcile.test_returned_workbook import filled_in

OWN = "pay@customer.example"
XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def sent_row(house: CaseHouse) -> UUID:
    """The outbox row by which the newest version went."""
    query = select(outbox.c.id).where(outbox.c.kind == "statement_to_customer").order_by(outbox.c.id.desc())
    found: UUID = (await house.rows(query))[0].id
    return found


async def mail_of(house: CaseHouse, marks: dict[str, object], **changes: str) -> EmailMessage:
    """A reply in the statement's thread with its workbook, line 1 filled in."""
    _, page = await house.page()
    message = EmailMessage()
    message["From"] = changes.get("sender", f"Wang Wu <{OWN}>")
    message["To"] = changes.get("to") or marked(await sent_row(house))
    message["Subject"] = "Re: statement"
    for name, value in changes.items():
        if name == "verdict":
            message["Authentication-Results"] = value
    message.set_content("see attached")
    workbook = filled_in(page.content, "en", {1: marks})
    message.add_attachment(workbook, maintype="application", subtype=XLSX, filename="对账单.xlsx")
    return message


async def arrive(house: CaseHouse, mail: EmailMessage, home: Path) -> str:
    """What the poll does with one mail."""
    content = mail.as_bytes()
    await receive_mail(house.book.engine, content)
    settings = Settings(home=home, _env_file=None)  # type: ignore[call-arg] # pydantic-settings
    return await take_mailed_workbook(house.book.engine, settings, content)


async def asked(house: CaseHouse) -> list[str]:
    """Kinds of open tasks about mail."""
    return [row.kind for row in await house.rows(select(task.c.kind).where(task.c.kind.like("%mail%")))]


async def test_the_marks_are_recorded_once_and_the_customer_hears_it(engine: Database, tmp_path: Path) -> None:
    house = await new_house(engine)
    await house.send_june()
    marks: dict[str, object] = {words.ANSWER: "Dispute", words.REASON: "Price", words.AMOUNT: 30.0}
    mail = await mail_of(house, marks)
    assert [await arrive(house, mail, tmp_path) for _ in range(2)] == ["recorded", "recorded"]
    [kept] = await house.rows(select(answer))
    assert (kept.kind, kept.channel, kept.name, kept.contact_id) == (
        "agree_except", "workbook_by_mail", "Wang Wu", house.contact,
    )  # fmt: skip
    assert [(case.reason, case.amount) for case in await house.cases()] == [("price", 30_00)]
    [told] = await house.mails("workbook_read")
    assert (told["answer"], told["problem"]) == ("agree_except", "")
    assert await asked(house) == []


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ({words.ANSWER: "perhaps"}, "perhaps"),
        ({}, "not answered"),
        ({words.ANSWER: "Dispute", words.AMOUNT: 500.0}, "500"),
    ],
)
async def test_findings_are_mailed_as_the_page_shows_them(
    engine: Database, tmp_path: Path, marks: dict[str, object], said: str
) -> None:
    house = await new_house(engine)
    await house.send_june()
    mail = await mail_of(house, marks)
    assert [await arrive(house, mail, tmp_path) for _ in range(2)] == ["refused", "refused"]
    [told] = await house.mails("workbook_read")
    assert told["answer"] == ""
    assert said in told["problem"]
    assert told["remedy"]
    assert await house.rows(select(answer)) == []


@pytest.mark.parametrize("why", ["another sender", "no thread", "forged domain", "two workbooks"])
async def test_what_cannot_be_trusted_is_a_persons(engine: Database, tmp_path: Path, why: str) -> None:
    house = await new_house(engine)
    await house.send_june()
    changes = {
        "another sender": {"sender": "boss@customer.example"}, "no thread": {"to": "answers@acme.example"},
        "forged domain": {"verdict": "mx.acme.example; dmarc=fail header.from=customer.example"},
    }  # fmt: skip
    mail = await mail_of(house, {words.ANSWER: "Agree"}, **changes.get(why, {}))
    if why == "two workbooks":
        mail.add_attachment(b"PK", maintype="application", subtype=XLSX, filename="other.xlsx")
    assert await arrive(house, mail, tmp_path) == ""
    assert await asked(house) == ["workbook_by_mail"]
    assert await house.rows(select(answer)) == []
    assert await house.mails("workbook_read") == []


async def test_a_workbook_of_an_old_version_is_refused_with_the_reason(engine: Database, tmp_path: Path) -> None:
    house = await new_house(engine)
    await house.send_june()
    mail = await mail_of(house, {words.ANSWER: "Agree"})
    _, page = await house.page()
    content = {**page.content, "closing": "1.00"}
    payload = mail.get_payload()
    assert isinstance(payload, list)
    payload.pop()
    workbook = filled_in(content, "en", {1: {words.ANSWER: "Agree"}})
    mail.add_attachment(workbook, maintype="application", subtype=XLSX, filename="old.xlsx")
    assert await arrive(house, mail, tmp_path) == "refused"
    [told] = await house.mails("workbook_read")
    assert "newer version" in told["problem"]
