"""Builds a period's drafts for a batch of customers; building again with the same figures writes nothing."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from ledger.business_calendar import Period
from ledger.canonical import canonical_json, sha256_hex
from ledger.money import minor_of_parts, parts_of
from services.change_statement_status import change_statement_status
from services.gather_subjects import Frame, gather_subjects, group_members, groups_are_stated
from services.report_balance import CustomerUnknown, policy_in_force
from services.state_plain_accounts import AMOUNTS, Stated, state_plain_accounts
from statements.content import Form, Subject, build_content, figures_digest
from statements.difference import difference
from statements.lifecycle import DEAD, UNSENT, Status
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.identifiers import new_id
from storage.ledger_rows import list_customers
from storage.presence import database_now
from storage.statements import (
    NewStatement,
    StatementRow,
    content_of,
    insert_drafts,
    latest_versions,
    versions_of,
)
from words.refusal import Refusal

BATCH = 2_500
"""Customers per transaction: some 20 MB of contents, and a killed worker loses seconds of work."""


class FormInvalid(Refusal):
    """Not one of the three forms."""

    code = "statement_form_unknown"
    sentence = "{form} is not a form of statement."
    remedy = "The forms are OPEN_ITEM, BALANCE_FORWARD and DETAILED."


@dataclass(frozen=True, slots=True)
class _Order:
    """What to build, and for whom it is recorded."""

    company: Company
    period: Period
    form: Form
    as_of: date
    run_id: UUID | None
    prepared_by: UUID | None


@dataclass(frozen=True, slots=True)
class Built:
    """A line per statement, and how many customers were left out for which reason.

    Reasons: nothing_to_say, disabled, in_group (their head's statement has them).
    """

    statements: list[dict[str, Any]]
    left_out: dict[str, int]


async def build_statements(
    engine: Database,
    company: Company,
    period: Period,
    form: str = "OPEN_ITEM",
    customer_ids: Sequence[UUID] | None = None,
    run_id: UUID | None = None,
    prepared_by: UUID | None = None,
    as_of: date | None = None,
) -> list[dict[str, Any]]:
    """Drafts of all customers, or of some: one line per statement, whether it is new or was there already."""
    built = await build_counted(engine, company, period, form, customer_ids, run_id, prepared_by, as_of)
    return built.statements


async def build_counted(
    engine: Database,
    company: Company,
    period: Period,
    form: str = "OPEN_ITEM",
    customer_ids: Sequence[UUID] | None = None,
    run_id: UUID | None = None,
    prepared_by: UUID | None = None,
    as_of: date | None = None,
) -> Built:
    """`build_statements` with the counts of who was left out. One transaction per `BATCH` customers."""
    if form not in set(Form):
        raise FormInvalid(form=form)
    order = _Order(company, period, Form(form), as_of or period.end, run_id, prepared_by)
    chosen = list(customer_ids) if customer_ids is not None else await customers_to_state(engine, company)
    lines: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    for start in range(0, len(chosen), BATCH):
        async with transaction(engine, company.id) as session:
            built = await _build_batch(engine, session, order, chosen[start : start + BATCH])
        lines += built.statements
        left_out.update(built.left_out)
    return Built(lines, dict(left_out))


async def customers_to_state(engine: Database, company: Company) -> list[UUID]:
    """Every customer by code: what a run cuts into batches. Members of a group come with their head."""
    async with transaction(engine, company.id) as session:
        return [row.id for row in await list_customers(session, company.id)]


async def head_of_customer(engine: Database, company: Company, code: str) -> UUID:
    """Whose statement has this customer: the customer's own, or the head's of its group. Raises CustomerUnknown."""
    async with transaction(engine, company.id) as session:
        everyone = {row.id: row for row in await list_customers(session, company.id)}
    groups = group_members(everyone, grouped=groups_are_stated(company))
    for head, rows in groups.items():
        if any(row.code == code for row in rows):
            return head
    raise CustomerUnknown(customer=code)


async def _build_batch(engine: Database, session: Session, order: _Order, customer_ids: Sequence[UUID]) -> Built:
    company = order.company
    as_known = await database_now(session)
    policy = await policy_in_force(session, company, None)
    frame = Frame(company, order.period, order.form, order.as_of, as_known, policy)
    last = await latest_versions(session, company.id, order.period.label, customer_ids, lock=True)
    plain = await state_plain_accounts(engine, session, frame, customer_ids, last)
    rest = [one for one in customer_ids if one not in plain]
    batch = await gather_subjects(session, frame, rest)
    found = plain | {
        customer_id: [_from_subject(customer_id, subject, last) for subject in subjects]
        for customer_id, subjects in batch.subjects.items()
    }
    lines: list[dict[str, Any]] = []
    drafts: list[NewStatement] = []
    silent = 0
    for customer_id in (one for one in customer_ids if one in found):
        due = [one for one in found[customer_id] if _is_due(one, last.get((customer_id, one.currency)))]
        silent += not due
        for one in due:
            row = last.get((customer_id, one.currency))
            draft = await _draft(session, order, one, row)
            drafts += [draft] if draft is not None else []
            lines.append(_told(one, draft, row))
    await _write(session, order, drafts, last)
    counts = {"nothing_to_say": silent, "disabled": len(batch.disabled), "in_group": len(batch.in_group)}
    return Built(lines, {reason: count for reason, count in counts.items() if count})


def _from_subject(customer_id: UUID, subject: Subject, last: Mapping[tuple[UUID, str], StatementRow]) -> Stated:
    row = last.get((customer_id, subject.currency))
    content = build_content(subject, row.version + 1 if row is not None else 1)
    text = canonical_json(content)
    return Stated(
        customer_id=customer_id, code=subject.customer.code, currency=subject.currency, number=content["number"],
        version=content["version"], says_something=subject.says_something, content=text, digest=sha256_hex(text),
        figures_digest=figures_digest(content), ties=all(check["ties"] for check in content["checks"]),
        amounts={name: content[name] for name in AMOUNTS},
        buckets={bucket["bucket"]: bucket["amount"] for bucket in content["aging"]},
    )  # fmt: skip


def _is_due(stated: Stated, row: StatementRow | None) -> bool:
    """An account that fell silent still owes a new version to whoever holds an old one."""
    return stated.says_something or (row is not None and row.status not in DEAD)


async def _draft(session: Session, order: _Order, stated: Stated, row: StatementRow | None) -> NewStatement | None:
    """The next version; None when the newest one says the same, whatever became of it."""
    if row is not None and row.figures_digest == stated.figures_digest:
        return None
    minor = {name: minor_of_parts(parts_of(amount, stated.currency)) for name, amount in stated.amounts.items()}
    return NewStatement(
        id=new_id(), number=stated.number, run_id=order.run_id, customer_id=stated.customer_id,
        currency=stated.currency, period=order.period.label, form=order.form.value, version=stated.version,
        status=Status.DRAFT.value, content=stated.content, digest=stated.digest,
        figures_digest=stated.figures_digest, **minor, ties=stated.ties,
        supersedes_id=row.id if row is not None else None,
        difference=await _difference(session, order.company.id, row, stated) if row is not None else None,
        prepared_by=order.prepared_by,
    )  # fmt: skip


async def _difference(session: Session, company_id: UUID, row: StatementRow, stated: Stated) -> dict[str, Any]:
    """Against the last version that the customer answered, else the last one sent, else the last one."""
    versions = list(reversed(await versions_of(session, company_id, row)))
    answered = [one for one in versions if one.answered_at is not None]
    sent = [one for one in versions if one.sent_at is not None]
    base = next(iter([*answered, *sent]), row)
    return dict(difference(json.loads(await content_of(session, company_id, base.id)), json.loads(stated.content)))


async def _write(
    session: Session, order: _Order, drafts: Sequence[NewStatement], last: dict[tuple[UUID, str], StatementRow]
) -> None:
    if not drafts:
        return
    company_id = order.company.id
    actor = Actor("user", order.prepared_by) if order.prepared_by is not None else SYSTEM
    written = await insert_drafts(session, company_id, drafts)
    for draft in drafts:
        row = last.get((draft.customer_id, draft.currency))
        if draft.id in written and row is not None and row.status in UNSENT:
            facts = {"superseded_by": draft.number, "reason": "out_of_date"}
            await change_statement_status(session, company_id, row.id, "supersede", actor, facts)
    subject = ("run", str(order.run_id)) if order.run_id is not None else ("period", order.period.label)
    digests = {draft.number: draft.digest for draft in drafts if draft.id in written}
    await record(session, company_id, actor, "statements_drafted", subject, {"statements": digests})


def _told(stated: Stated, draft: NewStatement | None, row: StatementRow | None) -> dict[str, Any]:
    """One line of `tieout statements build`."""
    shown = draft if draft is not None else cast("StatementRow", row)
    return {
        "id": str(shown.id),
        "number": shown.number,
        "customer": stated.code,
        "currency": stated.currency,
        **{name: stated.amounts[name] for name in ("opening", "debits", "credits", "closing")},
        "buckets": stated.buckets,
        "digest": shown.digest,
        "ties": shown.ties,
        "status": shown.status,
        "new": draft is not None,
    }
