"""Deciding in the inbox and from a mailed link: once, on what was shown, by whom it was meant for."""

import html
import re

import httpx
from fastapi import FastAPI

from storage.database import Database, transaction
from storage.pages import find_statement
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.support import fingerprint

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def _card(page: str, request_id: object) -> dict[str, str]:
    card = page.split(f'id="r-{request_id}"')[1].split("</article>", maxsplit=1)[0]
    form = card.split('<form method="post"')[1]
    return {name: html.unescape(value) for name, value in FIELD.findall(form)}


async def _status(engine: Database, sample: Sample, index: int) -> str:
    async with transaction(engine, sample.company_id) as session:
        row = await find_statement(session, sample.company_id, sample.statements[index])
    assert row is not None
    return str(row["status"])


async def test_one_approval_pressed_twice_counts_once(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """The card disappears, the statement moves on, the second press changes nothing."""
    client = await sign_in("alice")
    page = (await client.get("/inbox")).text
    fields = _card(page, sample.requests[0]) | {"decision": "approve"}
    first = await client.post("/inbox", data=fields)
    assert first.status_code == 303
    assert await _status(engine, sample, 0) == "approved"
    before = await fingerprint(engine)
    assert (await client.post("/inbox", data=fields)).status_code == 303
    assert await fingerprint(engine) == before
    assert f'id="r-{sample.requests[0]}"' not in (await client.get("/inbox")).text


async def test_a_rejection_needs_a_comment_and_a_stale_card_is_refused(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """What is refused is said above the inbox as it stands."""
    client = await sign_in("bob")
    fields = _card((await client.get("/inbox")).text, sample.requests[0])
    refused = await client.post("/inbox", data=fields | {"decision": "reject"})
    assert refused.status_code in (409, 422)
    assert 'role="alert"' in refused.text
    stale = await client.post("/inbox", data=fields | {"decision": "approve", "digest": "0" * 64, "key": "web/other"})
    assert stale.status_code == 409
    assert await _status(engine, sample, 0) == "in_review"


async def test_bulk_gives_one_result_per_item(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """One of the chosen is stale: the others go through."""
    client = await sign_in("alice")
    page = (await client.get("/inbox")).text
    choices = [html.unescape(value) for value in re.findall(r'name="choice" value="([^"]+)"', page)]
    assert len(choices) == 2
    parts = choices[1].split("|")
    parts[4] = "f" * 64
    answer = await client.post("/inbox/bulk", data={"choice": [choices[0], "|".join(parts)]})
    assert answer.text.count("badge bad") >= 1
    done = [await _status(engine, sample, index) for index in (0, 1)]
    assert sorted(done) == ["approved", "in_review"]


async def test_the_preparer_is_not_asked(sign_in: SignIn, sample: Sample) -> None:
    """A clerk who prepared the statement sees no card, and is refused all the same."""
    client = await sign_in("chen")
    assert 'name="decision"' not in (await client.get("/inbox")).text
    data = {
        "request": str(sample.requests[0]), "authority": str(sample.people["陈静"]), "round": "1", "stage": "1",
        "digest": sample.digests[0], "key": "web/k", "decision": "approve",
    }  # fmt: skip
    assert (await client.post("/inbox", data=data)).status_code in (403, 409)


async def test_a_mailed_link_decides_once_and_then_shows_the_outcome(
    client: httpx.AsyncClient, sample: Sample, engine: Database
) -> None:
    """Opening it a hundred times decides nothing; the choice is not preset; a later visit shows what became of it."""
    address = f"/a/{sample.decide_token}"
    before = await fingerprint(engine)
    for _ in range(20):
        page = await client.get(address)
    assert await fingerprint(engine) == before
    assert "Alice Reviewer" in page.text
    assert " checked" not in page.text
    fields = dict(FIELD.findall(page.text))
    nothing = await client.post(address, data=fields)
    assert nothing.status_code == 422
    decided = await client.post(address, data=fields | {"decision": "approve"})
    assert decided.status_code == 303
    assert await _status(engine, sample, 0) == "approved"
    again = await client.post(address, data=fields | {"decision": "approve"})
    assert again.status_code == 303
    later = (await client.get(address)).text
    assert "Approved" in later
    assert 'name="decision"' not in later


async def test_the_fragment_is_exchanged_for_a_cookie(client: httpx.AsyncClient, sample: Sample) -> None:
    """The secret leaves the address; without the cookie the short address opens nothing."""
    answer = await client.post("/a", data={"token": sample.decide_token})
    assert sample.decide_token not in answer.headers["location"]
    assert (await client.get(answer.headers["location"])).status_code == 200
    client.cookies.clear()
    assert (await client.get(answer.headers["location"])).status_code == 404


async def test_a_pasted_link_opens_where_no_script_runs(client: httpx.AsyncClient, sample: Sample) -> None:
    """People paste the whole link, in either form, with the blanks that mail programs add."""
    for pasted in (f"https://statements.example/a#{sample.decide_token}", f" http://x/a/{sample.decide_token} \n"):
        answer = await client.post("/a", data={"token": pasted})
        assert (await client.get(answer.headers["location"])).status_code == 200


async def test_tokens_of_the_wrong_purpose_open_nothing(
    client: httpx.AsyncClient, sample: Sample, app: FastAPI
) -> None:
    """An answering link does not decide, a deciding link does not answer, forged ones do neither."""
    assert app.state.house
    answers = {
        (await client.get(path)).status_code
        for path in (
            f"/a/{sample.answer_token}", f"/s/{sample.decide_token}", f"/a/{sample.decide_token[:-1]}A", "/s/short",
        )
    }  # fmt: skip
    assert answers == {404}
