"""Findings: opened once per key, kept open while true, closed as fixed or waived."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, all_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import app_user, finding


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """One finding as kept; `facts` are what its sentence is written from and the evidence."""

    id: UUID
    check: str
    subject_kind: str
    subject_id: str
    severity: str
    code: str
    facts: dict[str, Any]
    status: str
    owner_id: UUID | None
    due_on: date | None
    recorded_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewFinding:
    """What a check found; `dedup_key` is the same while the same thing is wrong."""

    check: str
    subject_kind: str
    subject_id: str
    severity: str
    code: str
    facts: dict[str, Any]
    dedup_key: str


_COLUMNS = [
    finding.c.id, finding.c.check_name, finding.c.subject_kind, finding.c.subject_id, finding.c.severity,
    finding.c.code, finding.c.facts, finding.c.status, finding.c.owner_id, finding.c.due_on, finding.c.recorded_at,
    finding.c.closed_at,
]  # fmt: skip


async def keep_finding(session: Session, company_id: UUID, new: NewFinding) -> str:
    """Opens the finding, opens it again, or brings its facts up to date: "opened", "reopened", "known" or "waived"."""
    fresh = insert(finding).values(
        company_id=company_id, id=new_id(), check_name=new.check, subject_kind=new.subject_kind,
        subject_id=new.subject_id, severity=new.severity, code=new.code, facts=new.facts, dedup_key=new.dedup_key,
    ).on_conflict_do_nothing(index_elements=["company_id", "dedup_key"]).returning(finding.c.id)  # fmt: skip
    if (await session.execute(fresh)).scalar_one_or_none() is not None:
        return "opened"
    query = (
        select(finding.c.id, finding.c.status)
        .where(finding.c.company_id == company_id, finding.c.dedup_key == new.dedup_key)
        .with_for_update()
    )
    row = (await session.execute(query)).one()
    if row.status == "waived":
        return "waived"
    await session.execute(
        finding.update()
        .where(finding.c.company_id == company_id, finding.c.id == row.id)
        .values(facts=new.facts, severity=new.severity, status="open", closed_at=None)
    )
    return "reopened" if row.status == "fixed" else "known"


async def keep_findings(
    session: Session, company_id: UUID, checks: Sequence[str], found: Sequence[NewFinding]
) -> Counter[str]:
    """`keep_finding` for all that the checks found, in three statements; counts of each answer."""
    query = select(finding.c.dedup_key, finding.c.status).where(
        finding.c.company_id == company_id, finding.c.check_name.in_(checks)
    )
    known = {row.dedup_key: row.status for row in await session.execute(query)}
    fresh = [new for new in found if new.dedup_key not in known]
    still = [new for new in found if known.get(new.dedup_key, "waived") != "waived"]
    if fresh:
        await session.execute(
            insert(finding).on_conflict_do_nothing(index_elements=["company_id", "dedup_key"]),
            [
                {
                    "company_id": company_id, "id": new_id(), "check_name": new.check, "code": new.code,
                    "subject_kind": new.subject_kind, "subject_id": new.subject_id, "severity": new.severity,
                    "facts": new.facts, "dedup_key": new.dedup_key,
                }
                for new in fresh
            ],
        )  # fmt: skip
    if still:
        await session.execute(
            finding.update()
            .where(finding.c.company_id == company_id, finding.c.dedup_key == bindparam("key"))
            .values(facts=bindparam("new_facts"), severity=bindparam("new_severity"), status="open", closed_at=None),
            [{"key": new.dedup_key, "new_facts": new.facts, "new_severity": new.severity} for new in still],
        )
    answers = {"open": "known", "fixed": "reopened", "waived": "waived"}
    return Counter(answers.get(known.get(new.dedup_key, ""), "opened") for new in found)


async def fix_absent(session: Session, company_id: UUID, checks: Sequence[str], present: Sequence[str]) -> int:
    """Closes open findings of the checks that no longer hold; one array parameter, however many there are."""
    done = await session.execute(
        finding.update()
        .where(
            finding.c.company_id == company_id, finding.c.check_name.in_(checks), finding.c.status == "open",
            finding.c.dedup_key != all_(literal(list(present), ARRAY(Text))),
        )
        .values(status="fixed", closed_at=func.clock_timestamp())
    )  # fmt: skip
    return done.rowcount


async def list_findings(
    session: Session,
    company_id: UUID,
    *,
    checks: Sequence[str] | None = None,
    status: str | None = "open",
    after: UUID | None = None,
    limit: int = 100,
) -> list[StoredFinding]:
    """A keyset page of findings, oldest first; `status` None gives all."""
    query = select(*_COLUMNS).where(finding.c.company_id == company_id).order_by(finding.c.id).limit(limit)
    if checks is not None:
        query = query.where(finding.c.check_name.in_(checks))
    if status is not None:
        query = query.where(finding.c.status == status)
    if after is not None:
        query = query.where(finding.c.id > after)
    return [StoredFinding(*row) for row in await session.execute(query)]


async def count_findings(session: Session, company_id: UUID, checks: Sequence[str]) -> dict[str, int]:
    """Open findings per severity over the checks."""
    query = (
        select(finding.c.severity, func.count())
        .where(finding.c.company_id == company_id, finding.c.check_name.in_(checks), finding.c.status == "open")
        .group_by(finding.c.severity)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def find_finding(
    session: Session, company_id: UUID, finding_id: UUID, *, lock: bool = False
) -> StoredFinding | None:
    """One finding; `lock` holds the row until the commit."""
    query = select(*_COLUMNS).where(finding.c.company_id == company_id, finding.c.id == finding_id)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    return StoredFinding(*row) if row else None


async def assign(
    session: Session, company_id: UUID, finding_id: UUID, owner_id: UUID | None, due_on: date | None
) -> None:
    """Sets who sees to it and by when."""
    await session.execute(
        finding.update()
        .where(finding.c.company_id == company_id, finding.c.id == finding_id)
        .values(owner_id=owner_id, due_on=due_on)
    )


async def close(session: Session, company_id: UUID, finding_id: UUID, status: str) -> bool:
    """Closes an open finding as "fixed" or "waived"; False when it was closed before."""
    done = await session.execute(
        finding.update()
        .where(finding.c.company_id == company_id, finding.c.id == finding_id, finding.c.status == "open")
        .values(status=status, closed_at=func.clock_timestamp())
    )
    return done.rowcount == 1


async def is_enabled_user(session: Session, company_id: UUID, user_id: UUID) -> bool:
    """Whether this is a person of the company who can still sign in."""
    query = select(app_user.c.id).where(
        app_user.c.company_id == company_id, app_user.c.id == user_id, app_user.c.disabled_at.is_(None)
    )
    return (await session.execute(query)).first() is not None


async def settle_absent(session: Session, company_id: UUID, prefix: str, present: Sequence[str]) -> int:
    """Closes open findings whose key begins with `prefix` and that no longer hold."""
    done = await session.execute(
        finding.update()
        .where(
            finding.c.company_id == company_id, finding.c.status == "open",
            finding.c.dedup_key.startswith(prefix, autoescape=True), finding.c.dedup_key.not_in(present),
        )
        .values(status="fixed", closed_at=func.clock_timestamp())
    )  # fmt: skip
    return done.rowcount
