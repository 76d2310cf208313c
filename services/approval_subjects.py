"""The kinds of things that can be approved: their digest now, their facts, how to describe them, what a close does.

The engine knows none of them. A new kind is one entry in `SUBJECTS`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from ledger.canonical import canonical_json, sha256_hex
from ledger.money import decimal_text, decimals
from services.adjustment_subjects import ADJUSTMENT_SUBJECTS
from services.change_statement_status import change_statement_status, change_statement_statuses, move_locked
from services.contact_subjects import CONTACT_SUBJECTS
from services.credit_subjects import CREDIT_SUBJECTS
from services.policy_subjects import POLICY_SUBJECTS
from services.subject_kinds import Description, Facts, Figure, SubjectKind, SubjectUnknown
from services.waiver_subjects import WAIVER_SUBJECTS
from services.wording_subjects import WORDING_SUBJECTS
from storage.approval_subjects import (
    StatementCard,
    StatementFacts,
    statement_cards,
    statement_digests,
    statement_facts,
)
from storage.audit import Actor, Entry, record_many
from storage.database import Session
from storage.statement_moves import lock_statements
from words.catalog import translate
from words.figures import money_text


def subject_kind(kind: str) -> SubjectKind:
    """The kind's functions, or SubjectUnknown."""
    found = SUBJECTS.get(kind)
    if found is None:
        raise SubjectUnknown(kind=kind, id="")
    return found


# -- statement ---------------------------------------------------------------------------------------

REVIEWABLE = ("draft", "in_review", "approved")
"""In any other status there is nothing left to approve."""

_COMMANDS = {
    "approved": "approve", "rejected": "reject", "returned": "return_", "withdrawn": "withdraw",
    "expired": "withdraw", "cancelled": "withdraw",
}  # fmt: skip


