"""The portal by its pages, on a real database and the mails as they are frozen."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import func, select, update

from api.app import create_app
from services.enter_portal import CODES_PER_ADDRESS, TRIES_PER_CODE
from services.freeze_message import freeze_message
from services.publish_policy import draft_policy, publish_policy
from services.settings import Settings
from storage.claims import Pace, claim
from storage.database import Database, transaction
from storage.schema import (
    answer,
    approval_request,
    audit_event,
    contact,
    login_attempt,
    message_preference,
    outbox,
    portal_code,
    portal_session,
)
from tests.answers.desk import new_desk
from tests.api.conftest import CSRF, ORIGIN, client_of
from tests.approvals.test_handbook_policies import examples
from tests.disputes.case_house import new_house
from tests.support.books import Book

ADDRESS = "pay@customer.example"


@pytest.fixture
def app(engine: Database, tmp_path: Path) -> FastAPI:
    """The application."""
    return create_app(Settings(home=tmp_path, public_url=ORIGIN, _env_file=None), engine)  # type: ignore[call-arg] # pydantic-settings


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser."""
    async with client_of(app) as made:
        yield made


async def mailed(book: Book, kind: str = "portal_code") -> list[EmailMessage]:
    """The mails of a kind that wait, frozen as the relay freezes them; the newest last."""
    found = []
    settings = Settings(public_url=ORIGIN, _env_file=None)  # type: ignore[call-arg] # pydantic-settings
    async with transaction(book.engine, book.company.id) as session:
        rows = await claim(session, book.company.id, 50, Pace(lease=60, quiet=900))
        for row in rows:
            if row.kind == kind:
                frozen = await freeze_message(session, book.company.id, row, settings, datetime.now(UTC))
                assert frozen is not None
                found.append(message_from_bytes(frozen, policy=policy.default))
    return found


async def code_in_mail(book: Book) -> str:
    """The digits of the newest mail."""
    [mail] = await mailed(book)
    part = mail.get_body(("plain",))
    assert part is not None
    match = re.search(r"(?<!\d)\d{8}(?!\d)", part.get_content())
    assert match is not None
    return match[0]


async def enter(client: httpx.AsyncClient, book: Book, address: str = ADDRESS) -> httpx.Response:
    """From the door to the statements."""
    await client.post("/portal/code", data={"email": address})
    answered = await client.post("/portal/enter", data={"code": await code_in_mail(book)})
    assert answered.status_code == 303
    return await client.get("/portal")


def token_of(page: httpx.Response) -> str:
    """The form's own token."""
    match = CSRF.search(page.text)
    assert match is not None
    return match[1]


async def test_a_code_from_the_mail_opens_all_statements_of_the_address(
    engine: Database, client: httpx.AsyncClient
) -> None:
    desk = await new_desk(engine)
    other = await desk.book.add_customer("C2")
    await desk.book.add_contact(other, ADDRESS.upper())
    stranger = await desk.book.add_customer("C3")
    for customer_id, period in ((other, "2026-05"), (stranger, "2026-04")):
        await desk.book.add_sent_statement(customer_id, desk.items, period=period)
    shown = await enter(client, desk.book)
    assert shown.status_code == 200
    assert "Customer C1" in shown.text and "Customer C2" in shown.text  # noqa: PT018 - one page
    assert "Customer C3" not in shown.text
    assert "2026-04" not in shown.text
    opened = await client.get("/portal/items")
    assert "INV-2" in opened.text
    # Another kind of session: no page of the staff opens.
    assert (await client.get("/inbox")).headers["location"].startswith("/sign-in")


async def test_answering_goes_on_from_the_portal_to_the_statement_itself(
    engine: Database, client: httpx.AsyncClient
) -> None:
    house = await new_house(engine)
    statement_id = await house.send_june()
    csrf = token_of(await enter(client, house.book))
    led = await client.post(f"/portal/statements/{statement_id}", data={"csrf": csrf})
    page = await client.get(led.headers["location"])
    nonce, digest = (re.search(f'name="{name}" value="([^"]+)"', page.text) for name in ("nonce", "digest"))
    assert nonce is not None
    assert digest is not None
    form = {"kind": "agree", "name": "王建国", "nonce": nonce[1], "digest": digest[1]}
    parts = {key: (None, text) for key, text in form.items()}
    answered = await client.post(f"{led.headers['location']}/answer", files=parts)
    assert answered.status_code == 303
    [row] = await house.rows(select(answer.c.kind, answer.c.contact_id))
    assert tuple(row) == ("agree", house.contact)
    for kind, head in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("json", b"{")):
        body = (await client.get(f"/portal/statements/{statement_id}/{kind}")).content
        assert body.startswith(head)
    # Signing out everywhere ends the link that the portal opened, not the one in the mail.
    assert (await client.post("/portal/leave", data={"csrf": csrf, "everywhere": "true"})).status_code == 303
    assert (await client.get(led.headers["location"])).status_code == 404
    link, _ = await house.page()
    assert (await client.get(f"/s/{link}")).status_code == 200


