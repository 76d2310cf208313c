"""Turns the disputed lines of an answer into cases: owner by rule, due in working time, told to the clerks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from approvals.working_time import WorkingCalendar
from ledger.money import decimal_text
from services.end_dispute import note_case_end
from services.tell_staff import DEFAULT_CHANNEL, tell_staff
from statements.answers import Claim
from statements.disputes import OPEN_STATUSES, DisputePolicy, dispute_policy, owner_of
from storage.answers import Answer, AnswerableStatement
from storage.audit import SYSTEM, record
from storage.companies import Company
from storage.database import Session
from storage.disputes import (
    Dispute,
    case_facts,
    change_dispute,
    close_dispute,
    disputes_of_versions,
    insert_dispute,
    last_round,
    person_who_owns,
)
from storage.identifiers import new_id
from storage.promises import versions_with
from storage.statements import statement_by_id
from storage.tasks import NewTask, close_task_by_key, open_task


async def replace_disputes(
    session: Session, company: Company, found: AnswerableStatement, new: Answer, claims: Sequence[Claim],
    slack_channel: str = DEFAULT_CHANNEL,
) -> dict[int, Dispute]:  # fmt: skip
    """The newest answer says all that is disputed: what it leaves out is withdrawn, what it repeats is the same case.

    Answers the open case of each disputed line. Cases of an earlier version that are repeated go on with this one.
    """
    versions = await versions_with(session, company.id, found.id)
    known = await disputes_of_versions(session, company.id, versions)
    waiting = [one for one in known if one.status in OPEN_STATUSES]
    cases: dict[int, Dispute] = {}
    opened: list[tuple[Dispute, Claim]] = []
    for claim in claims:
        same = next((d for d in waiting if (d.item_id, d.reason, d.amount) == _identity(claim)), None)
        if same is None:
            dispute = await _case(session, company, found, new, claim)
            opened.append((dispute, claim))
        else:
            waiting.remove(same)
            dispute = same
            if same.statement_id != found.id:
                await change_dispute(session, company.id, same.id, statement_id=found.id)
        cases[claim.line] = dispute
    for old in waiting:
        await close_dispute(session, company.id, old.id, "withdrawn", new.at)
        await note_case_end(session, company.id, old.id)
        for key in ("dispute", "dispute_escalated"):
            await close_task_by_key(session, company.id, f"{key}/{old.id}")
    for dispute, claim in opened:
        await open_case(session, company, found, dispute, claim.number, slack_channel)
    return cases


def _identity(claim: Claim) -> tuple[UUID, str, int]:
    return claim.item_id, claim.reason, claim.amount


async def _case(session: Session, company: Company, found: AnswerableStatement, new: Answer, claim: Claim) -> Dispute:
    policy = dispute_policy(company.settings.get("disputes"))
    before = await last_round(session, company.id, claim.item_id, claim.reason)
    return await new_case(
        session, company, policy, found, answer_id=new.id, item_id=claim.item_id, reason=claim.reason,
        amount=claim.amount, explanation=claim.text, at=new.at, before=before,
    )  # fmt: skip


async def new_case(  # noqa: PLR0913 - a case is its statement, answer, item, reason, amount, words and past
    session: Session, company: Company, policy: DisputePolicy, found: AnswerableStatement, *, answer_id: UUID,
    item_id: UUID, reason: str, amount: int, explanation: str, at: datetime, before: tuple[UUID, int] | None,
) -> Dispute:  # fmt: skip
    """A case about to be opened; `before` is the case that it takes up again, with its round."""
    facts = await case_facts(session, company.id, item_id, reason)
    row = await statement_by_id(session, company.id, found.id)
    owner = await person_who_owns(
        session, company.id, owner_of(policy, facts), row.prepared_by if row is not None else None
    )
    due_at = WorkingCalendar(company.country, company.timezone).add_hours(at, policy.hours)
    round_ = before[1] + 1 if before is not None else 1
    return Dispute(
        id=new_id(), statement_id=found.id, answer_id=answer_id, item_id=item_id, reason=reason,
        currency=found.currency, amount=amount, explanation=explanation, status="open", resolution=None, owner_id=owner,
        due_on=due_at.astimezone(ZoneInfo(company.timezone)).date(), opened_at=at, closed_at=None, due_at=due_at,
        round=round_, reopens_id=before[0] if before is not None else None,
        # Beyond the last round clerks have had their say: a manager hears of it at once.
        escalated_at=at if round_ > policy.rounds else None,
    )  # fmt: skip


async def open_case(
    session: Session, company: Company, found: AnswerableStatement, dispute: Dispute, number: str,
    slack_channel: str = DEFAULT_CHANNEL,
) -> None:  # fmt: skip
    """Writes the case, its task and the news to the clerks; a case over the last round is a manager's task too."""
    await insert_dispute(session, company.id, dispute)
    amount = decimal_text(dispute.amount, 0, dispute.currency)
    facts = {"statement": found.number, "item": number, "reason": dispute.reason, "amount": amount,
             "currency": dispute.currency, "round": dispute.round}  # fmt: skip
    await open_task(
        session, company.id,
        NewTask(
            kind="dispute", subject_kind="dispute", subject_id=str(dispute.id), customer_id=found.customer_id,
            due_on=dispute.due_on, dedup_key=f"dispute/{dispute.id}", facts=facts,
        ),
    )  # fmt: skip
    if dispute.escalated_at is not None:
        await escalate(session, company, dispute, found.customer_id, facts)
    await tell_staff(
        session, company.id, "dispute_opened",
        {"dispute_id": str(dispute.id), "statement_id": str(found.id), "number": number, "reason": dispute.reason,
         "amount": amount, "currency": dispute.currency, "text": dispute.explanation},
        role="clerk", subject=("dispute", str(dispute.id)), occasion=f"dispute_opened/{dispute.id}",
        channel=slack_channel,
    )  # fmt: skip


async def escalate(
    session: Session, company: Company, dispute: Dispute, customer_id: UUID | None, facts: dict[str, object]
) -> None:
    """A case becomes a manager's task, once."""
    await open_task(
        session, company.id,
        NewTask(
            kind="dispute_escalated", subject_kind="dispute", subject_id=str(dispute.id), customer_id=customer_id,
            dedup_key=f"dispute_escalated/{dispute.id}", facts=facts, role="manager",
        ),
    )  # fmt: skip
    await record(
        session, company.id, SYSTEM, "dispute_escalated", ("dispute", str(dispute.id)),
        {"statement_id": str(dispute.statement_id), "round": dispute.round,
         "due_at": dispute.due_at.isoformat() if dispute.due_at else None},
    )  # fmt: skip