def facts_of_statement(row: StatementFacts) -> dict[str, Any]:
    """The facts that a policy may ask of a statement; documented in the handbook."""
    unit = 10 ** decimals(row.currency)
    return {
        "number": row.number,
        "customer": row.customer_code,
        "currency": row.currency,
        "period": row.period,
        "form": row.form,
        "version": row.version,
        "closing_minor": row.closing,
        "closing_whole": -(-abs(row.closing) // unit),
        "overdue_minor": row.overdue,
        "credit_balance": row.closing < 0,
        "ties": row.ties,
        "findings": row.findings,
        "disputed": row.disputed,
        "group": row.heads_group,
        "form_changed": row.earlier_form is not None and row.earlier_form != row.form,
        "run_id": str(row.run_id) if row.run_id is not None else "",
    }


async def _statement_digest(session: Session, company_id: UUID, subject_id: str, _facts: Facts) -> str:
    return (await _statements_digests(session, company_id, [subject_id])).get(subject_id, "")


async def _statements_digests(session: Session, company_id: UUID, subject_ids: Sequence[str]) -> dict[str, str]:
    found = await statement_digests(session, company_id, [UUID(one) for one in subject_ids])
    return {str(one): digest if status in REVIEWABLE else "" for one, (digest, status) in found.items()}


async def _describe_statement(
    session: Session, company_id: UUID, subject_id: str, _facts: Facts, language: str
) -> Description:
    rows = await statement_cards(session, company_id, [UUID(subject_id)])
    if not rows:
        raise SubjectUnknown(kind="statement", id=subject_id)
    return described_statement(rows[0], language)


def described_statement(row: StatementCard, language: str) -> Description:
    """The card of a statement from rows that were read already."""
    amounts = {
        "Opening balance": row.opening,
        "Debits": row.debits,
        "Credits": row.credits,
        "Closing balance": row.closing,
        "Overdue": row.overdue,
    }
    figures = tuple(
        Figure(label, money_text(decimal_text(minor, 0, row.currency), row.currency, language))
        for label, minor in amounts.items()
    )
    return Description(
        title=translate("Statement {number}, {customer}", language, number=row.number, customer=row.customer_name),
        figures=figures,
        checks=tuple(
            {"label": check["equation"], "holds": check["ties"], "difference": check["difference"]}
            for check in row.checks
        ),
        url_path=f"/statements/{row.id}",
        difference=row.difference,
    )


async def _open_statement(session: Session, company_id: UUID, subject_id: str, _facts: Facts, actor: Actor) -> None:
    found = await statement_digests(session, company_id, [UUID(subject_id)])
    _, status = found.get(UUID(subject_id), ("", ""))
    if status != "in_review":
        await change_statement_status(session, company_id, UUID(subject_id), "submit", actor, {})


async def _close_statement(
    session: Session, company_id: UUID, subject_id: str, _facts: Facts, outcome: str, actor: Actor, reason: str
) -> None:
    found = await statement_digests(session, company_id, [UUID(subject_id)])
    _, status = found.get(UUID(subject_id), ("", ""))
    if status == "in_review":
        facts = {"reason": reason} if reason else {}
        await change_statement_status(session, company_id, UUID(subject_id), _COMMANDS[outcome], actor, facts)


async def _close_statements(
    session: Session, company_id: UUID, subject_ids: Sequence[str], outcome: str, actor: Actor, reason: str
) -> list[Entry]:
    locked = await lock_statements(session, company_id, [UUID(one) for one in subject_ids])
    reviewed = [row for row in locked if row.status == "in_review"]
    facts = {"reason": reason} if reason else {}
    return await move_locked(session, company_id, reviewed, _COMMANDS[outcome], actor, facts)


# -- batch of statements -----------------------------------------------------------------------------


def batch_digest(digests: Mapping[UUID, str]) -> str:
    """One digest over all statements of a batch."""
    return sha256_hex(canonical_json({str(statement): digest for statement, digest in digests.items()}))


def _members(facts: Facts) -> list[UUID]:
    """`facts["statements"]` maps the id of each statement to the digest that was submitted."""
    return [UUID(one) for one in facts.get("statements", ())]


async def _batch_digest(session: Session, company_id: UUID, _subject_id: str, facts: Facts) -> str:
    found = await statement_digests(session, company_id, _members(facts))
    if any(status not in REVIEWABLE for _, status in found.values()):
        return ""
    return batch_digest({statement: digest for statement, (digest, _) in found.items()})


async def _describe_batch(
    session: Session, company_id: UUID, _subject_id: str, facts: Facts, language: str
) -> Description:
    rows = await statement_facts(session, company_id, _members(facts))
    figures = [
        Figure("Statements", str(len(rows))),
        *money_figures([(row.currency, row.closing) for row in rows], language),
    ]
    title = translate("{count} statements of {period}", language, count=len(rows), period=facts.get("period", ""))
    return Description(title, tuple(figures), (), "/inbox")


def money_figures(closings: Iterable[tuple[str, int]], language: str) -> list[Figure]:
    """Closing balances (currency, minor units) of many statements, one figure per currency."""
    totals: dict[str, int] = {}
    for currency, minor in closings:
        totals[currency] = totals.get(currency, 0) + minor
    return [
        Figure("Closing balance", money_text(decimal_text(minor, 0, currency), currency, language))
        for currency, minor in sorted(totals.items())
    ]


async def _open_batch(session: Session, company_id: UUID, _subject_id: str, facts: Facts, actor: Actor) -> None:
    found = await statement_digests(session, company_id, _members(facts))
    drafts = [statement for statement, (_, status) in found.items() if status != "in_review"]
    await change_statement_statuses(session, company_id, drafts, "submit", actor, {})


async def _take_up_statement(session: Session, company_id: UUID, subject_id: str, _facts: Facts, actor: Actor) -> None:
    await _revise(session, company_id, [UUID(subject_id)], actor)


async def _take_up_batch(session: Session, company_id: UUID, _subject_id: str, facts: Facts, actor: Actor) -> None:
    await _revise(session, company_id, _members(facts), actor)


async def _revise(session: Session, company_id: UUID, statements: Sequence[UUID], actor: Actor) -> None:
    """What was returned becomes a draft again."""
    found = await statement_digests(session, company_id, statements)
    returned = [statement for statement, (_, status) in found.items() if status == "returned"]
    await change_statement_statuses(session, company_id, returned, "revise", actor, {})


async def _close_batch(
    session: Session, company_id: UUID, _subject_id: str, facts: Facts, outcome: str, actor: Actor, reason: str
) -> None:
    members = [str(one) for one in _members(facts)]
    moved = await _close_statements(session, company_id, members, outcome, actor, reason)
    await record_many(session, company_id, actor, moved)


SUBJECTS: dict[str, SubjectKind] = {
    "statement": SubjectKind(
        _statement_digest,
        _describe_statement,
        _open_statement,
        _close_statement,
        _statements_digests,
        _close_statements,
        again=_take_up_statement,
    ),
    "statement_batch": SubjectKind(_batch_digest, _describe_batch, _open_batch, _close_batch, again=_take_up_batch),
    **WAIVER_SUBJECTS,
    **CONTACT_SUBJECTS,
    **ADJUSTMENT_SUBJECTS,
    **POLICY_SUBJECTS,
    **WORDING_SUBJECTS,
    **CREDIT_SUBJECTS,
}
