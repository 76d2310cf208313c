"""The moment of a decision in one query: the database's clock, people and delegations now, the company's calendar."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from approvals.commands import Grant
from storage.database import Session


@dataclass(frozen=True, slots=True)
class Moment:
    """What the engine must know of the world; read in the transaction that decides, after the request is locked."""

    now: datetime
    capacities: dict[UUID, frozenset[str]]
    grants: tuple[Grant, ...]
    timezone: str
    settings: dict[str, Any]


_MOMENT = text("""
    with at as materialized (select clock_timestamp() as now)
    select at.now, c.timezone, c.settings,
           (select coalesce(json_agg(json_build_array(u.id,
                      (select array_agg(r.role) from user_role r
                        where r.company_id = u.company_id and r.user_id = u.id))), '[]')
              from app_user u where u.company_id = c.id and u.disabled_at is null) as people,
           (select coalesce(json_agg(json_build_array(d.principal_id, d.delegate_id, d.starts_at, d.ends_at, d.scope)),
                            '[]')
              from delegation d
             where d.company_id = c.id and d.revoked_at is null and d.starts_at <= at.now and d.ends_at > at.now)
             as grants
      from at, company c
     where c.id = :company
""")


async def read_moment(session: Session, company_id: UUID) -> Moment:
    """The moment; one round trip, because every decision waits for it."""
    row = (await session.execute(_MOMENT, {"company": company_id})).one()
    return Moment(
        now=row.now.astimezone(UTC),
        capacities={UUID(person): _capacities(person, roles or ()) for person, roles in row.people},
        grants=tuple(
            Grant(
                UUID(principal), UUID(delegate), datetime.fromisoformat(start), datetime.fromisoformat(end),
                frozenset(scope.get("subjects", ())),
            )
            for principal, delegate, start, end, scope in row.grants
        ),
        timezone=row.timezone,
        settings=row.settings,
    )  # fmt: skip


def _capacities(person: str, roles: list[str] | tuple[str, ...]) -> frozenset[str]:
    return frozenset({f"user:{person}", *(f"role:{role}" for role in roles)})
