"""The conversation of a case: what the customer and the staff write to each other, and what stays inside."""

from collections.abc import Sequence
from uuid import UUID

from services.end_dispute import tell_customer
from services.keep_attachment import check_files, keep_attachments
from services.open_statement_page import LinkInvalid, nonce_holds, resolve_answer_link
from services.resolve_dispute import DisputeUnknown
from services.tell_staff import DEFAULT_CHANNEL, tell_staff
from statements.answers import MAX_TEXT, AnswerIncomplete
from statements.disputes import OPEN_STATUSES, DisputeClosed
from storage.answers import answerable_statement, find_addressee
from storage.audit import Actor, record
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.dispute_messages import add_message
from storage.disputes import Dispute, find_dispute
from storage.identifiers import new_id
from storage.people import names_of
from storage.promises import versions_with
from storage.sealing import Keyring

Files = Sequence[tuple[str, bytes]]
"""Name and bytes of each."""


async def speak_as_customer(
    engine: Database, plain_token: str, nonce: str, dispute_id: UUID, text: str, files: Files = (),
    keyring: Keyring | None = None, slack_channel: str = DEFAULT_CHANNEL,
) -> bool:  # fmt: skip
    """Adds a public message to a case of the link's own statement; False when this page view has said it already."""
    link = await resolve_answer_link(engine, plain_token)
    if not nonce_holds(plain_token, nonce):
        raise LinkInvalid
    _check(text, files)
    async with transaction(engine, link.company_id) as session:
        found = await answerable_statement(session, link.company_id, link.statement_id)
        contact = await find_addressee(session, link.company_id, link.contact_id)
        dispute = await find_dispute(session, link.company_id, dispute_id, lock=True)
        versions = await versions_with(session, link.company_id, link.statement_id)
        if found is None or contact is None or contact.disabled:
            raise LinkInvalid
        if dispute is None or dispute.statement_id not in versions:
            raise DisputeUnknown
        written = await _write(
            session, link.company_id, dispute, Actor("customer", contact.id), contact.name, text,
            key=f"say/{nonce}/{dispute_id}", public=True, files=files, keyring=keyring,
        )  # fmt: skip
        if written:
            await tell_staff(
                session, link.company_id, "answer_received",
                {"statement_id": str(found.id), "kind": "dispute_message", "name": contact.name}, role="clerk",
                subject=("dispute", str(dispute_id)), occasion=f"dispute_message/{nonce}/{dispute_id}",
                channel=slack_channel,
            )  # fmt: skip
    return written


async def speak_as_staff(
    engine: Database, company: Company, dispute_id: UUID, actor: Actor, text: str, *, public: bool, files: Files = (),
    keyring: Keyring | None = None,
) -> None:  # fmt: skip
    """Adds a message of one of the staff; only a public one is shown to the customer."""
    _check(text, files)
    async with transaction(engine, company.id) as session:
        dispute = await find_dispute(session, company.id, dispute_id, lock=True)
        if dispute is None:
            raise DisputeUnknown
        names = await names_of(session, company.id)
        author = names.get(actor.id, "") if actor.id is not None else ""
        said = new_id()
        await _write(
            session, company.id, dispute, actor, author, text, key=f"say/{said}", public=public, files=files,
            keyring=keyring,
        )  # fmt: skip
        if public:
            await tell_customer(session, company.id, dispute, "dispute_answered", text.strip(), occasion=str(said))


def _check(text: str, files: Files) -> None:
    if not text.strip() or len(text) > MAX_TEXT:
        raise AnswerIncomplete(what="the message")
    check_files(files)


async def _write(  # noqa: PLR0913 - a message is its case, its author, its words and its files
    session: Session, company_id: UUID, dispute: Dispute, actor: Actor, author: str, text: str, *, key: str,
    public: bool, files: Files, keyring: Keyring | None,
) -> bool:  # fmt: skip
    if dispute.status not in OPEN_STATUSES:
        raise DisputeClosed(resolution=dispute.resolution or dispute.status)
    message_id = await add_message(
        session, company_id, dispute.id, author_kind=actor.kind, author_id=actor.id, author=author, body=text.strip(),
        public=public, key=key,
    )  # fmt: skip
    if message_id is None:
        return False
    kept: list[UUID] = []
    if files:
        assert keyring is not None  # noqa: S101 - whoever takes files brings the keys
        kept = await keep_attachments(session, company_id, keyring, ("dispute", dispute.id), files, actor.kind)
    await record(
        session, company_id, actor, "dispute_message", ("dispute", str(dispute.id)),
        {"message_id": str(message_id), "public": public, "attachments": [str(one) for one in kept]},
    )  # fmt: skip
    return True
