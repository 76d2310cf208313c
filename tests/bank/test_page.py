"""The page of bank files: what does not tie is shown with its difference, and decided by another than the clerk."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest_asyncio
from fastapi import FastAPI

from scripts.bank_samples import Sample, mt940
from services.show_bank import accounts_of
from tests.api.conftest import SignIn, app, sample, sign_in  # fixtures
from tests.bank.conftest import paid
from tests.bank.conftest import sample as statement

__all__ = ["app", "sample", "sign_in"]

ID = re.compile(r'href="/bank/([0-9a-f-]{36})"')
LINE = re.compile(r'action="/bank/lines/([0-9a-f-]{36})/assign"')


@pytest_asyncio.fixture
async def clerk(sign_in: SignIn, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who brings files and may not accept what does not tie."""
    assert app.routes
    yield await sign_in("chen")


async def _upload(client: httpx.AsyncClient, one: Sample) -> httpx.Response:
    return await client.post("/bank", files={"upload": ("june.mt940", mt940([one]))}, data={"layout": ""})


BROKEN = replace(statement(paid(3, "30.00", "thanks", "Somebody", "C-9")), stated_closing=Decimal("500.00"))


async def test_a_file_that_does_not_tie(sign_in: SignIn, clerk: httpx.AsyncClient) -> None:
    """Its difference and the line of the finding, in both languages; a manager accepts it with a reason."""
    answer = await _upload(clerk, BROKEN)
    assert answer.status_code == 200
    assert "-470.00" in answer.text
    file_id = ID.findall(answer.text)[0]
    for language, sentence in (("en", "do not add up to the closing balance"), ("zh", "期初余额加各行不等于期末余额")):
        shown = await clerk.get(f"/bank/{file_id}?lang={language}")
        assert sentence in shown.text
        assert "-470.00" in shown.text
    refused = await clerk.post(f"/bank/{file_id}/accept", data={"reason": "it is fine"})
    assert refused.status_code == 403
    manager = await sign_in("mary")
    assert (await manager.post(f"/bank/{file_id}/accept", data={"reason": " "})).status_code == 422
    accepted = await manager.post(f"/bank/{file_id}/accept", data={"reason": "the bank confirmed"})
    assert accepted.status_code == 303
    assert "the bank confirmed" in (await manager.get(f"/bank/{file_id}?lang=en")).text


async def test_a_receipt_without_a_customer(clerk: httpx.AsyncClient) -> None:
    """It waits on the page, is assigned, and its payer stands among the rules until removed."""
    answer = await _upload(clerk, statement(paid(3, "30.00", "thanks", "Somebody", "C-9")))
    line_id = LINE.findall(answer.text)[0]
    unknown = await clerk.post(f"/bank/lines/{line_id}/assign", data={"customer": "NOBODY", "remember": "true"})
    assert unknown.status_code == 404
    code = re.findall(r'<option value="([^"]+)">', answer.text)[0]
    done = await clerk.post(f"/bank/lines/{line_id}/assign", data={"customer": code, "remember": "true"})
    assert done.status_code == 303
    page = await clerk.get("/bank?lang=en")
    assert "Every receipt has its customer." in page.text
    rules = re.findall(r'action="(/bank/payers/[^"]+)"', page.text)
    assert len(rules) == 2
    for rule in rules:
        assert (await clerk.post(rule)).status_code == 303
    assert "Who pays for whom" not in (await clerk.get("/bank?lang=en")).text


async def test_what_cannot_be_read_is_said_on_the_page(clerk: httpx.AsyncClient) -> None:
    """No traceback, no empty answer."""
    answer = await clerk.post("/bank?lang=zh", files={"upload": ("x.bin", b"\x89PNG\r\n\x1a\n" + bytes(40))})
    assert answer.status_code == 422
    assert "文件被拒" in answer.text


def test_gaps_between_statements() -> None:
    """A number left out, or an opening that does not follow, per account."""
    rows = [
        {"account": "A", "currency": "CNY", "bank": "", "number": number, "opening": opening, "closing": closing,
         "opening_date": None, "closing_date": None}
        for number, opening, closing in (("1", 0, 5), ("2", 5, 7), ("2", 5, 7), ("4", 9, 9), ("", 9, 8), ("", 7, 7))
    ]  # fmt: skip
    (account,) = accounts_of(rows)
    assert [(gap["from"], gap["to"], gap["closing"], gap["opening"]) for gap in account["gaps"]] == [
        ("2", "4", 7, 9), ("", "", 8, 7),
    ]  # fmt: skip
    assert account["closing"] == 7
