"""What each kind of message is told from: reads the facts of a queued row and answers its context.

One function per kind; each mints the links that its message carries, in the caller's transaction.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from notifications.contexts import (
    AnswerReceived,
    ApprovalAsked,
    ApprovalDecided,
    ApprovalEscalated,
    ApprovalReminded,
    ApprovalReturned,
    Bucket,
    Check,
    ComplianceDigest,
    DisputeOpened,
    Figure,
    FindingLine,
    Letter,
    OverdueItem,
    Reminder,
    RunFinished,
    RunNeedsYou,
    StatementToCustomer,
    UnansweredStatement,
)
from notifications.labels import plain_label
from services.case_contexts import CASE_CONTEXTS
from services.confirmation_contexts import CONFIRMATION_CONTEXTS
from services.customer_link import answer_link
from services.telling import FactsGoneError, Telling, statement_told
from storage.deliveries import customer_name, decision_facts, dispute_facts
from storage.tokens import STAFF_DAYS, mint
from words.catalog import translate
from words.figures import amount_text, money_text

FINDINGS_SHOWN = 20
"""Lines of one digest; the page has the rest."""

FIGURES_SHOWN = 12
"""Lines of a table in a message: more belong on the page."""


PLAIN_MONEY = re.compile(r"([A-Z]{3}) (-?\d+(?:\.\d+)?)")
"""An amount as services write it, "USD 1234.50": people get their own grouping."""


async def _approval_asked(telling: Telling) -> Letter:
    return ApprovalAsked(**await _approval(telling))


async def _approval_escalated(telling: Telling) -> Letter:
    return ApprovalEscalated(**await _approval(telling))


async def _approval_reminded(telling: Telling) -> Letter:
    return ApprovalReminded(**await _approval(telling))


async def _approval(telling: Telling) -> dict[str, Any]:
    """One request with its decision link, or several at once with the way to the inbox ("link": "page")."""
    payload, request_id = telling.row.payload, str(telling.row.payload.get("request_id", ""))
    single = bool(request_id) and payload.get("link", "decide") == "decide"
    binding: dict[str, Any] = {key: payload[key] for key in ("stage", "round", "digest") if key in payload}
    link = telling.url(str(payload.get("url_path") or f"/approvals/{request_id}"))
    if single and telling.row.channel == "email" and telling.person is not None:
        token = await mint(
            telling.session, telling.company.id, "decide", (telling.row.subject_kind, request_id), telling.person.id,
            binding, timedelta(days=STAFF_DAYS),
        )  # fmt: skip
        link = telling.url(f"/a#{token}")
    return {
        "company": telling.company.name, "name": telling.name, "link": link, "request_id": request_id,
        "title": str(payload.get("title", "")), "figures": _figures(payload.get("figures"), telling.language),
        "checks": _checks(payload.get("checks"), telling.language),
        "action": {"company": str(telling.company.id), "request_id": request_id, **binding} if single else {},
    }  # fmt: skip


async def _approval_decided(telling: Telling) -> Letter:
    return ApprovalDecided(**await _decision(telling))


async def _approval_returned(telling: Telling) -> Letter:
    return ApprovalReturned(**await _decision(telling))


async def _decision(telling: Telling) -> dict[str, Any]:
    payload, request_id = telling.row.payload, telling.row.payload["request_id"]
    known = await decision_facts(telling.session, telling.company.id, UUID(str(request_id)))
    state, people = known if known is not None else ("cancelled", [])
    separator = "、" if telling.language == "zh" else ", "
    decided_by = payload.get("decided_by") or separator.join(people)
    return {
        "company": telling.company.name, "name": telling.name,
        "link": telling.url(str(payload.get("url_path") or f"/approvals/{request_id}")),
        "title": str(payload.get("title", "")), "outcome": str(payload.get("outcome") or state),
        "decided_by": str(decided_by), "comment": str(payload.get("comment") or ""),
    }  # fmt: skip


async def _run_needs_you(telling: Telling) -> Letter:
    payload = telling.row.payload
    return RunNeedsYou(
        telling.company.name, telling.name, telling.url(f"/runs/{payload['run_id']}"),
        period=str(payload.get("period", "")), waiting=str(payload.get("waiting", "")),
        figures=_figures(payload.get("figures"), telling.language),
    )  # fmt: skip


async def _run_finished(telling: Telling) -> Letter:
    payload = telling.row.payload
    return RunFinished(
        telling.company.name, telling.name, telling.url(f"/runs/{payload['run_id']}"),
        period=str(payload.get("period", "")), figures=_figures(payload.get("figures"), telling.language),
    )  # fmt: skip


async def _statement_to_customer(telling: Telling) -> Letter:
    statement_id = str(telling.row.payload["statement_id"])
    facts = await statement_told(telling, statement_id)
    content = facts.content
    return StatementToCustomer(
        telling.company.name, telling.name, await answer_link(telling, statement_id, facts.digest),
        number=facts.number, start=_day(content["period"]["start"]), end=_day(content["period"]["end"]),
        as_of=_day(content["as_of"]), currency=content["currency"], opening=content["opening"],
        debits=content["debits"], credits=content["credits"], closing=content["closing"],
        overdue=content["overdue"], aging=tuple(_bucket(part) for part in content["aging"]),
        attachments=tuple(attachment_names(facts.number, telling.language)), customer=facts.customer_name,
    )  # fmt: skip


def attachment_names(number: str, language: str) -> list[str]:
    """File names of a statement's PDF and workbook, in the customer's language."""
    stem = f"{translate('Statement', language)} {number.replace('/', ' ')}"
    return [f"{stem}.pdf", f"{stem}.xlsx"]


def _bucket(part: Mapping[str, Any]) -> Bucket:
    return Bucket(part["bucket"], part["from"], part["to"], part["amount"])


async def _reminder(telling: Telling) -> Letter:
    payload = telling.row.payload
    statements = []
    for waiting in payload.get("statements", ()):
        facts = await statement_told(telling, str(waiting["statement_id"]))
        link = await answer_link(telling, str(facts.id), facts.digest)
        statements.append(
            UnansweredStatement(
                facts.number, str(facts.content["closing"]), str(facts.content["currency"]),
                _day(waiting.get("sent_on")), link,
            )
        )  # fmt: skip
    items = tuple(
        OverdueItem(i["number"], date.fromisoformat(i["due_date"]), int(i["days_overdue"]), i["amount"], i["currency"])
        for i in payload.get("items", ())
    )
    name = await customer_name(telling.session, telling.company.id, UUID(str(payload["customer_id"])))
    return Reminder(
        telling.company.name, telling.name, statements[0].link if statements else "", level=int(payload["level"]),
        customer=name or "", statements=tuple(statements), items=items,
        totals=tuple(Figure(currency, total) for currency, total in payload.get("totals", {}).items()),
    )  # fmt: skip


async def _answer_received(telling: Telling) -> Letter:
    payload = telling.row.payload
    facts = await statement_told(telling, str(payload["statement_id"]))
    return AnswerReceived(
        telling.company.name, telling.name, telling.url(f"/statements/{facts.id}"), number=facts.number,
        customer=facts.customer_name, answer=str(payload.get("kind", "agree")),
        answered_by=str(payload.get("name", "")), closing=facts.content["closing"],
        currency=facts.content["currency"],
    )  # fmt: skip


async def _dispute_opened(telling: Telling) -> Letter:
    dispute_id = str(telling.row.payload["dispute_id"])
    facts = await dispute_facts(telling.session, telling.company.id, UUID(dispute_id))
    if facts is None:
        raise FactsGoneError(f"dispute {dispute_id}")
    return DisputeOpened(
        telling.company.name, telling.name, telling.url("/disputes"), number=facts["statement"],
        customer=facts["customer"], document=facts["document"], amount=facts["amount_text"],
        currency=facts["currency"], reason=facts["reason"], explanation=facts["explanation"],
    )  # fmt: skip


async def _compliance_digest(telling: Telling) -> Letter:
    found = list(telling.row.payload.get("findings", ()))
    lines = tuple(
        FindingLine(
            check=str(f.get("check") or f.get("check_name") or f.get("code", "")),
            severity=str(f.get("severity", "notice")),
            subject=str(f.get("number") or f.get("subject") or f.get("subject_id", "")), due_on=_day(f.get("due_on")),
            sentence=str(f.get(telling.language) or ""),
        )
        for f in found[:FINDINGS_SHOWN]
    )  # fmt: skip
    more = int(telling.row.payload.get("more", 0)) + max(0, len(found) - FINDINGS_SHOWN)
    return ComplianceDigest(
        telling.company.name, telling.name, telling.url("/compliance"), findings=lines, more=more
    )  # fmt: skip


def _day(text: object) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) and text else None


def _figures(given: object, language: str) -> tuple[Figure, ...]:
    """Figures as services hand them over: {label: value} or a list of {"label", "value"(, "currency")}."""
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, Sequence) and not isinstance(given, str):
        pairs = [_pair(part, language) for part in given]
    else:
        return ()
    shown = [
        Figure(str(label) if str(label)[:1].isupper() else plain_label(str(label)), _value(value, language))
        for label, value in pairs
        if isinstance(value, str | int | Mapping) and value != ""
    ]
    return tuple(shown[:FIGURES_SHOWN])


def _pair(part: object, language: str) -> tuple[object, object]:
    if isinstance(part, Mapping):
        label, value = part.get("label", part.get("name", "")), part.get("value", part.get("amount", ""))
        if "currency" in part:
            return label, money_text(str(value), str(part["currency"]), language)
        return label, value
    if isinstance(part, Sequence) and not isinstance(part, str) and len(part) == 2:  # noqa: PLR2004 - a pair
        return part[0], part[1]
    return "", ""


def _value(value: str | int | Mapping[str, object], language: str) -> str:
    if isinstance(value, Mapping):  # amounts by currency
        return ", ".join(money_text(str(amount), currency, language) for currency, amount in value.items())
    if isinstance(value, int):
        return amount_text(str(value), language)
    money = PLAIN_MONEY.fullmatch(value)
    return money_text(money[2], money[1], language) if money else value


def _checks(given: object, language: str) -> tuple[Check, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        return ()
    checks = []
    for part in given:
        if isinstance(part, Mapping):
            holds = bool(part.get("ties", part.get("holds", False)))
            difference = str(part.get("difference", "")) if not holds else ""
            name = str(part.get("equation") or part.get("label") or part.get("name", ""))
            checks.append(Check(name, holds, amount_text(difference, language) if difference else ""))
    return tuple(checks)


CONTEXTS: dict[str, Callable[[Telling], Awaitable[Letter]]] = {
    "approval_asked": _approval_asked,
    "approval_reminded": _approval_reminded,
    "approval_escalated": _approval_escalated,
    "approval_decided": _approval_decided,
    "approval_returned": _approval_returned,
    "run_needs_you": _run_needs_you,
    "run_finished": _run_finished,
    "statement_to_customer": _statement_to_customer,
    "reminder": _reminder,
    "answer_received": _answer_received,
    "dispute_opened": _dispute_opened,
    "compliance_digest": _compliance_digest,
    **CASE_CONTEXTS,
    **CONFIRMATION_CONTEXTS,
}
"""Every kind of notifications.contexts.KINDS; a test holds both to each other."""
