"""Takes a statement's workbook that came back filled in, and records it as an answer: the same rules and checks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from connectors.findings import FileRefusedError
from connectors.returned_workbook import Mark, ReturnedWorkbook, read_returned
from services.open_statement_page import ANSWER_PURPOSE, make_nonce
from services.reconcile_ledgers import LedgerRefused
from services.record_answer import Recorded, record_answer
from services.tell_staff import DEFAULT_CHANNEL
from statements import answer_columns as words
from statements.answers import DisputedLine, GivenAnswer, GivenFile
from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.sealing import Keyring
from storage.tokens import mint
from words.refusal import Refusal

STAFF_LINK = timedelta(minutes=5)
"""A link that lives as long as the one request that uses it."""


class WorkbookForeign(Refusal):
    """The workbook was not made from a statement of ours, or its sheet of facts is gone."""

    code = "workbook_invalid"
    sentence = "{filename} is not the workbook of this statement: its fingerprint is missing or another."
    remedy = "Download the newest workbook from the statement's page, copy your answers and send that one."


class WorkbookUnanswered(Refusal):
    """Lines without Agree or Dispute, and no dispute: nothing can be recorded."""

    code = "workbook_unanswered_invalid"
    sentence = "{count} lines are not answered, among them line {line}."
    remedy = "Choose Agree or Dispute on every line that is open."


class MarkUnclear(Refusal):
    """A cell of an answer column that says neither of the choices."""

    code = "workbook_cell_invalid"
    sentence = "Row {row}, {column}: {written} is not one of {choices}."
    remedy = "Choose from the list of the cell."


@dataclass(frozen=True, slots=True)
class Returned:
    """Who sends the workbook back."""

    filename: str
    content: bytes
    name: str
    position: str = ""
    occasion: str = ""
    """What names its arrival once, where no page does: the digest of a mail."""


async def read_returned_workbook(
    engine: Database,
    plain_token: str,
    nonce: str,
    returned: Returned,
    keyring: Keyring,
    *,
    channel: str = "workbook",
    address: str = "",
    slack_channel: str = DEFAULT_CHANNEL,
) -> Recorded:
    """Records the answer behind a link; the workbook is kept with it. Raises what `record_answer` raises, and ours."""
    given = answer_of(await _read(returned), returned, nonce)
    return await record_answer(
        engine, plain_token, given, channel=channel, address=address, slack_channel=slack_channel, keyring=keyring
    )


async def take_in_workbook(
    engine: Database, company_id: UUID, statement_id: UUID, contact_id: UUID, returned: Returned, actor: Actor,
    keyring: Keyring,
) -> Recorded:  # fmt: skip
    """The same for one of the staff whom the customer sent it: recorded for that contact, and said who took it in."""
    # What is refused leaves no trace: it is read before anything is written.
    answer_of(await _read(returned), returned, "")
    async with transaction(engine, company_id) as session:
        subject = ("statement", str(statement_id))
        token = await mint(session, company_id, ANSWER_PURPOSE, subject, contact_id, {}, STAFF_LINK)
        await record(
            session, company_id, actor, "workbook_taken_in", subject,
            {"contact_id": str(contact_id), "filename": returned.filename, "name": returned.name},
        )  # fmt: skip
    return await read_returned_workbook(
        engine, token, make_nonce(token), returned, keyring, channel="workbook_by_staff"
    )


async def _read(returned: Returned) -> ReturnedWorkbook:
    try:
        read = await asyncio.to_thread(read_returned, returned.filename, returned.content)
    except FileRefusedError as error:
        raise LedgerRefused(returned.filename, [error.finding]) from error
    if not read.digest:
        raise WorkbookForeign(filename=returned.filename)
    return read


def answer_of(read: ReturnedWorkbook, returned: Returned, nonce: str) -> GivenAnswer:
    """The answer that the marks make together. Raises MarkUnclear and WorkbookUnanswered."""
    disputed = [_disputed(mark) for mark in read.marks if _choice(mark) == words.DISPUTE]
    silent = [mark for mark in read.marks if _choice(mark) is None and _open(mark)]
    if not disputed and silent:
        raise WorkbookUnanswered(count=len(silent), line=silent[0].line)
    kind = "agree" if not disputed else "dispute" if silent else "agree_except"
    return GivenAnswer(
        kind=kind, name=returned.name, digest=read.digest, nonce=nonce, position=returned.position,
        lines=tuple(disputed), files=(GivenFile(returned.filename, returned.content),), occasion=returned.occasion,
    )  # fmt: skip


def _choice(mark: Mark) -> str | None:
    """Agree, Dispute, or nothing said; a line with an amount or a reason is a dispute whose word was forgotten."""
    if words.means(mark.answer, words.AGREE):
        if mark.amount or mark.reason:
            raise _unclear(mark, words.AMOUNT, mark.amount or mark.reason, [""])
        return words.AGREE
    if words.means(mark.answer, words.DISPUTE) or (not mark.answer and (mark.amount or mark.reason)):
        return words.DISPUTE
    if mark.answer:
        raise _unclear(mark, words.ANSWER, mark.answer, [words.AGREE, words.DISPUTE])
    return None


def _disputed(mark: Mark) -> DisputedLine:
    reason = words.reason_of(mark.reason) if mark.reason else "other"
    if reason is None:
        raise _unclear(mark, words.REASON, mark.reason, tuple(words.REASON_NAMES.values()))
    # Nothing typed means the whole of what is open.
    return DisputedLine(mark.line, reason, mark.amount or mark.open, mark.remark)


def _open(mark: Mark) -> bool:
    return Decimal(mark.open or 0) > 0


def _unclear(mark: Mark, column: str, written: str, choices: Sequence[str]) -> MarkUnclear:
    return MarkUnclear(row=mark.row, column=column, written=written, choices=", ".join(choices) or "–")
