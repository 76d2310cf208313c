"""Makes due whatever the calendar says is due: one row per company, job and occasion, whoever calls and how often."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ledger.business_calendar import add_working_days
from storage.companies import Company, list_companies
from storage.database import Database, Session, owner_transaction, transaction
from storage.jobs import insert_due, last_period
from storage.presence import database_now

MOST_MISSED_MONTHS = 24
"""Two years of missed closes are caught up; older ones a person starts."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """A job that the clock knows. `occasion` gives the newest one that is due, or None when none is."""

    name: str
    occasion: Callable[[Company, datetime], str | None]


def daily(hour: int) -> Callable[[Company, datetime], str | None]:
    """The newest business date whose `hour` has come in the company's zone; missed days are caught up by the last."""

    def occasion(company: Company, now: datetime) -> str | None:
        local = now.astimezone(ZoneInfo(company.timezone))
        due_today = local.time() >= time(hour)
        return (local.date() if due_today else local.date() - timedelta(days=1)).isoformat()

    return occasion


def every_minute(_company: Company, now: datetime) -> str | None:
    """The minute by UTC."""
    return now.strftime("%Y-%m-%dT%H:%MZ")


def every_hour(_company: Company, now: datetime) -> str | None:
    """The hour by UTC."""
    return now.strftime("%Y-%m-%dT%HZ")


def monday(hour: int) -> Callable[[Company, datetime], str | None]:
    """The newest Monday whose `hour` has come in the company's zone: what is told then is the week before it."""

    def occasion(company: Company, now: datetime) -> str | None:
        local = now.astimezone(ZoneInfo(company.timezone)) - timedelta(hours=hour)
        return (local.date() - timedelta(days=local.weekday())).isoformat()

    return occasion


def month_end(company: Company, now: datetime) -> str | None:
    """The month before, once the working day of `settings.close.working_day` has come; None without that setting."""
    wanted = company.settings.get("close", {}).get("working_day")
    if wanted is None:
        return None
    today = now.astimezone(ZoneInfo(company.timezone)).date()
    end = today.replace(day=1) - timedelta(days=1)
    if add_working_days(end, int(wanted), company.country) > today:
        end = end.replace(day=1) - timedelta(days=1)
    return end.strftime("%Y-%m")


KINDS = (
    JobKind("approval_timers", every_minute),
    JobKind("advance_runs", every_minute),
    JobKind("poll_mailbox", every_minute),
    JobKind("follow_answers", every_hour),
    JobKind("comply", daily(6)),
    JobKind("chase", daily(9)),
    JobKind("second_requests", daily(9)),
    JobKind("weekly_digest", monday(8)),
    JobKind("backup", daily(2)),
    JobKind("close", month_end),
)
"""What runs by itself. A reader of logs finds each name in `flows.job_loop` beside the service it calls."""

MINUTE_KINDS = frozenset({"approval_timers", "advance_runs", "poll_mailbox"})


async def insert_due_jobs(engine: Database, now: datetime | None = None) -> list[tuple[str, str, str]]:
    """Inserts what is due at `now` (the database's clock unless given); answers the new (company, job, occasion)."""
    async with owner_transaction(engine) as session:
        moment = now or await database_now(session)
        companies = await list_companies(session)
    made = []
    for company in companies:
        async with transaction(engine, company.id) as session:
            for kind in KINDS:
                made += [(company.code, kind.name, one) for one in await _insert(session, company, kind, moment)]
    return made


async def _insert(session: Session, company: Company, kind: JobKind, now: datetime) -> list[str]:
    newest = kind.occasion(company, now)
    if newest is None:
        return []
    last = await last_period(session, company.id, kind.name)
    figures: dict[str, Any] = {} if kind.name in MINUTE_KINDS else {"after": last}
    # Only the unique key decides: after a clock that ran ahead was set back, each day still has its own occasion.
    wanted = list(_months(last, newest)) if kind.name == "close" and last and last < newest else [newest]
    return [one for one in wanted if await insert_due(session, company.id, kind.name, one, figures)]


def _months(last: str, newest: str) -> Iterator[str]:
    """Each month after `last` up to `newest`: every missed close is done, unlike every missed reminder."""
    day = date.fromisoformat(f"{last}-01")
    for _ in range(MOST_MISSED_MONTHS):
        day = (day + timedelta(days=32)).replace(day=1)
        if day.strftime("%Y-%m") > newest:
            return
        yield day.strftime("%Y-%m")
