"""Records a customer's answer to a statement: agreed, agreed but for some lines, or disputed lines."""

import ipaddress
import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.business_calendar import add_working_days
from ledger.canonical import Json, canonical_json, sha256_hex
from ledger.money import decimal_text, round_to_minor
from services.change_statement_status import change_statement_status
from services.open_statement_page import ANSWERABLE, AnswerLink, LinkInvalid, nonce_holds, resolve_answer_link
from services.tell_staff import DEFAULT_CHANNEL, tell_staff
from storage.answers import (
    Addressee,
    Answer,
    AnswerableStatement,
    answer_by_key,
    answerable_statement,
    database_now,
    find_addressee,
    insert_answer,
    insert_page_event,
    mark_answered,
)
from storage.audit import Actor, record
from storage.chases import cancel_waiting_reminders
from storage.companies import Company, own_company
from storage.database import Database, Session, transaction
from storage.disputes import OPEN_STATUSES, Dispute, close_dispute, disputes_of, insert_dispute
from storage.identifiers import new_id
from storage.tasks import NewTask, open_task
from words.refusal import Refusal

KINDS = frozenset({"agree", "agree_except", "dispute"})
"""agree = the whole statement; agree_except = all but the disputed lines; dispute = only that these lines are wrong."""

REASONS = (
    "price", "quantity", "quality", "not_received", "already_paid", "not_ours", "duplicate", "missing_credit",
    "date", "tax_form", "other",
)  # fmt: skip
"""Why a line is disputed; root causes are counted by these codes."""

MAX_NAME = 120
"""Longer is not a person's name."""

MAX_TEXT = 2_000
"""A page of explanation for one line; more belongs in a conversation."""

MAX_DISPUTED_LINES = 500
"""Beyond this the customer means the whole statement: one row per line would flood the clerks."""

DISPUTE_WORKING_DAYS = 5
"""The service standard until companies set their own: a week of work."""

_AMOUNT = re.compile(r"([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,4})?")
_PREFIX_BITS = {4: 24, 6: 48}


class AnswerIncomplete(Refusal):
    """Something that an answer needs is missing or too long."""

    code = "answer_incomplete"
    sentence = "The answer is not complete: {what}."
    remedy = "Fill in the field and send the answer again."


class AnswerSuperseded(Refusal):
    """The version that was answered is not the newest one."""

    code = "answer_superseded"
    sentence = "Statement {number} has been replaced by a newer version; this answer was not recorded."
    remedy = "Open the newest statement, sent to the same address, and answer that one."


class AnswerClosed(Refusal):
    """The statement takes no answers in its status."""

    code = "answer_closed"
    sentence = "Statement {number} takes no more answers: its status is {status}."
    remedy = "Write to the sender if something is still wrong."


class DisputeLineInvalid(Refusal):
    """A disputed line that does not exist, has nothing open or less open than claimed."""

    code = "dispute_line_invalid"
    sentence = "Line {line} cannot be disputed for {amount}: {open} is open on it."
    remedy = "Choose a line with an open amount and dispute at most that amount."


class AnswerKeyReused(Refusal):
    """The same page was sent twice with different answers."""

    code = "answer_key_reused"
    sentence = "This page has already been sent with another answer."
    remedy = "Open the link again to see the recorded answer and to change it."


@dataclass(frozen=True, slots=True)
class DisputedLine:
    """One disputed line: its number on the statement, a reason code, a positive decimal amount and a text."""

    line: int
    reason: str
    amount: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What the page sends. `digest` is of the content that was shown, `nonce` the one of that page view."""

    kind: str
    name: str
    digest: str
    nonce: str
    position: str = ""
    lines: tuple[DisputedLine, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome; `repeated` when this very answer was there before."""

    answer_id: UUID
    kind: str
    status: str
    at: datetime
    repeated: bool


@dataclass(frozen=True, slots=True)
class _Claim:
    item_id: UUID
    reason: str
    amount: int
    text: str
    number: str


