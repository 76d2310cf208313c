"""What the two mails of a confirmation letter are told from, their PDF, and where an answer by mail goes."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

from notifications.contexts import ConfirmationRequest, ConfirmationSecondRequest, Figure
from notifications.contexts import Letter as MessageContext
from notifications.mime import Attachment
from services.close_confirmations import CONFIRM_PURPOSE
from services.print_confirmation import letter_filename, print_confirmation
from services.show_confirmations import content_of_letter
from services.telling import FactsGoneError, Telling
from statements.confirmations import Form
from storage.confirmations import LETTER, Letter, letter_by_id
from storage.tokens import CUSTOMER_DAYS, mint

SECOND = "confirmation_second_request"
CONFIRMATION_KINDS = frozenset({"confirmation_request", SECOND})
"""Both go to the contact to whom the letter went."""


async def _told(telling: Telling) -> ConfirmationRequest:
    letter = await _letter(telling)
    content = content_of_letter(letter)
    if telling.person is None:
        raise FactsGoneError(f"contact of {telling.row.recipient}")
    token = await mint(
        telling.session, telling.company.id, CONFIRM_PURPOSE, (LETTER, str(letter.id)), telling.person.id,
        {"digest": letter.digest}, timedelta(days=CUSTOMER_DAYS),
    )  # fmt: skip
    auditor = content["auditor"] or {"name": ""}
    shown = () if content["form"] == Form.BLANK else content["balances"]
    return ConfirmationRequest(
        telling.company.name, telling.name, telling.url(f"/c#{token}"), number=letter.number,
        customer=letter.customer_name, as_of=date.fromisoformat(content["as_of"]),
        reply_by=date.fromisoformat(content["reply_by"]), form=content["form"], auditor=auditor["name"],
        balances=tuple(Figure(one["currency"], one["amount"]) for one in shown),
        attachments=(letter_filename(letter),),
    )  # fmt: skip


async def _told_again(telling: Telling) -> ConfirmationSecondRequest:
    first = await _told(telling)
    return ConfirmationSecondRequest(**{name: getattr(first, name) for name in type(first).__dataclass_fields__})


async def _letter(telling: Telling) -> Letter:
    found = await letter_by_id(telling.session, telling.company.id, UUID(telling.row.subject_id))
    if found is None:
        raise FactsGoneError(f"letter {telling.row.subject_id}")
    return found


CONFIRMATION_CONTEXTS: dict[str, Callable[[Telling], Awaitable[MessageContext]]] = {
    "confirmation_request": _told,
    SECOND: _told_again,
}


async def letter_attachment(telling: Telling, link: str) -> tuple[Attachment, ...]:
    """The letter as PDF with the mail's own link."""
    letter = await _letter(telling)
    pdf = await print_confirmation(
        telling.settings, telling.company, letter, link=link, second=telling.row.kind == SECOND
    )
    return (Attachment(letter_filename(letter), pdf, "application", "pdf"),)


async def letter_reply_to(telling: Telling) -> str:
    """The auditor's own address for an audit's letter, past every mailbox of the company; "" for all other mails."""
    if telling.row.subject_kind != LETTER:
        return ""
    auditor = content_of_letter(await _letter(telling))["auditor"]
    return str(auditor["email"]) if auditor else ""