async def test_nobody_learns_which_addresses_are_known(engine: Database, client: httpx.AsyncClient) -> None:
    desk = await new_desk(engine)
    seen = []
    for address in (ADDRESS, "nobody@nowhere.example", "not an address"):
        client.cookies.clear()
        asked = await client.post("/portal/code", data={"email": address})
        door = await client.get("/portal")
        wrong = await client.post("/portal/enter", data={"code": "00000000"})
        seen.append((asked.status_code, asked.headers["location"], door.text, wrong.status_code, wrong.text))
        assert "portal-ask" in asked.headers["set-cookie"]
    assert seen[0] == seen[1] == seen[2]
    assert wrong.status_code == 422
    assert [row.recipient for row in await desk.rows(select(outbox.c.recipient))] == [ADDRESS]


async def test_a_code_is_for_one_browser_few_tries_and_one_use(
    engine: Database, client: httpx.AsyncClient, app: FastAPI
) -> None:
    desk = await new_desk(engine)
    await client.post("/portal/code", data={"email": ADDRESS})
    code = await code_in_mail(desk.book)
    [kept] = await desk.rows(select(portal_code))
    assert code not in str(kept)
    async with client_of(app) as thief:
        assert (await thief.post("/portal/enter", data={"code": code})).status_code == 422
    for _ in range(TRIES_PER_CODE - 1):
        assert (await client.post("/portal/enter", data={"code": "1"})).status_code == 422
    asking = dict(client.cookies)
    assert (await client.post("/portal/enter", data={"code": f"{code[:4]} {code[4:]}"})).status_code == 303
    client.cookies.clear()
    client.cookies.update(asking)
    assert (await client.post("/portal/enter", data={"code": code})).status_code == 422


@pytest.mark.parametrize("change", [{"tries": TRIES_PER_CODE}, {"expires_at": func.now() - timedelta(seconds=1)}])
async def test_worn_out_codes_open_nothing(
    engine: Database, client: httpx.AsyncClient, change: dict[str, object]
) -> None:
    desk = await new_desk(engine)
    await client.post("/portal/code", data={"email": ADDRESS})
    code = await code_in_mail(desk.book)
    async with transaction(engine, desk.book.company.id) as session:
        await session.execute(update(portal_code).values(**change))
    assert (await client.post("/portal/enter", data={"code": code})).status_code == 422


async def test_asking_is_limited_by_address_and_by_network(engine: Database, client: httpx.AsyncClient) -> None:
    desk = await new_desk(engine)
    for address in (ADDRESS, "nobody@nowhere.example"):
        for _ in range(CODES_PER_ADDRESS):
            assert (await client.post("/portal/code", data={"email": address})).status_code == 303
        assert (await client.post("/portal/code", data={"email": address})).status_code == 429
    assert len(await desk.rows(select(outbox))) == CODES_PER_ADDRESS
    for place in range(20):
        await client.post("/portal/code", data={"email": f"{place}@nowhere.example"})
    assert (await client.post("/portal/code", data={"email": "new@nowhere.example"})).status_code == 429
    subjects = [row[0] for row in await desk.rows(select(login_attempt.c.subject).distinct())]
    assert not [subject for subject in subjects if "@" in subject]


async def test_two_companies_send_a_code_each_and_each_opens_its_own(
    engine: Database, client: httpx.AsyncClient
) -> None:
    mine, theirs = await new_desk(engine), await new_desk(engine, "OTHER")
    await client.post("/portal/code", data={"email": ADDRESS})
    code, other = await code_in_mail(mine.book), await code_in_mail(theirs.book)
    assert code != other
    assert (await client.post("/portal/enter", data={"code": other})).status_code == 303
    shown = await client.get("/portal")
    assert "OTHER Trading" in shown.text
    assert str(theirs.statement) in shown.text
    assert str(mine.statement) not in shown.text
    csrf = token_of(shown)
    foreign = [
        await client.post(f"/portal/statements/{mine.statement}", data={"csrf": csrf}),
        await client.get(f"/portal/statements/{mine.statement}/pdf"),
        await client.post(f"/portal/contacts/{mine.contact}", data={"csrf": csrf, "name": "x", "email": "x@y.example"}),
        await client.post(f"/portal/contacts/{mine.contact}/messages", data={"csrf": csrf}),
    ]
    assert {one.status_code for one in foreign} == {404}
    assert {tuple(row) for row in await mine.rows(select(contact.c.name, contact.c.email))} == {
        ("Customer's Contact", ADDRESS)
    }


