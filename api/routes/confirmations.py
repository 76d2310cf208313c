"""Rounds of confirmation letters for staff and auditors: draw, send, follow, enter paper, close, release."""

from datetime import date, timedelta
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from api.answer_form import ACCEPTED, read_form
from api.context import HouseOf, PageUnknown, Viewer, back_to, language_for, page
from api.downloads import file_answer
from api.routes.confirm_page import given_reply
from services.answer_confirmation import GivenFiles, record_paper_reply
from services.close_confirmations import close_round, discard_round, note_letter, release_round
from services.confirmation_desk import STAFF, Desk, desk_of
from services.confirmation_worksheet import worksheet_file
from services.draw_confirmations import LETTER_LANGUAGES, REMIND_AFTER, REPLY_DAYS, Wish, draw_round
from services.examine_later_receipts import examine_later_receipts
from services.keep_attachment import keyring_of, open_attachment
from services.print_confirmation import letter_filename, print_confirmation
from services.send_confirmations import remind_round, send_round
from services.show_confirmations import show_letter, show_round, show_rounds
from statements.confirmation_sample import METHODS, method_of
from statements.confirmations import (
    ANSWERABLE,
    LETTER_TABLE,
    REASONS,
    ROUND_TABLE,
    Mode,
    RoundState,
    allowed_replies,
)
from statements.confirmations import (
    Form as LetterForm,
)
from storage.database import reading_as, transaction
from storage.pages import business_today
from storage.people import AUDITOR

router = APIRouter(include_in_schema=False)

ACTS = {
    "send": send_round, "remind": remind_round, "close": close_round, "release": release_round,
    "discard": discard_round,
}  # fmt: skip
"""The last part of the address to what it does."""


def _modes(desk: Desk) -> list[str]:
    """The modes in which this person may draw a round."""
    return [mode for mode, roles in ((Mode.COMMERCIAL, set(STAFF)), (Mode.AUDIT, {AUDITOR})) if desk.roles & roles]


@router.get("/confirmations")
async def index(request: Request, known: HouseOf, viewer: Viewer) -> Response:
    """All rounds, and the form that draws one."""
    desk = desk_of(known.engine, viewer)
    async with transaction(known.engine, viewer.company.id) as session:
        today = await business_today(session, viewer.company.timezone)
    return page(
        request, "confirmations.html", rounds=await show_rounds(desk), modes=_modes(desk), forms=list(LetterForm),
        methods=METHODS, languages=LETTER_LANGUAGES, reply_days=REPLY_DAYS, remind_after=REMIND_AFTER,
        as_of=today.replace(day=1) - timedelta(days=1),
    )  # fmt: skip


class DrawForm(BaseModel):
    """What the form that draws a round says."""

    as_of: date
    method: str = Field(max_length=20)
    form: str = Field(max_length=20)
    mode: str = Field(max_length=20)
    count: str = Field("", max_length=6)
    percent: str = Field("", max_length=8)
    seed: str = Field("", max_length=100)
    strata: str = Field("", max_length=300)
    language: str = Field("", max_length=2)
    reply_days: int = REPLY_DAYS
    remind_after: int = REMIND_AFTER


@router.post("/confirmations")
async def draw(known: HouseOf, viewer: Viewer, given: Annotated[DrawForm, Form()]) -> Response:
    """Draws a round; nothing is sent."""
    method = method_of(
        given.method, count=given.count, percent=given.percent, seed=given.seed, strata=given.strata
    )  # fmt: skip
    wish = Wish(
        given.as_of, method, given.form, given.mode, given.language, given.reply_days, given.remind_after
    )  # fmt: skip
    drawn = await draw_round(desk_of(known.engine, viewer), wish)
    return back_to(f"/confirmations/{drawn.number}")


@router.get("/confirmations/{day}/{serial}")
async def show(request: Request, known: HouseOf, viewer: Viewer, day: str, serial: str) -> Response:
    """One round with its letters and figures, as far as this person may see them."""
    shown = await show_round(desk_of(known.engine, viewer), f"{day}/{serial}")
    possible = {step.command for step in ROUND_TABLE if step.state == shown.round.state}
    if shown.round.mode == Mode.COMMERCIAL:
        possible.discard("release")
    may_remind = shown.round.state == RoundState.SENT and shown.round.form != LetterForm.NEGATIVE
    return page(
        request, "confirmation_round.html", shown=shown, one=shown.round, summary=shown.summary,
        possible=possible if shown.mine else set(), may_remind=shown.mine and may_remind,
        own_sample=shown.round.mode == Mode.COMMERCIAL and shown.round.prepared_by == viewer.user_id,
    )  # fmt: skip


