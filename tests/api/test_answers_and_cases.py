"""What customers' answers ask of the staff, through the pages: files, told payments, the wrong person, cases."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from api.answer_form import MAX_BODY
from storage.database import Database, transaction
from storage.schema import adjustment, approval_request, attachment, dispute, dispute_message, payment_hint, task
from tests.answers.desk import PDF
from tests.answers.test_money_on_its_way import TODAY
from tests.api.conftest import SignIn
from tests.api.sample import Sample

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


async def answer(client: httpx.AsyncClient, sample: Sample, files: Any = None, **typed: str) -> httpx.Response:  # noqa: ANN401 - what httpx takes
    """Opens the page and sends its form as a browser does, in parts."""
    address = f"/s/{sample.answer_token}"
    form = dict(FIELD.findall((await client.get(address)).text.split('id="answer"')[1]))
    return await client.post(f"{address}/answer", data=form | {"name": "王会计", **typed}, files=files or {})


async def rows(engine: Database, sample: Sample, query: Any) -> list[Any]:  # noqa: ANN401 - any query
    """Rows of the sample company."""
    async with transaction(engine, sample.company_id) as session:
        return list(await session.execute(query))


async def test_a_proof_is_downloaded_by_staff_only_and_never_shown_inline(
    client: httpx.AsyncClient, sample: Sample, sign_in: SignIn, engine: Database
) -> None:
    """A POST with the session's token; the answer is an attachment that no browser opens in our name."""
    paid = {"kind": "already_paid", "pay_amount_1": "84.00", "pay_on_1": str(TODAY - timedelta(days=1))}
    sent = await answer(client, sample, {"file_payment": ("回单.pdf", PDF, "application/pdf")}, **paid)
    assert sent.status_code == 303
    [row] = await rows(engine, sample, select(attachment.c.id))
    address = f"/attachments/{row.id}"
    assert (await client.post(address)).status_code in {303, 403}
    chen, colin = await sign_in("chen"), await sign_in("colin")
    assert (await colin.post(address)).status_code == 403
    got = await chen.post(address)
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, PDF, "application/octet-stream")
    assert got.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in got.headers["content-security-policy"]
    assert (await chen.get(address)).status_code == 405


async def test_a_told_payment_is_ended_once_on_the_answers_page(
    client: httpx.AsyncClient, sample: Sample, sign_in: SignIn, engine: Database
) -> None:
    """Found, and a second press is told that somebody was faster."""
    paid = {"kind": "already_paid", "pay_amount_1": "84.00", "pay_on_1": str(TODAY - timedelta(days=1))}
    await answer(client, sample, **paid)
    [hint] = await rows(engine, sample, select(payment_hint.c.id))
    chen = await sign_in("chen")
    assert "84.00" in (await chen.get("/answers?kind=already_paid")).text
    address = f"/answers/payments/{hint.id}"
    assert (await chen.post(address, data={"ending": "lost"})).status_code == 404
    assert (await chen.post(address, data={"ending": "found"})).status_code == 303
    assert (await chen.post(address, data={"ending": "found"})).status_code == 409


async def test_a_statement_is_passed_on_from_the_answers_page(
    client: httpx.AsyncClient, sample: Sample, sign_in: SignIn, engine: Database
) -> None:
    """The named person is shown with the buttons until one is pressed."""
    who = {"colleague_name": "李会计", "colleague_email": "li@customer.example"}
    await answer(client, sample, kind="wrong_person", **who)
    chen = await sign_in("chen")
    page = (await chen.get("/answers")).text
    action = re.search(r'action="(/answers/[^"]+/forward)"', page)
    assert action is not None
    form = {"name": "李会计", "email": "li@customer.example"}
    assert (await chen.post(action[1], data={**form, "email": "li"})).status_code == 422
    assert (await chen.post(action[1], data=form)).status_code == 303
    assert (await chen.post(action[1], data=form)).status_code == 409
    assert "/forward" not in (await chen.get("/answers")).text
    assert (
        await rows(engine, sample, select(task.c.id).where(task.c.kind == "wrong_person", task.c.state == "open")) == []
    )


async def test_a_case_is_worked_on_its_page(
    client: httpx.AsyncClient, sample: Sample, sign_in: SignIn, engine: Database
) -> None:
    """Taken, talked about with a file, offered, a credit asked for: all on one page; outsiders only look."""
    line = {"kind": "agree_except", "reason_2": "price", "amount_2": "100.25", "text_2": "Agreed 740.25"}
    await answer(client, sample, {"file_2": ("list.txt", b"740.25", "text/plain")}, **line)
    [case] = await rows(engine, sample, select(dispute.c.id))
    chen, colin, address = await sign_in("chen"), await sign_in("colin"), f"/disputes/{case.id}"
    assert (await colin.get(address)).status_code == 200
    assert (await colin.post(f"{address}/take")).status_code == 403
    assert (await chen.post(f"{address}/take")).status_code == 303
    said = await chen.post(
        f"{address}/say", data={"text": "look at this", "public": "true"}, files={"file": ("a.pdf", PDF, "x/y")}
    )
    assert said.status_code == 303
    assert (await chen.post(f"{address}/propose", data={"resolution": "credited", "note": "half"})).status_code == 303
    credit = {"kind": "credit_memo", "amount": "50.00", "effective": "2026-06-30", "note": "price list"}
    assert (await chen.post(f"{address}/credit", data={**credit, "amount": "100.26"})).status_code == 422
    assert (await chen.post(f"{address}/credit", data=credit)).status_code == 303
    page = (await chen.get(f"{address}?lang=en")).text
    for shown in ("list.txt", "a.pdf", "look at this", "half", "Waits for approval", "100.25"):
        assert shown in page, shown
    assert len(await rows(engine, sample, select(dispute_message.c.id))) == 2
    [asked] = await rows(engine, sample, select(adjustment.c.id))
    query = select(approval_request.c.state).where(approval_request.c.subject_id == str(asked.id))
    assert [row.state for row in await rows(engine, sample, query)] == ["open"]
    theirs = (await client.get(f"/s/{sample.answer_token}?lang=en")).text
    assert "look at this" in theirs
    assert "a.pdf" not in theirs
    assert (await chen.post(address, data={"resolution": "withdrawn", "note": "by phone"})).status_code == 303
    assert (await chen.post(f"{address}/reopen", data={"note": "again"})).status_code == 303


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "many"])
async def test_a_body_without_a_bounded_length_is_not_read(
    client: httpx.AsyncClient, sample: Sample, length: str
) -> None:
    """Refused by what the browser says of its length, before a byte is spooled."""
    address = f"/s/{sample.answer_token}/answer"
    refused = await client.post(address, content=b"kind=agree", headers={"Content-Length": length})
    assert refused.status_code == 422
