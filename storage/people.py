"""The company's own people: who they are, what roles they hold, who acts for whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, delete, func, insert, select, update

from approvals.commands import Grant
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import app_user, delegation, user_role

AUDITOR = "auditor"
"""Whoever audits the company: nobody of its own, so the role stands alone."""

ROLES = ("clerk", "reviewer", "manager", "compliance", "administrator", AUDITOR)


@dataclass(frozen=True, slots=True)
class Person:
    """One user with the roles held now."""

    id: UUID
    email: str
    name: str
    language: str
    slack_user_id: str | None
    """Of the chat account that the person has confirmed; None while there is none."""
    roles: frozenset[str]
    disabled: bool = False

    def capacities(self) -> frozenset[str]:
        """What the person can sit as in an approval."""
        return frozenset({f"user:{self.id}"} | {f"role:{role}" for role in self.roles})


CONFIRMED_CHAT = case((app_user.c.slack_confirmed_at.is_not(None), app_user.c.slack_user_id)).label("slack_user_id")

_ROLES = (
    select(func.array_agg(user_role.c.role))
    .where(user_role.c.company_id == app_user.c.company_id, user_role.c.user_id == app_user.c.id)
    .scalar_subquery()
    .label("roles")
)
_PEOPLE = select(
    app_user.c.id, app_user.c.email, app_user.c.name, app_user.c.language, CONFIRMED_CHAT, _ROLES,
    app_user.c.disabled_at,
)  # fmt: skip


def _person(row: Any) -> Person:  # noqa: ANN401 - a row of mixed columns
    return Person(
        row.id, row.email, row.name, row.language, row.slack_user_id, frozenset(row.roles or ()),
        row.disabled_at is not None,
    )  # fmt: skip


async def people_of(session: Session, company_id: UUID, *, with_leavers: bool = False) -> dict[UUID, Person]:
    """Every enabled user; a company has dozens, so one query serves a whole decision."""
    query = _PEOPLE.where(app_user.c.company_id == company_id).order_by(app_user.c.id)
    rows = await session.execute(query if with_leavers else query.where(app_user.c.disabled_at.is_(None)))
    return {row.id: _person(row) for row in rows}


async def find_person(session: Session, company_id: UUID, person_id: UUID) -> Person | None:
    """The user with this id, disabled or not."""
    row = (
        await session.execute(_PEOPLE.where(app_user.c.company_id == company_id, app_user.c.id == person_id))
    ).one_or_none()
    return _person(row) if row else None


async def find_person_by_email(session: Session, company_id: UUID, email: str) -> Person | None:
    """The user with this address, whatever its case."""
    row = (
        await session.execute(
            _PEOPLE.where(app_user.c.company_id == company_id, func.lower(app_user.c.email) == email.lower())
        )
    ).one_or_none()
    return _person(row) if row else None


async def find_person_by_chat(session: Session, company_id: UUID, team: str, chat_user: str) -> Person | None:
    """The enabled user who has confirmed this account of this workspace."""
    row = (
        await session.execute(
            _PEOPLE.where(
                app_user.c.company_id == company_id,
                app_user.c.slack_team_id == team,
                app_user.c.slack_user_id == chat_user,
                app_user.c.slack_confirmed_at.is_not(None),
                app_user.c.disabled_at.is_(None),
            )
        )
    ).one_or_none()
    return _person(row) if row else None


async def names_of(session: Session, company_id: UUID) -> dict[UUID, str]:
    """Names of all users, leavers too: a trail names whoever acted."""
    rows = await session.execute(select(app_user.c.id, app_user.c.name).where(app_user.c.company_id == company_id))
    return {row.id: row.name for row in rows}


async def insert_person(session: Session, company_id: UUID, person: Person, password_hash: str | None) -> None:
    """Adds a user with roles."""
    await session.execute(
        insert(app_user).values(
            company_id=company_id, id=person.id, email=person.email, name=person.name, language=person.language,
            password_hash=password_hash,
        )
    )  # fmt: skip
    await set_roles(session, company_id, person.id, person.roles)


async def set_roles(session: Session, company_id: UUID, person_id: UUID, roles: frozenset[str]) -> None:
    """Replaces the roles of a user."""
    await session.execute(
        delete(user_role).where(user_role.c.company_id == company_id, user_role.c.user_id == person_id)
    )
    if roles:
        await session.execute(
            insert(user_role),
            [{"company_id": company_id, "user_id": person_id, "role": role} for role in sorted(roles)],
        )


async def disable_person(session: Session, company_id: UUID, person_id: UUID) -> None:
    """The user can neither sign in nor decide from now on."""
    await session.execute(
        update(app_user)
        .where(app_user.c.company_id == company_id, app_user.c.id == person_id)
        .values(disabled_at=func.clock_timestamp())
    )


async def grants_at(session: Session, company_id: UUID, now: datetime) -> tuple[Grant, ...]:
    """The delegations that speak at this instant."""
    rows = await session.execute(
        select(
            delegation.c.principal_id, delegation.c.delegate_id, delegation.c.starts_at, delegation.c.ends_at,
            delegation.c.scope,
        ).where(
            delegation.c.company_id == company_id,
            delegation.c.starts_at <= now,
            delegation.c.ends_at > now,
            delegation.c.revoked_at.is_(None),
        )
    )  # fmt: skip
    return tuple(
        Grant(row.principal_id, row.delegate_id, row.starts_at, row.ends_at, frozenset(row.scope.get("subjects", ())))
        for row in rows
    )


async def insert_delegation(session: Session, company_id: UUID, grant: Grant) -> UUID:
    """Records that one person may act for another in a half-open interval."""
    delegation_id = new_id()
    await session.execute(
        insert(delegation).values(
            company_id=company_id, id=delegation_id, principal_id=grant.principal, delegate_id=grant.delegate,
            starts_at=grant.starts_at, ends_at=grant.ends_at, scope={"subjects": sorted(grant.subjects)},
        )
    )  # fmt: skip
    return delegation_id


async def revoke_delegation(session: Session, company_id: UUID, delegation_id: UUID, principal_id: UUID) -> bool:
    """Ends a delegation early, by its principal; False when there was none to end."""
    ended = await session.execute(
        update(delegation)
        .where(
            and_(
                delegation.c.company_id == company_id,
                delegation.c.id == delegation_id,
                delegation.c.principal_id == principal_id,
                delegation.c.revoked_at.is_(None),
            )
        )
        .values(revoked_at=func.clock_timestamp())
    )
    return ended.rowcount == 1