@router.post("/confirmations/{day}/{serial}/{command}")
async def act(known: HouseOf, viewer: Viewer, day: str, serial: str, command: str) -> Response:
    """Sends, reminds, closes, releases or puts aside."""
    if command not in ACTS:
        raise PageUnknown
    await ACTS[command](desk_of(known.engine, viewer), f"{day}/{serial}")
    return back_to(f"/confirmations/{day}/{serial}")


@router.get("/confirmations/{day}/{serial}/worksheet")
async def worksheet(request: Request, known: HouseOf, viewer: Viewer, day: str, serial: str) -> Response:
    """The alternative procedures as a workbook."""
    sheet = await examine_later_receipts(desk_of(known.engine, viewer), f"{day}/{serial}")
    body = worksheet_file(viewer.company, sheet, language_for(request))
    return file_answer(body, f"confirmations {day} {serial}", "xlsx")


@router.get("/confirmation-letters/{letter_id}")
async def letter(request: Request, known: HouseOf, viewer: Viewer, letter_id: UUID) -> Response:
    """One letter with every reply."""
    desk = desk_of(known.engine, viewer)
    one, shown = await show_letter(desk, letter_id)
    sent, mine = one.state == RoundState.SENT, desk.may(one)
    notable = {step.command for step in LETTER_TABLE if step.state == shown.letter.state} & {"explain", "examine"}
    ended = one.state in {RoundState.CLOSED, RoundState.RELEASED}
    return page(
        request, "confirmation_letter.html", one=one, shown=shown, letter=shown.letter,
        kinds=allowed_replies(one.form) if mine and sent and shown.letter.state in ANSWERABLE else (),
        notable=notable if mine and ended else set(), reasons=REASONS, accepted=ACCEPTED,
    )  # fmt: skip


@router.get("/confirmation-letters/{letter_id}/pdf")
async def letter_pdf(known: HouseOf, viewer: Viewer, letter_id: UUID) -> Response:
    """The letter, to be printed, sealed and posted."""
    _, shown = await show_letter(desk_of(known.engine, viewer), letter_id)
    body = await print_confirmation(
        known.settings, viewer.company, shown.letter, second=shown.letter.reminded_at is not None
    )
    return file_answer(body, letter_filename(shown.letter).removesuffix(".pdf"), "pdf")


@router.post("/confirmation-letters/{letter_id}/reply")
async def enter_paper(request: Request, known: HouseOf, viewer: Viewer, letter_id: UUID) -> Response:
    """A letter that came back on paper, with its scan."""
    form = await read_form(request)
    attached = GivenFiles(tuple(form.plain_files), keyring_of(known.settings) if form.files else None)
    given = given_reply(form, form.typed.get("kind", ""))
    await record_paper_reply(desk_of(known.engine, viewer), letter_id, given, attached)
    return back_to(f"/confirmation-letters/{letter_id}")


@router.post("/confirmation-letters/{letter_id}/note")
async def note(
    known: HouseOf, viewer: Viewer, letter_id: UUID, command: Annotated[str, Form(pattern="^(explain|examine)$")],
    words: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:  # fmt: skip
    """Explains a difference, or says what was examined instead of a reply."""
    await note_letter(desk_of(known.engine, viewer), letter_id, command, words)
    return back_to(f"/confirmation-letters/{letter_id}")


@router.post("/confirmation-letters/{letter_id}/files/{attachment_id}")
async def download(known: HouseOf, viewer: Viewer, letter_id: UUID, attachment_id: UUID) -> Response:
    """A file of a reply; a POST, because that it was opened is written down."""
    desk = desk_of(known.engine, viewer)
    _, shown = await show_letter(desk, letter_id)
    if attachment_id not in {file.id for files in shown.files.values() for file in files}:
        raise PageUnknown
    with reading_as(desk.reader):
        file, content = await open_attachment(
            known.engine, viewer.company.id, keyring_of(known.settings), attachment_id, desk.actor
        )
    return Response(
        content, media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
                 "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"},
    )  # fmt: skip