async def record_answer(
    engine: Database,
    plain_token: str,
    given: GivenAnswer,
    *,
    channel: str = "web",
    address: str = "",
    slack_channel: str = DEFAULT_CHANNEL,
    at: datetime | None = None,
) -> Recorded:
    """Writes the answer, its disputes, the status and the news to staff in one transaction; a repeat writes nothing.

    `at` is for made-up history only; the database's clock says when otherwise.
    """
    link = await resolve_answer_link(engine, plain_token)
    if not nonce_holds(plain_token, given.nonce):
        raise LinkInvalid
    _check(given)
    key = f"answer/{link.statement_id}/{given.nonce}"
    async with transaction(engine, link.company_id) as session:
        found = await answerable_statement(session, link.company_id, link.statement_id, lock=True)
        contact = await find_addressee(session, link.company_id, link.contact_id)
        if found is None or contact is None or contact.disabled:
            raise LinkInvalid
        earlier = await answer_by_key(session, link.company_id, key)
        if earlier is not None:
            return _repeat(earlier, given, found.status)
        _check_version(found, given)
        claims = _claims(found, given.lines)
        new = Answer(
            id=new_id(), statement_id=found.id, contact_id=contact.id, kind=given.kind, digest=given.digest,
            name=given.name.strip(), position=given.position.strip(), facts=_facts(given), channel=channel,
            address_prefix=address_prefix(address), idempotency_key=key,
            at=at or await database_now(session),
        )  # fmt: skip
        status = await _write(session, link, found, contact, new, claims, slack_channel)
    return Recorded(new.id, new.kind, status, new.at, repeated=False)


async def _write(
    session: Session,
    link: AnswerLink,
    found: AnswerableStatement,
    contact: Addressee,
    new: Answer,
    claims: list[_Claim],
    slack_channel: str,
) -> str:
    company = await own_company(session, link.company_id)
    actor = Actor("customer", contact.id)
    await insert_answer(session, company.id, new)
    opened = await _replace_disputes(session, company, found, new, claims)
    status = await _follow_status(session, company.id, found, new, actor)
    await mark_answered(session, company.id, found.id, new.at)
    await insert_page_event(
        session, company.id, found.id, "answered", contact.email or str(contact.id), {"answer_id": str(new.id)}
    )
    await cancel_waiting_reminders(session, company.id, [found.customer_id])
    await record(
        session, company.id, actor, "answer_recorded", ("statement", str(found.id)),
        {"answer_id": str(new.id), "number": found.number, "kind": new.kind, "digest": new.digest, "name": new.name,
         "channel": new.channel, "address_prefix": new.address_prefix, "status": status},
    )  # fmt: skip
    await _tell(session, company.id, found, new, opened, slack_channel)
    return status


async def _replace_disputes(
    session: Session, company: Company, found: AnswerableStatement, new: Answer, claims: list[_Claim]
) -> list[tuple[Dispute, str]]:
    """The newest answer says all that is disputed: what it leaves out is withdrawn, what it repeats stays as it was."""
    waiting = [d for d in await disputes_of(session, company.id, found.id) if d.status in OPEN_STATUSES]
    opened = []
    for claim in claims:
        same = next((d for d in waiting if (d.item_id, d.reason, d.amount) == _identity(claim)), None)
        if same is not None:
            waiting.remove(same)
            continue
        opened.append((_dispute(company, found, new, claim), claim.number))
    for old in waiting:
        await close_dispute(session, company.id, old.id, "withdrawn", new.at)
    for dispute, number in opened:
        await insert_dispute(session, company.id, dispute)
        await open_task(
            session, company.id,
            NewTask(
                kind="dispute", subject_kind="dispute", subject_id=str(dispute.id), customer_id=found.customer_id,
                due_on=dispute.due_on, dedup_key=f"dispute/{dispute.id}",
                facts={"statement": found.number, "item": number, "reason": dispute.reason,
                       "amount": decimal_text(dispute.amount, 0, dispute.currency), "currency": dispute.currency},
            ),
        )  # fmt: skip
    return opened


def _identity(claim: _Claim) -> tuple[UUID, str, int]:
    return claim.item_id, claim.reason, claim.amount


def _dispute(company: Company, found: AnswerableStatement, new: Answer, claim: _Claim) -> Dispute:
    today = new.at.astimezone(ZoneInfo(company.timezone)).date()
    due_on = add_working_days(today, DISPUTE_WORKING_DAYS, company.country)
    return Dispute(
        id=new_id(), statement_id=found.id, answer_id=new.id, item_id=claim.item_id, reason=claim.reason,
        currency=found.currency, amount=claim.amount, explanation=claim.text, status="open", resolution=None,
        owner_id=None, due_on=due_on, opened_at=new.at, closed_at=None,
    )  # fmt: skip


async def _follow_status(
    session: Session, company_id: UUID, found: AnswerableStatement, new: Answer, actor: Actor
) -> str:
    wanted, command = ("confirmed", "confirm") if new.kind == "agree" else ("disputed", "dispute")
    if found.status == wanted:
        return wanted
    facts = {"answer_id": str(new.id), "digest": new.digest}
    return await change_statement_status(session, company_id, found.id, command, actor, facts)