async def test_own_data_and_wishes_are_changed_and_a_new_address_ends_the_visit(
    engine: Database, client: httpx.AsyncClient
) -> None:
    desk = await new_desk(engine)
    victim = await desk.book.add_customer("C9")
    await desk.book.add_contact(victim, "victim@customer.example")
    csrf = token_of(await enter(client, desk.book))
    wishes = {"csrf": csrf, "wanted": "promise_due", "by_link": "true"}
    forged = await client.post(f"/portal/contacts/{desk.contact}/messages", data=wishes | {"csrf": "another"})
    assert forged.status_code == 403
    await client.post(f"/portal/contacts/{desk.contact}/messages", data=wishes)
    [wish] = await desk.rows(select(message_preference))
    assert (wish.person_id, wish.opted_out, wish.channels) == (desk.contact, ["reminder"], ["email:link"])
    assert "checked" in (await client.get("/portal/contact")).text
    data = {"csrf": csrf, "name": "Wang", "email": "no address", "language": "en"}
    assert (await client.post(f"/portal/contacts/{desk.contact}", data=data)).status_code == 422
    data["email"] = "victim@customer.example"
    saved = await client.post(f"/portal/contacts/{desk.contact}", data=data)
    assert saved.headers["location"] == "/portal/contact?done=saved"
    # The session proved the old address: what the new one may see needs a code of its own.
    assert (await client.get("/portal/contact")).headers["location"] == "/portal"
    assert "C9" not in (await client.get("/portal")).text
    verbs = {(row.verb, row.actor_kind, row.actor_id) for row in await desk.rows(select(audit_event))}
    assert {("contact_edited", "customer", desk.contact), ("messages_chosen", "customer", desk.contact)} <= verbs


@pytest.mark.parametrize("gone", ["disabled", "signed_out", "expired"])
async def test_a_visit_ends(engine: Database, client: httpx.AsyncClient, app: FastAPI, gone: str) -> None:
    desk = await new_desk(engine)
    csrf = token_of(await enter(client, desk.book))
    assert (await client.post("/portal/leave", data={"csrf": "forged"})).status_code == 403
    async with client_of(app) as second:
        await second.post("/portal/code", data={"email": ADDRESS})
        await second.post("/portal/enter", data={"code": await code_in_mail(desk.book)})
        async with transaction(engine, desk.book.company.id) as session:
            if gone == "disabled":
                await session.execute(update(contact).values(disabled_at=func.now()))
            elif gone == "expired":
                await session.execute(update(portal_session).values(expires_at=func.now()))
        if gone == "signed_out":
            await client.post("/portal/leave", data={"csrf": csrf, "everywhere": "true"})
        for browser in (client, second):
            assert (await browser.get("/portal/items")).headers["location"] == "/portal"


async def test_a_mail_by_link_carries_no_files(engine: Database, client: httpx.AsyncClient) -> None:
    house = await new_house(engine)
    csrf = token_of(await enter(client, house.book))
    await client.post(f"/portal/contacts/{house.contact}/messages", data={"csrf": csrf, "by_link": "true"})
    await house.send_june()
    [mail] = await mailed(house.book, "statement_to_customer")
    assert list(mail.iter_attachments()) == []
    part = mail.get_body(("plain",))
    assert part is not None
    assert f"{ORIGIN}/s#" in part.get_content()
    assert ".pdf" not in part.get_content()


async def test_a_policy_puts_the_customers_own_change_under_other_eyes(
    engine: Database, client: httpx.AsyncClient
) -> None:
    """As it is for staff: asked, told so on the page, and done by the decision."""
    house = await new_house(engine)
    company_id, root = house.book.company.id, await house.book.add_person("root", "administrator")
    policy_id = await draft_policy(engine, company_id, examples()[8], house.people["mary"])
    await publish_policy(engine, company_id, policy_id, root)
    csrf = token_of(await enter(client, house.book))
    data = {"csrf": csrf, "name": "Wang", "email": "new@customer.example", "language": "en"}
    answered = await client.post(f"/portal/contacts/{house.contact}", data=data)
    assert answered.headers["location"] == "/portal/contact?done=asked"
    assert "Trading" in (await client.get("/portal/contact?done=asked")).text
    [request] = await house.rows(select(approval_request.c.id).where(approval_request.c.state == "open"))
    assert [row.email for row in await house.rows(select(contact.c.email))] == [ADDRESS]
    assert await house.decide(request.id, "alice") in {"approved", "consumed"}
    assert [row.email for row in await house.rows(select(contact.c.email))] == ["new@customer.example"]
    assert (await client.get("/portal/contact")).headers["location"] == "/portal"
