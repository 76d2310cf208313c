"""A customer's reply to a confirmation letter, by the link in its mail or on paper that came back.

In an audit nothing of the reply leaves the table that its auditor alone may read: the audit trail gets a seal, a hash
under a random key, by which anybody can check after the release that nothing was changed.
"""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC
from uuid import UUID

from ledger.canonical import Json, canonical_json, sha256_hex
from services.close_confirmations import CONFIRM_PURPOSE
from services.confirmation_desk import Desk, at_desk, own_letter
from services.keep_attachment import check_files, keep_attachments
from services.open_statement_page import LinkInvalid, make_nonce, nonce_holds
from services.record_answer import AnswerKeyReused, address_prefix
from services.send_confirmations import EMAIL
from statements.confirmations import (
    ANSWERABLE,
    LETTER_TABLE,
    ConfirmationRefused,
    GivenReply,
    Mode,
    RoundState,
    judge,
    move,
)
from storage.answers import find_addressee
from storage.attachments import Attachment, attachments_of
from storage.audit import Actor, record
from storage.companies import Company, own_company
from storage.confirmations import (
    LETTER,
    REPLY,
    ROUND,
    Letter,
    Reply,
    Round,
    change_letter,
    insert_reply,
    letter_by_id,
    letter_reader,
    replies_of,
    reply_by_key,
    round_by_id,
)
from storage.database import Database, Session, reading_as, transaction
from storage.identifiers import new_id
from storage.outbox import Message, cancel_queued, enqueue
from storage.presence import database_now
from storage.sealing import Keyring
from storage.tasks import NewTask, open_task
from storage.tokens import resolve, resolve_lapsed

KEY_BYTES = 16
"""128 random bits in each seal: nobody finds an amount by trying."""


@dataclass(frozen=True, slots=True)
class ReplyPage:
    """What the page behind a letter's link shows. `mine`: this browser gave the newest reply."""

    company: Company
    letter: Letter
    round: Round
    contact: str
    language: str
    replies: list[Reply]
    files: dict[UUID, list[Attachment]]
    mine: bool
    nonce: str
    can_reply: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """A reply that was kept; `receipt` lets this browser see it again."""

    reply_id: UUID
    kind: str
    state: str
    receipt: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class _Link:
    company_id: UUID
    letter_id: UUID
    contact_id: UUID


async def _resolve(engine: Database, plain_token: str) -> _Link:
    token = await resolve(engine, plain_token, CONFIRM_PURPOSE)
    if token is None or token.subject_kind != LETTER:
        raise LinkInvalid
    return _Link(token.company_id, UUID(token.subject_id), token.person_id)


async def _read(session: Session, link: _Link, *, lock: bool = False) -> tuple[Letter, Round]:
    letter = await letter_by_id(session, link.company_id, link.letter_id, lock=lock)
    one = await round_by_id(session, link.company_id, letter.round_id) if letter is not None else None
    if letter is None or one is None:
        raise LinkInvalid
    return letter, one


async def open_reply_page(engine: Database, plain_token: str, receipt: str = "") -> ReplyPage:
    """The page's content, or LinkInvalid; writes nothing.

    In an audit the recorded reply is shown only to the browser that holds its receipt: the mail with the link may lie
    in an archive of the company.
    """
    link = await _resolve(engine, plain_token)
    with reading_as(letter_reader(link.letter_id)):
        async with transaction(engine, link.company_id) as session:
            letter, one = await _read(session, link)
            contact = await find_addressee(session, link.company_id, link.contact_id)
            if contact is None or contact.disabled:
                raise LinkInvalid
            company = await own_company(session, link.company_id)
            replies = (await replies_of(session, link.company_id, [letter.id])).get(letter.id, [])
            files = await attachments_of(session, link.company_id, REPLY, [reply.id for reply in replies])
    mine = bool(replies) and secrets.compare_digest(_receipt(replies[-1]).encode(), receipt.encode())
    shown = one.mode == Mode.COMMERCIAL or mine
    return ReplyPage(
        company, letter, one, contact.name, contact.language, replies if shown else [], files if shown else {}, mine,
        make_nonce(plain_token),
        can_reply=one.state == RoundState.SENT and letter.state in ANSWERABLE,
    )  # fmt: skip


