"""Facts that messages are told from and that no other page needs: how a run was decided, how statements stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import DateTime, Text, cast, func, select

from storage.database import Session
from storage.schema import approval_request, customer, delivery_event, dispute, outbox, statement, task

UNAPPROVED = ("rejected", "returned")
"""Outcomes after which the preparer has something to do."""

NAMED_MOST = 20
"""Numbers named in one message: the run's page has the rest."""


@dataclass(frozen=True, slots=True)
class RunDecisions:
    """How many requests of a run are in each state, and the numbers of statements that were not approved."""

    counts: dict[str, int]
    unapproved: tuple[tuple[str, str], ...]
    """(number, outcome), by number."""


async def run_decisions(session: Session, company_id: UUID, run_id: str) -> RunDecisions:
    """How the requests of a run stand."""
    of_run = (approval_request.c.company_id == company_id, approval_request.c.facts["run_id"].astext == run_id)
    counted = await session.execute(
        select(approval_request.c.state, func.count()).where(*of_run).group_by(approval_request.c.state)
    )
    named = await session.execute(
        select(statement.c.number, approval_request.c.state)
        .join(
            approval_request,
            (approval_request.c.company_id == statement.c.company_id)
            & (approval_request.c.subject_id == func.cast(statement.c.id, approval_request.c.subject_id.type)),
        )
        .where(*of_run, approval_request.c.state.in_(UNAPPROVED))
        .order_by(statement.c.number)
        .limit(NAMED_MOST)
    )
    return RunDecisions({row[0]: row[1] for row in counted}, tuple((row[0], row[1]) for row in named))


async def statuses_of(session: Session, company_id: UUID, ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """(number, status) of these statements, by number."""
    query = (
        select(statement.c.number, statement.c.status)
        .where(statement.c.company_id == company_id, statement.c.id.in_(ids))
        .order_by(statement.c.number)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def open_requests_of(session: Session, company_id: UUID, rows: Sequence[UUID]) -> list[str]:
    """Titles of the requests that these asking messages are about and that are still open, oldest first."""
    query = (
        select(outbox.c.payload["title"].astext)
        .join(
            approval_request,
            (approval_request.c.company_id == outbox.c.company_id)
            & (func.cast(approval_request.c.id, Text) == outbox.c.payload["request_id"].astext),
        )
        .where(outbox.c.company_id == company_id, outbox.c.id.in_(rows), approval_request.c.state == "open")
        .order_by(outbox.c.id)
    )
    return [row[0] or "" for row in await session.execute(query)]


async def gathered_lines(session: Session, company_id: UUID, rows: Sequence[UUID], most: int) -> list[str]:
    """A line for each of these messages: its title, or the customer and number that it is about."""
    query = (
        select(
            func.coalesce(
                outbox.c.payload["title"].astext,
                func.concat_ws(
                    " ", func.coalesce(outbox.c.payload["customer"].astext, customer.c.name),
                    func.coalesce(outbox.c.payload["number"].astext, statement.c.number),
                ),
            )
        )
        .join(
            statement,
            (statement.c.company_id == outbox.c.company_id)
            & (func.cast(statement.c.id, Text) == outbox.c.payload["statement_id"].astext),
            isouter=True,
        )
        .join(
            customer,
            (customer.c.company_id == statement.c.company_id) & (customer.c.id == statement.c.customer_id),
            isouter=True,
        )
        .where(outbox.c.company_id == company_id, outbox.c.id.in_(rows))
        .order_by(outbox.c.id)
        .limit(most)
    )  # fmt: skip
    return [row[0] or "" for row in await session.execute(query)]


async def week_figures(session: Session, company_id: UUID, start: date, end: date, timezone: str) -> dict[str, int]:
    """What happened from `start` to `end` (both whole days on the company's clock), by label; and what is open now."""
    since, until = (func.timezone(timezone, cast(day, DateTime)) for day in (start, end + timedelta(days=1)))
    happened = await session.execute(
        select(delivery_event.c.kind, func.count())
        .where(
            delivery_event.c.company_id == company_id, delivery_event.c.at >= since, delivery_event.c.at < until,
            delivery_event.c.subject_kind == "statement",
        )
        .group_by(delivery_event.c.kind)
    )  # fmt: skip
    counts = {row[0]: row[1] for row in happened}
    disputed = select(func.count()).where(dispute.c.company_id == company_id, dispute.c.status.not_in(("resolved",)))
    waiting = select(func.count()).where(task.c.company_id == company_id, task.c.state == "open")
    return {
        "Accepted by mail servers": counts.get("accepted", 0), "Opened by customers": counts.get("opened", 0),
        "Answered": counts.get("answered", 0), "Replies by mail": counts.get("replied", 0),
        "Came back": counts.get("bounced", 0),
        "Open disputes": int((await session.execute(disputed)).scalar_one()),
        "Open tasks": int((await session.execute(waiting)).scalar_one()),
    }  # fmt: skip
