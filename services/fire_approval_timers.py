"""The clock of approvals: reminds, widens, expires; and looks whether people are left. It never approves."""

from datetime import datetime
from uuid import UUID

from approvals.commands import Command, Env, Fire, Recheck
from approvals.core import decide
from approvals.refusals import ApprovalRefusal
from services.apply_approval import digest_now, moment, proceed
from storage.approval_acts import ActMeta
from storage.approval_tasks import DueTimer, due_timers, mark_fired, stages_open_for
from storage.approvals import StoredRequest, lock_request
from storage.companies import Company
from storage.database import Database, Session, transaction

BATCH = 500
"""Timers of one call: the clock comes again in a minute."""


async def fire_approval_timers(engine: Database, company: Company, now: datetime | None = None) -> int:
    """Fires what is due, each in a transaction of its own; answers how many. `now` replaces the clock in tests."""
    async with transaction(engine, company.id) as session:
        due = await due_timers(session, company.id, BATCH, now)
    fired = 0
    for timer in due:
        async with transaction(engine, company.id) as session:
            fired += await _fire(session, company.id, timer, now)
    return fired


async def _fire(session: Session, company_id: UUID, timer: DueTimer, now: datetime | None) -> bool:
    stored = await lock_request(session, company_id, timer.request_id)
    if stored is None or not await mark_fired(session, company_id, timer.id):
        return False
    command = Fire(timer.kind, timer.stage, timer.round)
    return await _system_command(session, company_id, stored, command, f"timer/{timer.id}", now)


async def recheck_people(engine: Database, company_id: UUID, role: str) -> int:
    """After a role or a person changed: blocks or unblocks what waits for the role; answers how many changed."""
    async with transaction(engine, company_id) as session:
        waiting = await stages_open_for(session, company_id, role)
    changed = 0
    for request_id in waiting:
        async with transaction(engine, company_id) as session:
            stored = await lock_request(session, company_id, request_id)
            if stored is not None:
                key = f"recheck/{request_id}/{stored.act_count}"
                changed += await _system_command(session, company_id, stored, Recheck(), key, None)
    return changed


async def _system_command(
    session: Session, company_id: UUID, stored: StoredRequest, command: Command, key: str, now: datetime | None
) -> bool:
    env = await moment(session, company_id, stored.policy_id, await digest_now(session, company_id, stored.request))
    if now is not None:
        env = Env(env.policy, now, env.digest, env.people, env.grants, env.calendar)
    answer = decide(stored.request, command, env)
    if isinstance(answer, ApprovalRefusal) or not answer:
        return False
    await proceed(session, company_id, stored, answer, env, ActMeta(None, None, "system", "session", key))
    return True
