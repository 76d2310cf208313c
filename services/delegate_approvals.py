"""Out of office: somebody else may decide for a person for a while, and the person may come back early."""

from datetime import datetime, timedelta
from uuid import UUID

from approvals.commands import Grant
from services.approval_subjects import SUBJECTS
from storage.audit import Actor, record
from storage.companies import Company
from storage.database import Database, transaction
from storage.people import insert_delegation, people_of, revoke_delegation
from words.refusal import Refusal

LONGEST = timedelta(days=366)
"""A year: whoever is away longer should not hold the role."""


class DelegateUnknown(Refusal):
    """Only another enabled user of the company can stand in."""

    code = "delegate_unknown"
    sentence = "This person cannot decide for you."
    remedy = "Choose an enabled colleague other than yourself."


class AbsenceInvalid(Refusal):
    """An interval begins before it ends, and ends within a year."""

    code = "absence_invalid"
    sentence = "This absence is not possible: from {start} until {end}."
    remedy = "The day you are back must lie after the first day away, within a year."


class DelegationUnknown(Refusal):
    """Nothing of this person is there to be ended."""

    code = "delegation_unknown"
    sentence = "There is no such absence of yours, or it has ended."
    remedy = "Open the page again to see what stands now."


async def delegate_approvals(engine: Database, company: Company, grant: Grant) -> UUID:
    """Keeps the grant, which is read at each click: in [start, end) and for these kinds of subject (none: all)."""
    if not timedelta() < grant.ends_at - grant.starts_at <= LONGEST:
        raise AbsenceInvalid(start=_day(grant.starts_at), end=_day(grant.ends_at))
    if not grant.subjects <= SUBJECTS.keys():
        raise DelegationUnknown
    async with transaction(engine, company.id) as session:
        if grant.delegate == grant.principal or grant.delegate not in await people_of(session, company.id):
            raise DelegateUnknown
        delegation_id = await insert_delegation(session, company.id, grant)
        facts = {
            "delegate": str(grant.delegate), "from": grant.starts_at.isoformat(), "until": grant.ends_at.isoformat(),
            "subjects": sorted(grant.subjects),
        }  # fmt: skip
        actor = Actor("user", grant.principal)
        await record(session, company.id, actor, "delegation_given", ("delegation", str(delegation_id)), facts)
    return delegation_id


async def return_early(engine: Database, company: Company, delegation_id: UUID, principal_id: UUID) -> None:
    """Ends the grant now; what was decided under it stands."""
    async with transaction(engine, company.id) as session:
        if not await revoke_delegation(session, company.id, delegation_id, principal_id):
            raise DelegationUnknown
        subject = ("delegation", str(delegation_id))
        await record(session, company.id, Actor("user", principal_id), "delegation_ended", subject, {})


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
