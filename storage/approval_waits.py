"""How long stages and people took, read off the projections of requests."""

from uuid import UUID

from sqlalchemy import text

from approvals.cycle_times import Wait
from storage.database import Session

MOST = 20_000
"""Stages that are counted, the newest: a quarter of a large company."""

_WAITS = text("""
    select p.name as policy, s ->> 'name' as stage, v ->> 'authority' as person,
           (s ->> 'opened_at')::timestamptz as opened_at,
           coalesce((v ->> 'at')::timestamptz, (s ->> 'closed_at')::timestamptz) as ended_at
      from (select r.policy_id, s from approval_request r,
                   jsonb_array_elements(r.projection -> 'stages') s
             where r.company_id = :company and r.opened_at > statement_timestamp() - make_interval(days => :days)
               and s ->> 'status' in ('satisfied', 'rejected', 'void') and s ->> 'opened_at' is not null
             order by r.opened_at desc limit :most) found
      join approval_policy p on p.company_id = :company and p.id = found.policy_id
      cross join lateral (select null::jsonb as v union all select jsonb_array_elements(found.s -> 'votes')) votes
""")


async def waits_of(session: Session, company_id: UUID, days: int) -> list[Wait]:
    """Of the requests opened in the last days: each ended stage, and each vote in it."""
    rows = await session.execute(_WAITS, {"company": company_id, "days": days, "most": MOST})
    return [
        Wait(row.policy, row.stage, None if row.person is None else UUID(row.person), row.opened_at, row.ended_at)
        for row in rows
        if row.ended_at is not None and row.ended_at >= row.opened_at
    ]
