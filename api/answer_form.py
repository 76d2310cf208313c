"""Reads the customer's answer form: plain fields, numbered rows of payments and promises, and files."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from services.keep_attachment import MAX_FILE_BYTES, MAX_FILES, AttachmentTooLarge
from statements.answers import (
    MAX_PARTS,
    STANCES,
    Colleague,
    DisputedLine,
    GivenAnswer,
    GivenFile,
    PromisedPart,
    ToldPayment,
)

ACCEPTED = ".pdf,.png,.jpg,.jpeg,.xlsx,.docx,.ofd,.csv,.txt"
"""What the browser's file chooser offers; the bytes decide later."""

MAX_BODY = 32 * 1024 * 1024
"""Three files of the largest size with their fields: one request must not fill the disk with what it uploads."""

MAX_FIELDS = 4_000
"""Five hundred disputed lines of four fields, twice over."""

ROWS = 3
"""Payments and dates shown on the form; programs and files may send up to `MAX_PARTS`."""


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """What was typed, to show it again, and the answer that it makes."""

    typed: dict[str, str]
    given: GivenAnswer


@dataclass(frozen=True, slots=True)
class PostedForm:
    """The fields and the files of a form; its temporary files are closed."""

    typed: dict[str, str]
    files: tuple[GivenFile, ...]

    @property
    def plain_files(self) -> list[tuple[str, bytes]]:
        """Name and bytes of each file."""
        return [(one.filename, one.content) for one in self.files]


async def read_form(request: Request) -> PostedForm:
    """The form of a request that says its length, which is bounded. Raises AttachmentTooLarge."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_BODY:
        raise AttachmentTooLarge(name="–", count=MAX_FILES, megabytes=MAX_FILE_BYTES // 1024 // 1024)
    async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS) as form:
        typed = {name: value for name, value in form.items() if isinstance(value, str)}
        return PostedForm(typed, await _files(form))


async def read_answer(request: Request) -> AnswerForm:
    """The answer of the page's form."""
    form = await read_form(request)
    typed = form.typed
    kind = typed.get("kind", "")
    given = GivenAnswer(
        kind=kind, name=typed.get("name", ""), digest=typed.get("digest", ""), nonce=typed.get("nonce", ""),
        position=typed.get("position", ""), lines=_lines(typed) if kind in STANCES - {"agree"} else (),
        payments=_payments(typed) if kind != "wrong_person" else (),
        promises=_promises(typed) if kind != "wrong_person" else (),
        colleague=_colleague(typed) if kind == "wrong_person" else None, files=form.files,
    )  # fmt: skip
    return AnswerForm(typed, given)


def chosen_lines(typed: dict[str, str]) -> tuple[int, ...]:
    """The lines for which the form had fields."""
    return tuple(sorted(int(name[7:]) for name in typed if name.startswith("reason_") and name[7:].isdecimal()))


def _lines(typed: dict[str, str]) -> tuple[DisputedLine, ...]:
    return tuple(
        DisputedLine(
            number, typed[f"reason_{number}"], typed.get(f"amount_{number}", "").replace(",", "").strip(),
            typed.get(f"text_{number}", ""),
        )
        for number in chosen_lines(typed)
        if typed[f"reason_{number}"]
    )  # fmt: skip


def _payments(typed: dict[str, str]) -> tuple[ToldPayment, ...]:
    rows = (
        ToldPayment(
            typed.get(f"pay_amount_{row}", "").strip(), typed.get(f"pay_on_{row}", "").strip(),
            typed.get(f"pay_ref_{row}", ""),
        )
        for row in range(1, MAX_PARTS + 1)
    )  # fmt: skip
    return tuple(one for one in rows if one.amount or one.paid_on or one.reference.strip())


def _promises(typed: dict[str, str]) -> tuple[PromisedPart, ...]:
    rows = (
        PromisedPart(typed.get(f"promise_amount_{row}", "").strip(), typed.get(f"promise_on_{row}", "").strip())
        for row in range(1, MAX_PARTS + 1)
    )
    return tuple(one for one in rows if one.amount or one.due_on)


def _colleague(typed: dict[str, str]) -> Colleague:
    return Colleague(
        typed.get("colleague_name", ""), typed.get("colleague_email", "").strip(), typed.get("colleague_note", "")
    )


async def _files(form: FormData) -> tuple[GivenFile, ...]:
    found = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and value.filename:
            content = await value.read(MAX_FILE_BYTES + 1)
            found.append(GivenFile(value.filename, content, name.removeprefix("file_")))
    return tuple(found)