def _receipt(reply: Reply) -> str:
    return reply.idempotency_key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class _Giver:
    """Whose hand a reply comes from: a contact by the link, or one of us with a letter that came back on paper."""

    actor: Actor
    channel: str
    key: str
    address: str = ""
    contact_id: UUID | None = None
    entered_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """Files that came with a reply, and the keys that seal them."""

    files: tuple[tuple[str, bytes], ...] = ()
    keyring: Keyring | None = None


NO_FILES = GivenFiles()


async def record_reply(
    engine: Database, plain_token: str, given: GivenReply, nonce: str, *, address: str = "",
    attached: GivenFiles = NO_FILES,
) -> Recorded:  # fmt: skip
    """Appends the customer's reply, in one transaction with the letter's state. A repeat writes nothing."""
    link = await _resolve(engine, plain_token)
    if not nonce_holds(plain_token, nonce):
        raise LinkInvalid
    check_files(attached.files)
    with reading_as(letter_reader(link.letter_id)):
        async with transaction(engine, link.company_id) as session:
            letter, one = await _read(session, link, lock=True)
            contact = await find_addressee(session, link.company_id, link.contact_id)
            if contact is None or contact.disabled:
                raise LinkInvalid
            giver = _Giver(
                Actor("customer", contact.id), "web", f"confirmation/{letter.id}/{nonce}", address_prefix(address),
                contact_id=contact.id,
            )  # fmt: skip
            earlier = await reply_by_key(session, link.company_id, giver.key)
            if earlier is not None:
                return _repeat(earlier, given, letter, one)
            return await _keep(session, link.company_id, (letter, one), given, giver, attached)


async def record_paper_reply(
    desk: Desk, letter_id: UUID, given: GivenReply, attached: GivenFiles = NO_FILES
) -> Recorded:  # fmt: skip
    """Enters a letter that came back on paper, with its scan, by whoever owns the round. Raises Refusals."""
    check_files(attached.files)
    async with at_desk(desk) as session:
        letter, one = await own_letter(session, desk, letter_id, "reply")
        key = f"confirmation/{letter.id}/{secrets.token_urlsafe(KEY_BYTES)}"
        giver = _Giver(desk.actor, "paper", key, entered_by=desk.person_id)
        return await _keep(session, desk.company.id, (letter, one), given, giver, attached)


async def _keep(
    session: Session, company_id: UUID, asked: tuple[Letter, Round], given: GivenReply, giver: _Giver,
    attached: GivenFiles,
) -> Recorded:  # fmt: skip
    letter, one = asked
    if one.state != RoundState.SENT:
        raise ConfirmationRefused(command="reply", number=letter.number, state=one.state, possible="–")
    judged = judge(one.form, balances_of(letter), given)
    state = move(LETTER_TABLE, letter.number, letter.state, judged.command)
    now = await database_now(session)
    unsealed = Reply(
        id=new_id(), letter_id=letter.id, kind=given.kind, amounts=judged.amounts, differences=judged.differences,
        reason=given.reason if judged.differences else "", explanation=given.explanation.strip(),
        name=given.name.strip(), position=given.position.strip(), channel=giver.channel, contact_id=giver.contact_id,
        entered_by=giver.entered_by, address_prefix=giver.address, letter_digest=letter.digest,
        idempotency_key=giver.key, seal="", at=now,
    )  # fmt: skip
    new = replace(unsealed, seal=seal_of(unsealed))
    await insert_reply(session, company_id, new)
    if attached.files:
        assert attached.keyring is not None  # noqa: S101 - whoever takes files brings the keys
        await keep_attachments(
            session, company_id, attached.keyring, (REPLY, new.id), attached.files, giver.actor.kind
        )  # fmt: skip
    await change_letter(
        session, company_id, letter, state=state, differences=judged.differences, replied_at=now
    )  # fmt: skip
    await _tell(session, company_id, letter, one, new, giver.actor)
    return Recorded(new.id, new.kind, state, _receipt(new), repeated=False)


