"""Records a customer's answer: agreed, disputed, paid already, promised, or sent to the wrong person."""

import ipaddress
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.canonical import Json
from services.change_statement_status import change_statement_status
from services.keep_attachment import check_files, keep_attachments
from services.note_promised_money import note_payments, note_promises
from services.open_disputes import replace_disputes
from services.open_statement_page import ANSWERABLE, LinkInvalid, nonce_holds, resolve_answer_link
from services.settle_statements import settle_after_dispute
from services.tell_staff import DEFAULT_CHANNEL, tell_staff
from statements.answers import (
    MAX_DISPUTED_LINES,
    REASONS,
    STANCES,
    AnswerIncomplete,
    Claim,
    Colleague,
    DisputedLine,
    DisputeLineInvalid,
    GivenAnswer,
    GivenFile,
    Part,
    Payment,
    PaymentInvalid,
    PromisedPart,
    PromiseInvalid,
    PromiseTooLarge,
    ToldPayment,
    check_answer,
    claims_of,
    facts_of,
    input_digest,
    parts_of_promise,
    payments_of,
)
from storage.answers import (
    Addressee,
    Answer,
    AnswerableStatement,
    answer_by_key,
    answerable_statement,
    content_of,
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
from storage.identifiers import new_id
from storage.sealing import Keyring
from storage.tasks import NewTask, open_task
from words.refusal import Refusal

__all__ = [
    "MAX_DISPUTED_LINES", "REASONS", "AnswerClosed", "AnswerIncomplete", "AnswerKeyReused", "AnswerSuperseded",
    "Colleague", "DisputeLineInvalid", "DisputedLine", "GivenAnswer", "GivenFile", "PaymentInvalid", "PromiseInvalid",
    "PromiseTooLarge", "PromisedPart", "Recorded", "ToldPayment", "address_prefix", "record_answer",
]  # fmt: skip
"""What a page needs to answer with; the words of an answer themselves are rules (`statements.answers`)."""

_PREFIX_BITS = {4: 24, 6: 48}


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


class AnswerKeyReused(Refusal):
    """The same page was sent twice with different answers."""

    code = "answer_key_reused"
    sentence = "This page has already been sent with another answer."
    remedy = "Open the link again to see the recorded answer and to change it."


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome; `repeated` when this very answer was there before."""

    answer_id: UUID
    kind: str
    status: str
    at: datetime
    repeated: bool


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer whose every part holds against the statement."""

    given: GivenAnswer
    claims: list[Claim]
    payments: list[Payment]
    promises: list[Part]
    keyring: Keyring | None
    slack_channel: str


async def record_answer(
    engine: Database,
    plain_token: str,
    given: GivenAnswer,
    *,
    channel: str = "web",
    address: str = "",
    slack_channel: str = DEFAULT_CHANNEL,
    keyring: Keyring | None = None,
    at: datetime | None = None,
) -> Recorded:
    """Writes the answer, what it disputes and promises, the status and the news to staff in one transaction.

    A repeat writes nothing. `keyring` seals the files, and is needed when there are any. `at` is for made-up history
    only; the database's clock says when otherwise.
    """
    link = await resolve_answer_link(engine, plain_token)
    if not nonce_holds(plain_token, given.nonce):
        raise LinkInvalid
    check_answer(given)
    check_files([(one.filename, one.content) for one in given.files])
    key = f"answer/{link.statement_id}/{given.occasion or given.nonce}"
    async with transaction(engine, link.company_id) as session:
        found = await answerable_statement(session, link.company_id, link.statement_id, lock=True)
        contact = await find_addressee(session, link.company_id, link.contact_id)
        if found is None or contact is None or contact.disabled:
            raise LinkInvalid
        earlier = await answer_by_key(session, link.company_id, key)
        if earlier is not None:
            return _repeat(earlier, given, found.status)
        _check_version(found, given)
        company = await own_company(session, link.company_id)
        now = at or await database_now(session)
        said = _said(found, given, now.astimezone(ZoneInfo(company.timezone)).date(), keyring, slack_channel)
        new = Answer(
            id=new_id(), statement_id=found.id, contact_id=contact.id, kind=given.kind, digest=given.digest,
            name=given.name.strip(), position=given.position.strip(), facts=facts_of(given), channel=channel,
            address_prefix=address_prefix(address), idempotency_key=key, at=now,
        )  # fmt: skip
        status = await _write(session, company, found, contact, new, said)
    return Recorded(new.id, new.kind, status, new.at, repeated=False)


def _said(
    found: AnswerableStatement, given: GivenAnswer, today: date, keyring: Keyring | None, slack_channel: str
) -> _Said:
    content = content_of(found)
    claims = claims_of(content, found.currency, given.lines)
    payments = payments_of(given, found.currency, today)
    promises = parts_of_promise(given, content, found.currency, today) if given.promises else []
    return _Said(given, claims, payments, promises, keyring, slack_channel)


async def _write(
    session: Session, company: Company, found: AnswerableStatement, contact: Addressee, new: Answer, said: _Said
) -> str:  # fmt: skip
    actor = Actor("customer", contact.id)
    await insert_answer(session, company.id, new)
    cases = {}
    if new.kind in STANCES:
        cases = await replace_disputes(session, company, found, new, said.claims, said.slack_channel)
    await note_payments(session, company.id, found, new, said.payments)
    await note_promises(session, company.id, found, new, said.promises)
    await _keep_files(session, company.id, new, said, {str(line): case.id for line, case in cases.items()})
    status = await _follow_status(session, company.id, found, new, actor)
    if new.kind == "wrong_person":
        await _ask_to_forward(session, company.id, found, new)
    else:
        await mark_answered(session, company.id, found.id, new.at)
    await insert_page_event(
        session, company.id, found.id, "answered", contact.email or str(contact.id), {"answer_id": str(new.id)}
    )
    await cancel_waiting_reminders(session, company.id, [found.customer_id])
    await record(
        session, company.id, actor, "answer_recorded", ("statement", str(found.id)),
        {"answer_id": str(new.id), "number": found.number, "kind": new.kind, "digest": new.digest, "name": new.name,
         "channel": new.channel, "address_prefix": new.address_prefix, "status": status,
         "input_sha256": new.facts["input_sha256"]},
    )  # fmt: skip
    if status == "confirmed":
        status = await settle_after_dispute(session, company.id, found.id)
    await tell_staff(
        session, company.id, "answer_received",
        {"statement_id": str(found.id), "kind": new.kind, "name": new.name, "answer_id": str(new.id)}, role="clerk",
        subject=("statement", str(found.id)), occasion=f"answer_received/{new.id}", channel=said.slack_channel,
    )  # fmt: skip
    return status


async def _keep_files(session: Session, company_id: UUID, new: Answer, said: _Said, cases: dict[str, UUID]) -> None:
    """A file about a disputed line belongs to its case, every other to the answer."""
    for file in said.given.files:
        assert said.keyring is not None  # noqa: S101 - whoever takes files brings the keys
        subject = ("dispute", cases[file.about]) if file.about in cases else ("answer", new.id)
        await keep_attachments(
            session, company_id, said.keyring, subject, [(file.filename, file.content)], "customer"
        )  # fmt: skip


async def _follow_status(
    session: Session, company_id: UUID, found: AnswerableStatement, new: Answer, actor: Actor
) -> str:
    """Only a stance on the balance moves the statement; money on its way leaves it where it is."""
    if new.kind not in STANCES:
        return found.status
    wanted, command = ("confirmed", "confirm") if new.kind == "agree" else ("disputed", "dispute")
    if found.status == wanted:
        return wanted
    facts: dict[str, Json] = {"answer_id": str(new.id), "digest": new.digest}
    return await change_statement_status(session, company_id, found.id, command, actor, facts)


async def _ask_to_forward(session: Session, company_id: UUID, found: AnswerableStatement, new: Answer) -> None:
    """Nothing goes to the named person before one of the staff has agreed."""
    await open_task(
        session, company_id,
        NewTask(
            kind="wrong_person", subject_kind="statement", subject_id=str(found.id), customer_id=found.customer_id,
            dedup_key=f"wrong_person/{new.id}",
            facts={"statement": found.number, "answer_id": str(new.id), **new.facts["colleague"]},
        ),
    )  # fmt: skip


def _check_version(found: AnswerableStatement, given: GivenAnswer) -> None:
    if found.superseded_by is not None or found.status == "superseded" or found.digest != given.digest:
        raise AnswerSuperseded(number=found.number)
    if found.status not in ANSWERABLE:
        raise AnswerClosed(number=found.number, status=found.status)


def _repeat(earlier: Answer, given: GivenAnswer, status: str) -> Recorded:
    if earlier.facts.get("input_sha256") != input_digest(given):
        raise AnswerKeyReused
    return Recorded(earlier.id, earlier.kind, status, earlier.at, repeated=True)


def address_prefix(address: str) -> str:
    """The network of an address, not the person's own: "203.0.113.0/24", "2001:db8::/48", or "" when it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{parsed}/{_PREFIX_BITS[parsed.version]}", strict=False))
