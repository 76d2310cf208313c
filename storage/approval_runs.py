"""What waits in a run, counted in the database: a run may have 50,000 requests, and they stand in a few ways."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Text, cast, func, select

from approvals.request import OPEN
from storage.approvals import StoredRequest, read_request
from storage.database import Session
from storage.schema import approval_request


@dataclass(frozen=True, slots=True)
class WaitingAlike:
    """Open requests with the same stages, votes, submitter, preparers and currency; `closing` in minor units."""

    exemplar: StoredRequest
    currency: str
    count: int
    closing: int


async def waiting_in_run(session: Session, company_id: UUID, run_id: str) -> tuple[int, list[WaitingAlike]]:
    """How many requests a run has ever opened, and what of them is open now."""
    table = approval_request.c
    of_run = (table.company_id == company_id) & (table.facts["run_id"].astext == run_id)
    ever = (await session.execute(select(func.count()).where(of_run))).scalar_one()
    currency = table.facts["currency"].astext
    alike = (
        select(
            func.min(cast(table.id, Text)).label("exemplar"),
            currency.label("currency"),
            func.count().label("requests"),
            func.sum(cast(table.facts["closing_minor"].astext, BigInteger)).label("closing"),
        )
        .where(of_run, table.state == OPEN)
        .group_by(table.policy_id, currency, table.submitted_by, table.projection)
    )
    rows = (await session.execute(alike.order_by("exemplar"))).all()
    found = []
    for row in rows:
        exemplar = await read_request(session, company_id, UUID(row.exemplar))
        assert exemplar is not None  # noqa: S101 - grouped from it one statement ago
        found.append(WaitingAlike(exemplar, row.currency, row.requests, int(row.closing)))
    return int(ever), found
