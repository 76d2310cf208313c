"""The delivery ledger and the outbox as pages and as files: words of servers, buttons for people, no formulas."""

import csv
import io
from uuid import UUID

from python_calamine import CalamineWorkbook
from sqlalchemy import update

from services.settings import Settings
from storage.claims import note_attempt
from storage.database import Database, transaction
from storage.deliveries import note_event, suppress
from storage.holds import suppressed_addresses
from storage.outbox import Message, enqueue, find_row
from storage.schema import outbox
from storage.tasks import NewTask, list_tasks, open_task
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.outbox.support import Mailbox, drain, relay

EVIL = '=HYPERLINK("http://evil.example","x")'
WANG = "wang@customer.example"


async def queued(engine: Database, sample: Sample, state: str, answer: str, recipient: str = WANG) -> UUID:
    """A statement's mail that ended so."""
    async with transaction(engine, sample.company_id) as session:
        subject = ("statement", str(sample.statements[2]))
        message = Message(
            "statement_to_customer", "email", recipient, f"test/{state}/{recipient}", *subject,
            {"statement_id": subject[1]}, customer_id=sample.customers[2], person_id=sample.contact_ids[2],
        )  # fmt: skip
        row_id = await enqueue(session, sample.company_id, message)
        assert row_id is not None
        phase = "judged" if state == "uncertain" else "data"
        changed = outbox.c.id == row_id
        await session.execute(update(outbox).where(changed).values(state=state, answer=answer, phase=phase))
        await note_attempt(session, sample.company_id, row_id, "data", "uncertain", answer)
        facts = {"outbox_id": str(row_id), "recipient": recipient, "answer": answer}
        task = NewTask("uncertain_delivery", *subject, f"uncertain/{row_id}", facts, customer_id=sample.customers[2])
        if state == "uncertain":
            await open_task(session, sample.company_id, task)
    return row_id


async def test_a_statements_ledger_says_what_became_of_each_mail(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """When, to whom, every try with the server's words, opened; in both languages."""
    await queued(engine, sample, "accepted", "250 2.0.0 queued as 4F1")
    async with transaction(engine, sample.company_id) as session:
        subject = ("statement", str(sample.statements[2]))
        await note_event(session, sample.company_id, "opened", subject, recipient=WANG.upper())
    client = await sign_in("alice")
    page = (await client.get(f"/statements/{sample.statements[2]}/deliveries?lang=en")).text
    assert "250 2.0.0 queued as 4F1" in page
    assert WANG in page
    assert page.count("<dd>–</dd>") == 2  # accepted by this row's clock, and answered; it was opened
    assert "投递台账" in (await client.get(f"/customers/{sample.customers[2]}/deliveries?lang=zh")).text
    assert WANG in (await client.get(f"/customers/{sample.customers[2]}/deliveries")).text
    assert WANG not in (await client.get(f"/customers/{sample.customers[0]}/deliveries")).text


async def test_exports_hold_text_and_instants_and_no_formula(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """A server's words that begin like a formula stay words; both files have the same rows."""
    await queued(engine, sample, "dead", EVIL)
    client = await sign_in("alice")
    answer = await client.get(f"/statements/{sample.statements[2]}/deliveries.csv?lang=en")
    assert answer.headers["content-type"].startswith("text/csv")
    header, *rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1
    told = dict(zip(header, rows[0], strict=True))
    assert told["The server's words"] == "'" + EVIL
    assert (told["Recipient"], told["State"]) == (WANG, "Given up")
    book = (await client.get(f"/customers/{sample.customers[2]}/deliveries.xlsx?lang=zh")).content
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert EVIL in sheet[1]
    assert "服务器答复" in sheet[0]
    assert (await client.get(f"/statements/{sample.statements[2]}/deliveries.exe")).status_code == 404


async def test_an_uncertain_message_has_two_buttons(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """Saying that it arrived ends it without another mail; the task goes; a second press is refused."""
    row_id = await queued(engine, sample, "uncertain", "Connection lost")
    client = await sign_in("chen")
    for path in ("/outbox?lang=en", "/exceptions?lang=en"):
        page = (await client.get(path)).text
        assert f'action="/outbox/{row_id}/arrived"' in page, path
        assert f'action="/outbox/{row_id}/retry"' in page, path
    assert (await client.post(f"/outbox/{row_id}/arrived")).status_code == 303
    assert (await client.post(f"/outbox/{row_id}/arrived")).status_code == 409
    async with transaction(engine, sample.company_id) as session:
        row = await find_row(session, sample.company_id, row_id)
        assert await list_tasks(session, sample.company_id, kind="uncertain_delivery") == []
    assert row is not None
    assert (row.state, row.frozen) == ("accepted", None)


async def test_a_suppressed_message_is_sent_again_from_the_page(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """The suppression is lifted and the mail goes; a reviewer may not press."""
    async with transaction(engine, sample.company_id) as session:
        await suppress(session, sample.company_id, "alice@sample.example", "550 no such user")
    message = Message("run_finished", "email", "alice@sample.example", "again/1", "run", "1", {"run_id": "1"})
    async with transaction(engine, sample.company_id) as session:
        row_id = await enqueue(session, sample.company_id, message)
        assert row_id is not None
        await session.execute(update(outbox).where(outbox.c.id == row_id).values(state="suppressed"))
    reviewer, clerk = await sign_in("alice"), await sign_in("chen")
    assert (await reviewer.post(f"/outbox/{row_id}/retry")).status_code == 403
    assert (await clerk.post(f"/outbox/{row_id}/retry")).status_code == 303
    mailbox = Mailbox()
    async with relay(mailbox) as carriers:
        await drain(engine, sample.company_id, Settings(), carriers)
    assert "alice@sample.example" in [mail.recipients[0] for mail in mailbox.mails]
    assert (await clerk.post(f"/outbox/{row_id}/cancel")).status_code == 410


async def test_suppressed_addresses_are_listed_and_lifted(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """With the words that said so; a clerk lifts one, once, and a reviewer does not."""
    async with transaction(engine, sample.company_id) as session:
        await suppress(session, sample.company_id, "Gone@sample.example", "550 <b>no</b> such user")
    reviewer, clerk = await sign_in("alice"), await sign_in("chen")
    page = (await clerk.get("/outbox?state=suppressed&lang=en")).text
    assert "gone@sample.example" in page
    assert "550 &lt;b&gt;no&lt;/b&gt; such user" in page
    lifting = {"address": "GONE@sample.example"}
    assert (await reviewer.post("/outbox/addresses/lift", data=lifting)).status_code == 403
    assert (await clerk.post("/outbox/addresses/lift", data=lifting)).status_code == 303
    assert (await clerk.post("/outbox/addresses/lift", data=lifting)).status_code == 409
    async with transaction(engine, sample.company_id) as session:
        assert await suppressed_addresses(session, sample.company_id) == []


async def test_a_message_about_a_statement_leads_to_its_customer(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:  # fmt: skip
    """Also one to a colleague, which is nobody's but the statement's."""
    async with transaction(engine, sample.company_id) as session:
        subject = ("statement", str(sample.statements[2]))
        await enqueue(
            session, sample.company_id, Message("answer_received", "email", "a@b.example", "told", *subject, {})
        )
    client = await sign_in("chen")
    page = (await client.get("/outbox?state=pending&lang=en")).text
    assert f'<a href="/customers/{sample.customers[2]}">' in page
    assert "/customers/None" not in page
