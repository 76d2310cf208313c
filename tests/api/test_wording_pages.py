"""A manager writes her own words, sees them, proposes them; a colleague agrees; credit limits go the same way."""

import re
from uuid import UUID

import httpx

from storage.database import Database, transaction
from storage.wordings import wording_told_now
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.support import fingerprint

PAGE = "/settings/wording/statement_to_customer/en"
WORDS = {
    "name-0": "A", "weight-0": "3", "subject-0": "{{ c.company }}: what you owe, {{ c.number }}",
    "text-0": "Balance {{ money(c.closing, c.currency) }}, of this overdue"
              " {{ money(c.overdue, c.currency) }}:\n{{ c.link }}",
    "html-0": "<p>Balance <strong>{{ money(c.closing, c.currency) }}</strong>, overdue"
              " {{ money(c.overdue, c.currency) }}</p>{{ button('Have a look') }}",
    "slack-0": "",
}  # fmt: skip


async def decide(client: httpx.AsyncClient, request_id: str, command: str = "approve") -> httpx.Response:
    """What is on the request's page is pressed."""
    shown = (await client.get(f"/approvals/{request_id}", params={"lang": "en"})).text
    names = "request|authority|round|stage|digest|key"
    fields = dict(re.findall(rf'name="({names})" value="([^"]*)"', shown))
    return await client.post("/inbox", data={**fields, "decision": command, "comment": "seen"})


async def test_own_words_are_tried_proposed_and_told_after_a_second_person(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """Trying keeps nothing; what has lost its link is refused; the author cannot agree to it, a colleague can."""
    mary, colin, alice = await sign_in("mary"), await sign_in("colin"), await sign_in("alice")
    before = await fingerprint(engine)
    tried = await mary.post(PAGE, data={**WORDS, "act": "try"}, params={"lang": "en"})
    assert "It can be told so." in tried.text
    assert "what you owe, 2026-06/C00123/CNY/v1" in tried.text
    preview = await mary.post(f"{PAGE}/preview", data={**WORDS, "shown": "0"})
    assert "Have a look" in preview.text
    assert "sandbox" in preview.headers["content-security-policy"]
    lost = await mary.post(PAGE, data={**WORDS, "html-0": "<p>Hello</p>", "act": "propose"}, params={"lang": "en"})
    assert lost.status_code == 422
    assert "c.link is missing" in lost.text
    assert (await alice.post(PAGE, data={**WORDS, "act": "propose"})).status_code == 403
    assert await fingerprint(engine) == before

    proposed = await mary.post(PAGE, data={**WORDS, "act": "propose"})
    assert proposed.status_code == 303
    request_id = proposed.headers["location"].split("/")[2].partition("?")[0]
    assert "waits for a decision" in (await alice.get("/settings/wording", params={"lang": "en"})).text
    assert (await decide(mary, request_id)).status_code >= 400
    async with transaction(engine, sample.company_id) as session:
        assert await wording_told_now(session, sample.company_id, "statement_to_customer", "en") is None
    assert (await decide(colin, request_id)).status_code == 303
    async with transaction(engine, sample.company_id) as session:
        told = await wording_told_now(session, sample.company_id, "statement_to_customer", "en")
    assert told is not None
    assert told.version == 1
    assert "Have a look" in (await alice.get(f"{PAGE}/body")).text
    assert "told now" in (await alice.get(PAGE, params={"lang": "en"})).text


async def test_variants_are_added_and_left_out(sign_in: SignIn) -> None:
    """Up to five; a wrong weight is said; the page never loses what was written."""
    mary = await sign_in("mary")
    added = await mary.post(PAGE, data={**WORDS, "act": "add"}, params={"lang": "en"})
    assert 'name="name-1"' in added.text
    assert "what you owe" in added.text
    two = {**WORDS, "name-1": "B", "weight-1": "x", "subject-1": "Only B", "act": "try"}
    assert "A weight is a number" in (await mary.post(PAGE, data=two, params={"lang": "en"})).text
    dropped = await mary.post(PAGE, data={**two, "drop-1": "yes"}, params={"lang": "en"})
    assert "Only B" not in dropped.text
    assert (await mary.get("/settings/wording/nothing/en")).status_code == 404


async def test_a_limit_is_proposed_approved_and_shown(sign_in: SignIn, sample: Sample) -> None:
    """A clerk proposes, a reviewer and a manager agree; the customer's page and the credit page show it."""
    chen, alice, mary = await sign_in("chen"), await sign_in("alice"), await sign_in("mary")
    customer: UUID = sample.customers[1]
    for wrong in ({"amount": "x"}, {"currency": "XXQ"}, {"reason": " "}):
        given = {"amount": "1.00", "currency": "CNY", "reason": "large orders", **wrong}
        assert (await chen.post(f"/customers/{customer}/credit-limit", data=given)).status_code == 422
    asked = await chen.post(
        f"/customers/{customer}/credit-limit", data={"amount": "1.00", "currency": "CNY", "reason": "large orders"}
    )
    assert asked.status_code == 303
    request_id = asked.headers["location"].split("/")[2].partition("?")[0]
    assert "Proposed: CNY 1.00" in (await alice.get(f"/customers/{customer}", params={"lang": "en"})).text
    assert (await decide(alice, request_id)).status_code == 303
    assert "No limit was set." in (await alice.get(f"/customers/{customer}", params={"lang": "en"})).text
    assert (await decide(mary, request_id)).status_code == 303
    shown = (await alice.get(f"/customers/{customer}", params={"lang": "en"})).text
    assert "large orders" in shown
    assert "No limit was set." not in shown
    credit = (await alice.get("/credit", params={"lang": "en", "only": "all"})).text
    assert "C00123" in credit
    assert ">Disputed<" in credit