async def _tell(session: Session, company_id: UUID, letter: Letter, one: Round, new: Reply, actor: Actor) -> None:
    """In an audit not even who replied is told before the release."""
    if one.mode == Mode.AUDIT:
        who = Actor(actor.kind, one.auditor_id if new.channel == "paper" else None)
        subject, facts = (ROUND, str(one.id)), {"seal": new.seal}
    else:
        who, subject = actor, (LETTER, str(letter.id))
        facts = {"seal": new.seal, "number": letter.number, "kind": new.kind}
        if new.differences:
            await _ask_staff(session, company_id, letter, new)
    await cancel_queued(session, company_id, ["confirmation_second_request"], subject=(LETTER, str(letter.id)))
    await record(session, company_id, who, "confirmation_replied", subject, facts)


async def _ask_staff(session: Session, company_id: UUID, letter: Letter, new: Reply) -> None:
    differing = ", ".join(f"{currency} {amount}" for currency, amount in new.differences.items())
    await open_task(
        session, company_id,
        NewTask(
            "confirmation_differs", LETTER, str(letter.id), f"confirmation_differs/{new.id}",
            {"number": letter.number, "answer": differing}, customer_id=letter.customer_id,
        ),
    )  # fmt: skip


def seal_of(reply: Reply) -> str:
    """SHA-256 of everything that was said, under the random key of its page: what the audit trail holds of a reply."""
    said: dict[str, Json] = {
        "id": str(reply.id), "letter": str(reply.letter_id), "kind": reply.kind, "amounts": reply.amounts,
        "differences": reply.differences, "reason": reply.reason, "explanation": reply.explanation,
        "name": reply.name, "position": reply.position, "channel": reply.channel,
        "letter_digest": reply.letter_digest, "key": reply.idempotency_key, "at": reply.at.astimezone(UTC).isoformat(),
    }  # fmt: skip
    return sha256_hex(canonical_json(said))


def balances_of(letter: Letter) -> dict[str, str]:
    """Currency to our balance, as the letter says it."""
    return {one["currency"]: one["amount"] for one in json.loads(letter.content)["balances"]}


def _repeat(earlier: Reply, given: GivenReply, letter: Letter, one: Round) -> Recorded:
    judged = judge(one.form, balances_of(letter), given)
    said = (given.kind, given.name.strip(), given.explanation.strip(), judged.amounts)
    if said != (earlier.kind, earlier.name, earlier.explanation, earlier.amounts):
        raise AnswerKeyReused
    return Recorded(earlier.id, earlier.kind, letter.state, _receipt(earlier), repeated=True)


async def renew_confirmation_link(engine: Database, plain_token: str) -> bool:
    """Queues the letter's mail again to the contact of a lapsed link, once a day; False when nothing was queued."""
    token = await resolve_lapsed(engine, plain_token, CONFIRM_PURPOSE)
    if token is None or token.subject_kind != LETTER:
        return False
    link = _Link(token.company_id, UUID(token.subject_id), token.person_id)
    with reading_as(letter_reader(link.letter_id)):
        async with transaction(engine, link.company_id) as session:
            letter, one = await _read(session, link)
            contact = await find_addressee(session, link.company_id, link.contact_id)
            if one.state != RoundState.SENT or contact is None or contact.disabled or not contact.email:
                return False
            today = (await database_now(session)).date()
            message = Message(
                kind="confirmation_request", channel=EMAIL, recipient=contact.email,
                dedup_key=f"confirmation_renewed/{letter.id}/{contact.id}/{today}", subject_kind=LETTER,
                subject_id=str(letter.id), payload={"letter_id": str(letter.id)}, customer_id=letter.customer_id,
                person_id=contact.id,
            )  # fmt: skip
            return await enqueue(session, link.company_id, message) is not None
