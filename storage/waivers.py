"""Requests that ask to waive findings, beside the findings as they stand."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Text, cast, select

from approvals.request import OPEN
from storage.database import Session
from storage.schema import approval_request, finding


async def open_waivers(session: Session, company_id: UUID, kinds: Sequence[str]) -> dict[UUID, UUID]:
    """Finding to the open request that asks to waive it."""
    rows = await session.execute(
        select(approval_request.c.subject_id, approval_request.c.id).where(
            approval_request.c.company_id == company_id,
            approval_request.c.subject_kind.in_(kinds),
            approval_request.c.state == OPEN,
        )
    )
    return {UUID(row.subject_id): row.id for row in rows}


async def waivers_without_finding(session: Session, company_id: UUID, kinds: Sequence[str]) -> list[UUID]:
    """Open requests to waive findings that are no longer open."""
    rows = await session.execute(
        select(approval_request.c.id)
        .join(
            finding,
            (finding.c.company_id == approval_request.c.company_id)
            & (cast(finding.c.id, Text) == approval_request.c.subject_id),
        )
        .where(
            approval_request.c.company_id == company_id,
            approval_request.c.subject_kind.in_(kinds),
            approval_request.c.state == OPEN,
            finding.c.status != "open",
        )
        .order_by(approval_request.c.id)
    )
    return [row.id for row in rows]
