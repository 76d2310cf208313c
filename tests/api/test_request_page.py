"""One request on its page: passing it on, taking back, the administrator's help, and coming back after a return."""

import html
import re
from uuid import UUID

import httpx
from sqlalchemy import text

from storage.approvals import read_request
from storage.database import Database, transaction
from tests.api.conftest import SignIn
from tests.api.sample import Sample

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


async def page_of(client: httpx.AsyncClient, request_id: object) -> str:
    """The request's page in English."""
    shown = await client.get(f"/approvals/{request_id}", params={"lang": "en"})
    assert shown.status_code == 200
    return shown.text


def form_of(page: str, act: str) -> dict[str, str]:
    """The hidden fields of the form for an act."""
    form = next(part for part in page.split("<form ")[1:] if f'name="act" value="{act}"' in part)
    return {name: html.unescape(value) for name, value in HIDDEN.findall(form.split("</form>")[0]) if name != "csrf"}


async def send(client: httpx.AsyncClient, request_id: object, act: str, **given: str) -> httpx.Response:
    """Presses the button of an act that the page offers."""
    fields = form_of(await page_of(client, request_id), act) | given
    return await client.post(f"/approvals/{request_id}/acts", data=fields, params={"lang": "en"})


async def state_of(engine: Database, sample: Sample, request_id: UUID) -> str:
    """Where the request stands."""
    async with transaction(engine, sample.company_id) as session:
        stored = await read_request(session, sample.company_id, request_id)
    assert stored is not None
    return stored.request.state


async def test_a_candidate_asks_forwards_and_adds_a_signature(sign_in: SignIn, sample: Sample) -> None:
    """An opinion does not count, an added signature must be given, forwarding leaves the forwarder without a seat."""
    request_id = sample.requests[0]
    alice, bob, mary = await sign_in("alice"), await sign_in("bob"), await sign_in("mary")
    colin = await sign_in("colin")
    person = {name: str(one) for name, one in sample.people.items()}
    asked = await send(alice, request_id, "ask_opinion", person=person["Colin Compliance"], comment="Seen before?")
    assert asked.status_code == 303
    assert (await send(colin, request_id, "give_opinion", comment="Yes, last year")).status_code == 303
    assert "Yes, last year" in await page_of(bob, request_id)
    added = await send(alice, request_id, "add_sign", seat="role:manager", where="beside")
    assert added.status_code == 303
    taken = await send(alice, request_id, "remove_sign")
    assert taken.status_code == 303
    await send(alice, request_id, "add_sign", seat=f"user:{person['Mary Manager']}", where="before")
    assert "This does not wait for you." in await page_of(bob, request_id)
    assert 'name="decision" value="approve"' in await page_of(mary, request_id)
    assert "added by Alice Reviewer" in await page_of(mary, request_id)


async def test_forwarding_goes_to_who_may_sit_there_only(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """A refusal stands above the request; the other reviewer can be chosen."""
    request_id = sample.requests[0]
    alice, bob = await sign_in("alice"), await sign_in("bob")
    refused = await send(alice, request_id, "forward", person=str(sample.people["Colin Compliance"]))
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    sent = await send(alice, request_id, "forward", person=str(sample.people["Bob Reviewer"]))
    assert sent.status_code == 303
    assert "This does not wait for you." in await page_of(alice, request_id)
    assert "Alice Reviewer handed this on to Bob Reviewer" in await page_of(bob, request_id)
    async with transaction(engine, sample.company_id) as session:
        told = await session.execute(
            text("select person_id from outbox where dedup_key like '%/act/%' and channel = 'email'")
        )
    assert told.scalars().all() == [sample.people["Bob Reviewer"]]


async def test_the_submitter_reminds_and_withdraws(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """Not too often; nobody else is offered it."""
    request_id = sample.requests[0]
    chen, alice = await sign_in("chen"), await sign_in("alice")
    assert 'value="withdraw"' not in await page_of(alice, request_id)
    too_soon = await send(chen, request_id, "remind")
    assert too_soon.status_code == 409
    assert (await send(chen, request_id, "withdraw", comment="wrong month")).status_code == 303
    assert await state_of(engine, sample, request_id) == "withdrawn"


async def test_an_administrator_helps_and_cancels_but_never_votes(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """More candidates for a stage that nobody can fill; cancelling needs a reason."""
    request_id = sample.requests[0]
    ada, mary = await sign_in("ada"), await sign_in("mary")
    page = await page_of(ada, request_id)
    assert 'name="decision"' not in page
    assert "This does not wait for you." in await page_of(mary, request_id)
    assert (await send(ada, request_id, "rescue", seat="role:manager", comment="holiday")).status_code == 303
    assert 'name="decision" value="approve"' in await page_of(mary, request_id)
    assert (await send(ada, request_id, "cancel", comment=" ")).status_code == 422
    assert (await send(ada, request_id, "cancel", comment="the customer left")).status_code == 303
    assert await state_of(engine, sample, request_id) == "cancelled"


async def test_a_returned_statement_is_submitted_again(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """Round two, and the earlier request says that it was replaced."""
    request_id = sample.requests[0]
    alice, chen = await sign_in("alice"), await sign_in("chen")
    page = await page_of(alice, request_id)
    fields = dict(HIDDEN.findall(page.split('action="/inbox"')[1].split("</form>")[0]))
    await alice.post("/inbox", data=fields | {"decision": "return", "comment": "line 3 is paid"})
    assert "It was returned" in await page_of(chen, request_id)
    again = await chen.post(f"/approvals/{request_id}/resubmit")
    assert again.status_code == 303
    assert await state_of(engine, sample, request_id) == "superseded"
    following = UUID(again.headers["location"].split("/")[2].split("?")[0])
    async with transaction(engine, sample.company_id) as session:
        stored = await read_request(session, sample.company_id, following)
        status = await session.execute(
            text("select status from statement where id = :id"), {"id": sample.statements[0]}
        )
    assert stored is not None
    assert (stored.request.round, stored.request.state, status.scalar_one()) == (2, "open", "in_review")
    assert (await chen.post(f"/approvals/{request_id}/resubmit")).status_code == 404


async def test_a_voter_takes_the_vote_back_while_the_stage_is_open(sign_in: SignIn, sample: Sample) -> None:
    """With a second signature asked for, the first vote leaves the stage open."""
    request_id = sample.requests[0]
    alice = await sign_in("alice")
    await send(alice, request_id, "add_sign", seat="role:manager", where="beside")
    page = await page_of(alice, request_id)
    fields = dict(HIDDEN.findall(page.split('action="/inbox"')[1].split("</form>")[0]))
    assert (await alice.post("/inbox", data=fields | {"decision": "approve"})).status_code == 303
    assert (await send(alice, request_id, "revoke")).status_code == 303
    assert 'name="decision" value="approve"' in await page_of(alice, request_id)