async def _tell(
    session: Session,
    company_id: UUID,
    found: AnswerableStatement,
    new: Answer,
    opened: list[tuple[Dispute, str]],
    slack_channel: str,
) -> None:
    payload = {"statement_id": str(found.id), "kind": new.kind, "name": new.name, "answer_id": str(new.id)}
    subject = ("statement", str(found.id))
    await tell_staff(
        session, company_id, "answer_received", payload, role="clerk", subject=subject,
        occasion=f"answer_received/{new.id}", channel=slack_channel,
    )  # fmt: skip
    for dispute, number in opened:
        await tell_staff(
            session, company_id, "dispute_opened",
            {"dispute_id": str(dispute.id), "statement_id": str(found.id), "number": number, "reason": dispute.reason,
             "amount": decimal_text(dispute.amount, 0, dispute.currency), "currency": dispute.currency,
             "text": dispute.explanation},
            role="clerk", subject=("dispute", str(dispute.id)), occasion=f"dispute_opened/{dispute.id}",
            channel=slack_channel,
        )  # fmt: skip


def _check(given: GivenAnswer) -> None:
    """Everything that can be said without the statement."""
    if given.kind not in KINDS:
        raise AnswerIncomplete(what="agree or dispute")
    if not given.name.strip() or len(given.name) > MAX_NAME:
        raise AnswerIncomplete(what="your name")
    if len(given.position) > MAX_NAME:
        raise AnswerIncomplete(what="your position")
    if given.kind == "agree" and given.lines:
        raise AnswerIncomplete(what="agree or dispute")
    if given.kind != "agree" and not 1 <= len(given.lines) <= MAX_DISPUTED_LINES:
        raise AnswerIncomplete(what="the disputed lines")
    for line in given.lines:
        if line.reason not in REASONS:
            raise AnswerIncomplete(what="the reason of the dispute")
        if len(line.text) > MAX_TEXT:
            raise AnswerIncomplete(what="the explanation")


def _check_version(found: AnswerableStatement, given: GivenAnswer) -> None:
    if found.superseded_by is not None or found.status == "superseded" or found.digest != given.digest:
        raise AnswerSuperseded(number=found.number)
    if found.status not in ANSWERABLE:
        raise AnswerClosed(number=found.number, status=found.status)


def _claims(found: AnswerableStatement, lines: tuple[DisputedLine, ...]) -> list[_Claim]:
    """The disputed parts in minor units, none above what its line holds open, parts of one line taken together."""
    content: dict[str, Any] = json.loads(found.content)
    by_line = {entry["line"]: entry for entry in content["lines"]}
    left: dict[str, int] = {}
    claims = []
    for line in lines:
        entry = by_line.get(line.line)
        open_text = entry["open"] if entry else "0"
        amount = _minor(line, found.currency, open_text)
        if entry is None or not entry.get("item_id"):
            raise DisputeLineInvalid(line=line.line, amount=line.amount, open=open_text)
        item = entry["item_id"]
        # Whole minor units: what the source gave beyond a cent cannot be disputed apart.
        left.setdefault(item, round_to_minor(Decimal(open_text), found.currency)[0])
        left[item] -= amount
        if left[item] < 0:
            raise DisputeLineInvalid(line=line.line, amount=line.amount, open=open_text)
        claims.append(_Claim(UUID(item), line.reason, amount, line.text.strip(), entry["number"]))
    return claims


def _minor(line: DisputedLine, currency: str, open_text: str) -> int:
    refusal = DisputeLineInvalid(line=line.line, amount=line.amount, open=open_text)
    # A Chinese keyboard gives full-width digits.
    text = unicodedata.normalize("NFKC", line.amount).strip()
    if not _AMOUNT.fullmatch(text):
        raise refusal
    try:
        minor, residue = round_to_minor(Decimal(text.replace(",", "")), currency)
    except ValueError:
        raise refusal from None
    if residue or minor <= 0:
        raise refusal
    return minor


def _facts(given: GivenAnswer) -> dict[str, Any]:
    lines: list[Json] = [
        {"line": line.line, "reason": line.reason, "amount": line.amount, "text": line.text.strip()}
        for line in given.lines
    ]
    return {"lines": lines, "input_sha256": _input_digest(given)}


def _input_digest(given: GivenAnswer) -> str:
    lines: list[Json] = [[line.line, line.reason, line.amount, line.text] for line in given.lines]
    return sha256_hex(canonical_json([given.kind, given.name, given.position, given.digest, lines]))


def _repeat(earlier: Answer, given: GivenAnswer, status: str) -> Recorded:
    if earlier.facts.get("input_sha256") != _input_digest(given):
        raise AnswerKeyReused
    return Recorded(earlier.id, earlier.kind, status, earlier.at, repeated=True)


def address_prefix(address: str) -> str:
    """The network of an address, not the person's own: "203.0.113.0/24", "2001:db8::/48", or "" when it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{parsed}/{_PREFIX_BITS[parsed.version]}", strict=False))
