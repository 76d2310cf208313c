"""Contexts of the messages about cases: decisions of a run, gathered messages, disputes, promises, mail that came in.

Beside `message_contexts.py`, whose table takes these in. Payloads hold ids, and values that are shown as they are.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from notifications.contexts import (
    Digest,
    DisputeAnswered,
    DisputeResolved,
    Figure,
    Letter,
    MailBounced,
    PortalCode,
    PromiseBroken,
    PromiseDue,
    ReplyReceived,
    RunDecided,
    WeeklyDigest,
    WorkbookRead,
)
from services.customer_link import answer_link
from services.enter_portal import CODE_LIFETIME, make_code
from services.message_reasons import APPROVAL_KINDS, MessageOutdatedError
from services.telling import FactsGoneError, Telling, statement_told
from storage.message_facts import gathered_lines, open_requests_of, run_decisions, week_figures
from storage.portal import Proof

LINES_SHOWN = 20
"""Lines of one digest: a phone's two screens; the page has the rest."""

DECIDED = (
    ("Approved", ("approved", "consumed")),
    ("Returned", ("returned",)),
    ("Rejected", ("rejected",)),
    ("Undecided", ("open",)),
)
"""A run's figures and the request states that each one counts."""


async def _run_decided(telling: Telling) -> Letter:
    run_id = str(telling.row.payload["run_id"])
    found = await run_decisions(telling.session, telling.company.id, run_id)
    counted = [(label, sum(found.counts.get(state, 0) for state in states)) for label, states in DECIDED]
    return RunDecided(
        telling.company.name, telling.name, telling.url(f"/runs/{run_id}"),
        period=str(telling.row.payload.get("period", "")),
        figures=tuple(Figure(label, str(number)) for label, number in counted if number),
        unapproved=tuple(Figure(outcome, number) for number, outcome in found.unapproved),
    )  # fmt: skip


async def _digest(telling: Telling) -> Letter:
    payload = telling.row.payload
    kind, ids = str(payload["gathered"]), [UUID(str(one)) for one in payload["rows"]]
    if kind in APPROVAL_KINDS:
        lines = await open_requests_of(telling.session, telling.company.id, ids)
        if not lines:
            raise MessageOutdatedError("every request is decided")
        count = len(lines)
    else:
        lines, count = await gathered_lines(telling.session, telling.company.id, ids, LINES_SHOWN), len(ids)
    return Digest(
        telling.company.name, telling.name, telling.url(str(payload.get("url_path") or "/inbox")), gathered=kind,
        count=count, lines=tuple(lines[:LINES_SHOWN]),
    )  # fmt: skip


async def _dispute_answered(telling: Telling) -> Letter:
    payload = telling.row.payload
    facts = await statement_told(telling, str(payload["statement_id"]))
    return DisputeAnswered(
        telling.company.name, telling.name, await answer_link(telling, str(facts.id), facts.digest),
        number=facts.number, document=str(payload.get("document", "")), amount=str(payload.get("amount", "0")),
        currency=str(facts.content["currency"]), words=str(payload.get("words", "")),
    )  # fmt: skip


async def _dispute_resolved(telling: Telling) -> Letter:
    payload = telling.row.payload
    facts = await statement_told(telling, str(payload["statement_id"]))
    return DisputeResolved(
        telling.company.name, telling.name, await answer_link(telling, str(facts.id), facts.digest),
        number=facts.number, document=str(payload.get("document", "")), amount=str(payload.get("amount", "0")),
        currency=str(facts.content["currency"]), words=str(payload.get("words", "")),
        resolution=str(payload.get("resolution", "accepted")),
    )  # fmt: skip


async def _promise_due(telling: Telling) -> Letter:
    payload = telling.row.payload
    facts = await statement_told(telling, str(payload["statement_id"]))
    return PromiseDue(
        telling.company.name, telling.name, await answer_link(telling, str(facts.id), facts.digest),
        number=facts.number, amount=str(payload["amount"]), currency=str(payload["currency"]),
        due_on=date.fromisoformat(str(payload["due_on"])),
    )  # fmt: skip


async def _workbook_read(telling: Telling) -> Letter:
    payload = telling.row.payload
    facts = await statement_told(telling, str(payload["statement_id"]))
    return WorkbookRead(
        telling.company.name, telling.name, await answer_link(telling, str(facts.id), facts.digest),
        number=facts.number, **{name: str(payload[name]) for name in ("filename", "answer", "problem", "remedy")},
    )  # fmt: skip


async def _portal_code(telling: Telling) -> Letter:
    if telling.person is None:
        raise FactsGoneError(f"contact of {telling.row.recipient}")
    proof = Proof(telling.person.id, telling.row.recipient)
    code = await make_code(telling.session, telling.company.id, proof, str(telling.row.payload["ask"]))
    return PortalCode(telling.company.name, telling.name, code=code, minutes=CODE_LIFETIME.seconds // 60)


async def _promise_broken(telling: Telling) -> Letter:
    payload = telling.row.payload
    return PromiseBroken(
        telling.company.name, telling.name, telling.url(f"/customers/{payload['customer_id']}"),
        number=str(payload.get("number", "")), amount=str(payload["amount"]), currency=str(payload["currency"]),
        due_on=date.fromisoformat(str(payload["due_on"])), customer=str(payload.get("customer", "")),
        promised_by=str(payload.get("promised_by", "")),
    )  # fmt: skip


async def _mail_bounced(telling: Telling) -> Letter:
    payload = telling.row.payload
    customer_id = payload.get("customer_id")
    return MailBounced(
        telling.company.name, telling.name, telling.url(f"/customers/{customer_id}" if customer_id else "/outbox"),
        customer=str(payload.get("customer", "")), address=str(payload["address"]),
        number=str(payload.get("number", "")), words=str(payload.get("words", "")),
    )  # fmt: skip


async def _reply_received(telling: Telling) -> Letter:
    payload = telling.row.payload
    return ReplyReceived(
        telling.company.name, telling.name, telling.url(str(payload.get("url_path") or "/replies")),
        customer=str(payload.get("customer", "")), number=str(payload.get("number", "")),
        answered_by=str(payload.get("sender", "")), words=str(payload.get("words", "")),
    )  # fmt: skip


async def _weekly_digest(telling: Telling) -> Letter:
    payload = telling.row.payload
    start, end = (date.fromisoformat(str(payload[name])) for name in ("start", "end"))
    counted = await week_figures(telling.session, telling.company.id, start, end, telling.company.timezone)
    return WeeklyDigest(
        telling.company.name, telling.name, telling.url("/runs"), start=start, end=end,
        figures=tuple(Figure(label, str(number)) for label, number in counted.items()),
    )  # fmt: skip


CASE_CONTEXTS: dict[str, Callable[[Telling], Awaitable[Letter]]] = {
    "run_decided": _run_decided,
    "digest": _digest,
    "dispute_answered": _dispute_answered,
    "dispute_resolved": _dispute_resolved,
    "promise_due": _promise_due,
    "portal_code": _portal_code,
    "workbook_read": _workbook_read,
    "promise_broken": _promise_broken,
    "mail_bounced": _mail_bounced,
    "reply_received": _reply_received,
    "weekly_digest": _weekly_digest,
}
