"""The customer's page: no account, both answers, the recorded answer on the second visit."""

import re

import httpx
import pytest

from storage.database import Database, transaction
from storage.disputes import disputes_of
from storage.pages import find_statement
from tests.api.sample import Sample
from tests.api.support import fingerprint

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def _form(page: str) -> dict[str, str]:
    return dict(FIELD.findall(page.split('id="answer"')[1]))


async def _status(engine: Database, sample: Sample) -> str:
    async with transaction(engine, sample.company_id) as session:
        row = await find_statement(session, sample.company_id, sample.statements[2])
    assert row is not None
    return str(row["status"])


async def test_it_shows_the_figures_in_the_customers_language(client: httpx.AsyncClient, sample: Sample) -> None:
    """Chinese for a Chinese customer, English on request; the amount in characters; every figure of the content."""
    page = (await client.get(f"/s/{sample.answer_token}")).text
    assert '<html lang="zh-CN">' in page
    assert "2,464.22" in page
    assert "贰仟肆佰陆拾肆元贰角贰分" in page
    assert " checked" not in page
    english = (await client.get(f"/s/{sample.answer_token}?lang=en")).text
    assert "The balance of CNY 2,464.22 is correct." in english


async def test_agreeing_is_recorded_once(client: httpx.AsyncClient, sample: Sample, engine: Database) -> None:
    """The same page sent twice is one answer; the second visit shows it."""
    address = f"/s/{sample.answer_token}"
    form = _form((await client.get(address)).text) | {"kind": "agree", "name": "王会计", "position": "会计"}
    assert (await client.post(f"{address}/answer", data=form)).status_code == 303
    assert await _status(engine, sample) == "confirmed"
    before = await fingerprint(engine)
    assert (await client.post(f"{address}/answer", data=form)).status_code == 303
    assert await fingerprint(engine) == before
    later = (await client.get(address)).text
    assert 'id="recorded"' in later
    assert "王会计" in later


async def test_a_part_of_a_line_is_disputed(client: httpx.AsyncClient, sample: Sample, engine: Database) -> None:
    """Chosen by an address, so it works without scripts and for any number of lines."""
    address = f"/s/{sample.answer_token}"
    page = (await client.get(f"{address}?dispute=2&lang=en")).text
    assert "In your dispute" in page
    form = _form(page) | {
        "kind": "agree_except", "name": "Wang", "reason_2": "price", "amount_2": "1,00.25", "text_2": "Agreed 740.25",
    }  # fmt: skip
    assert (await client.post(f"{address}/answer", data=form)).status_code == 303
    assert await _status(engine, sample) == "disputed"
    async with transaction(engine, sample.company_id) as session:
        disputes = await disputes_of(session, sample.company_id, sample.statements[2])
    assert [(one.reason, one.amount) for one in disputes] == [("price", 10_025)]
    assert "Agreed 740.25" in (await client.get(address)).text


async def test_an_incomplete_answer_keeps_what_was_typed(client: httpx.AsyncClient, sample: Sample) -> None:
    """More than the line holds: refused with the reason, the fields still filled."""
    address = f"/s/{sample.answer_token}"
    form = _form((await client.get(f"{address}?dispute=2")).text) | {
        "kind": "dispute", "name": "Wang", "reason_2": "price", "amount_2": "99999", "text_2": "my words",
    }  # fmt: skip
    refused = await client.post(f"{address}/answer?lang=en", data=form)
    assert refused.status_code == 422
    assert "my words" in refused.text
    assert "99999" in refused.text
    assert 'role="alert"' in refused.text


async def test_opening_is_noted_by_the_pages_own_post(
    client: httpx.AsyncClient, sample: Sample, engine: Database
) -> None:
    """Scanners only look; the page's script tells once."""
    address = f"/s/{sample.answer_token}"
    assert (await client.post(f"{address}/opened")).status_code == 204
    before = await fingerprint(engine)
    assert (await client.post(f"{address}/opened")).status_code == 204
    assert await fingerprint(engine) == before


async def test_the_fragment_way_keeps_the_secret_out_of_the_address(client: httpx.AsyncClient, sample: Sample) -> None:
    """The page works the same behind the short address."""
    entered = await client.post("/s", data={"token": sample.answer_token})
    short = entered.headers["location"]
    assert sample.answer_token not in short
    page = (await client.get(short)).text
    assert sample.answer_token not in page
    form = _form(page) | {"kind": "agree", "name": "Wang"}
    assert (await client.post(f"{short}/answer", data=form)).status_code == 303


@pytest.mark.parametrize("kind", ["pdf", "xlsx", "json"])
async def test_files_hold_the_same_figures(client: httpx.AsyncClient, sample: Sample, kind: str) -> None:
    """Downloads, always as attachments."""
    answer = await client.get(f"/s/{sample.answer_token}/{kind}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert len(answer.content) > 500
