"""The Excel way round: the statement's workbook, filled in as a spreadsheet leaves it, comes back as an answer."""

import io
import json
import zipfile
from typing import Any

import httpx
import xlsxwriter
from python_calamine import CalamineWorkbook

from reports.statement_workbook import COLUMNS, render_workbook
from statements import answer_columns as words
from storage.answers import answers_of
from storage.database import Database, transaction
from storage.disputes import disputes_of
from storage.pages import find_statement
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.support import fingerprint
from tests.reconcile.test_page import form_of
from words.catalog import chinese, translate

PLACES = {heading: place for place, (heading, _) in enumerate(COLUMNS)}


async def content_of(engine: Database, sample: Sample) -> dict[str, Any]:
    """The sample's sent statement."""
    async with transaction(engine, sample.company_id) as session:
        row = await find_statement(session, sample.company_id, sample.statements[2])
    assert row is not None
    content: dict[str, Any] = json.loads(row["content"])
    return content


def filled_in(content: dict[str, Any], language: str, marks: dict[int, dict[str, object]]) -> bytes:
    """Our own workbook, written again as a spreadsheet would with these cells filled in, its lines in another order."""
    original = CalamineWorkbook.from_filelike(io.BytesIO(render_workbook(content, language)))
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        for name in original.sheet_names:
            rows = original.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if name == translate(words.SHEET, language):
                lines = [_marked(row, marks) for row in rows[words.HEAD_ROWS + 1 :]]
                rows = [*rows[: words.HEAD_ROWS + 1], *reversed(lines)]
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    return buffer.getvalue()


def _marked(row: list[Any], marks: dict[int, dict[str, object]]) -> list[Any]:
    cells = [*row, *[""] * (len(COLUMNS) - len(row))]
    for heading, value in marks.get(int(cells[PLACES[words.LINE]]), {}).items():
        cells[PLACES[heading]] = value
    return cells


async def send(browser: httpx.AsyncClient, address: str, workbook: bytes, **more: str) -> httpx.Response:
    """The form of the page with the workbook."""
    fields = form_of((await browser.get(f"{address}/reconcile")).text, "workbook") | {"name": "王会计", **more}
    return await browser.post(f"{address}/reconcile", data=fields, files={"workbook": ("对账单.xlsx", workbook)})


async def test_agree_and_dispute_come_back_as_one_answer(
    client: httpx.AsyncClient, sample: Sample, engine: Database
) -> None:
    """Lines in any order; a part of one line is disputed, the others are agreed; the file is kept with the answer."""
    content = await content_of(engine, sample)
    wrong: dict[str, object] = {
        words.ANSWER: "有异议", words.REASON: "价格不符", words.AMOUNT: 100.25, words.REMARK: "约定 740.25",
    }  # fmt: skip
    wrong[words.REASON] = translate(words.REASON_NAMES["price"], "zh")
    wrong[words.ANSWER] = translate(words.DISPUTE, "zh")
    agreed: dict[str, object] = {words.ANSWER: translate(words.AGREE, "zh")}
    workbook = filled_in(content, "zh", {1: agreed, 2: wrong, 3: agreed})
    address = f"/s/{sample.answer_token}"
    answer = await send(client, address, workbook)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}#recorded")
    async with transaction(engine, sample.company_id) as session:
        [kept] = await answers_of(session, sample.company_id, sample.statements[2])
        [dispute] = await disputes_of(session, sample.company_id, sample.statements[2])
    assert (kept.kind, kept.channel, kept.name) == ("agree_except", "workbook", "王会计")
    assert (dispute.reason, dispute.amount, dispute.explanation) == ("price", 10_025, "约定 740.25")


async def test_all_agreed_confirms(client: httpx.AsyncClient, sample: Sample, engine: Database) -> None:
    """English words on an English workbook, in any case."""
    content = await content_of(engine, sample)
    workbook = filled_in(content, "en", {line: {words.ANSWER: "AGREE"} for line in (1, 2, 3)})
    assert (await send(client, f"/s/{sample.answer_token}", workbook)).status_code == 303
    async with transaction(engine, sample.company_id) as session:
        row = await find_statement(session, sample.company_id, sample.statements[2])
    assert row is not None
    assert row["status"] == "confirmed"


async def test_what_is_unclear_is_refused_with_its_place(
    client: httpx.AsyncClient, sample: Sample, engine: Database
) -> None:
    """The same checks as on the page; nothing changes."""
    content = await content_of(engine, sample)
    address = f"/s/{sample.answer_token}"
    other = {**content, "closing": "1.00"}
    agreed: dict[str, object] = {words.ANSWER: "Agree"}
    macros = io.BytesIO(filled_in(content, "en", {}))
    with zipfile.ZipFile(macros, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf")
    before = await fingerprint(engine)
    for workbook in (
        filled_in(content, "en", {}),
        filled_in(content, "en", {1: agreed}),
        filled_in(content, "en", {1: {words.ANSWER: "perhaps"}}),
        filled_in(content, "en", {1: {words.ANSWER: "Dispute", words.REASON: "weather"}}),
        filled_in(content, "en", {1: {words.ANSWER: "Dispute", words.AMOUNT: 99_999_999.0}}),
        filled_in(content, "en", {1: {words.ANSWER: "Dispute", words.AMOUNT: "1e3"}}),
        filled_in(content, "en", {1: {words.ANSWER: "Agree", words.AMOUNT: 5.0}}),
        filled_in(other, "en", dict.fromkeys((1, 2, 3), agreed)),
        macros.getvalue(),
        b"number,date\n",
    ):
        answer = await send(client, address, workbook)
        assert answer.status_code in {409, 422}
        assert 'role="alert"' in answer.text
    assert await fingerprint(engine) == before


async def test_staff_take_in_what_came_by_other_ways(sample: Sample, engine: Database, sign_in: SignIn) -> None:
    """Recorded for the contact who sent it; who took it in is in the trail."""
    content = await content_of(engine, sample)
    clerk = await sign_in("chen")
    workbook = filled_in(content, "en", {line: {words.ANSWER: "Agree"} for line in (1, 2, 3)})
    address = f"/statements/{sample.statements[2]}"
    page = (await clerk.get(f"{address}/reconcile")).text
    contact = page.split('name="contact"')[1].split('value="')[1].split('"')[0]
    assert (await send(clerk, address, workbook, contact=contact)).status_code == 303
    async with transaction(engine, sample.company_id) as session:
        [kept] = await answers_of(session, sample.company_id, sample.statements[2])
    assert (kept.channel, str(kept.contact_id)) == ("workbook_by_staff", contact)


def test_every_word_of_the_workbook_has_its_chinese() -> None:
    """What is offered in a list must be understood when it comes back."""
    for sentence in (words.AGREE, words.DISPUTE, words.ANSWER, words.REASON, words.AMOUNT, words.REMARK, words.LINE):
        assert sentence in chinese()
    for code, sentence in words.REASON_NAMES.items():
        assert words.reason_of(translate(sentence, "zh")) == words.reason_of(sentence) == code
