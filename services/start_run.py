"""Starts the close of a period, or finds the run that already does it."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.business_calendar import Period, PeriodError, parse_period
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.database import Database, transaction
from storage.presence import database_now
from storage.runs import Run, find_run, find_run_by_key, insert_run
from words.refusal import Refusal

FORMS = ("OPEN_ITEM", "BALANCE_FORWARD", "DETAILED")


class PeriodInvalid(Refusal):
    """Not a period's label."""

    code = "period_invalid"
    sentence = "{period} is not a period."
    remedy = "Write a month (2012-06), a quarter (2012-Q2), a year (2012) or a span (2012-06-01..2012-06-15)."


class FormUnknown(Refusal):
    """Not one of the three forms."""

    code = "form_unknown"
    sentence = "{form} is not a form of statement."
    remedy = "The forms are OPEN_ITEM, BALANCE_FORWARD and DETAILED."


class PeriodNotOver(Refusal):
    """A statement dated in the future would say what nobody can know."""

    code = "period_not_over"
    sentence = "The period {period} ends on {end}; today is {today}."
    remedy = "Close it on or after that day, or give an earlier date with --as-of."


class RunUnknown(Refusal):
    """No such run in this company."""

    code = "run_unknown"
    sentence = "There is no run {run}."
    remedy = "List the runs with: tieout run list --company {company}"


async def start_run(
    engine: Database,
    company: Company,
    period: Period,
    form: str = "OPEN_ITEM",
    as_of: date | None = None,
    started_by: UUID | None = None,
    segment: str = "all",
    today: date | None = None,
) -> UUID:
    """The id of the run of company, period, segment and form: a new one in stage collect, or the one there is."""
    if form not in FORMS:
        raise FormUnknown(form=form)
    key = (period.label, segment, form)
    async with transaction(engine, company.id) as session:
        known = await find_run_by_key(session, company.id, key)
        if known is not None:
            return known.id
        this_day = today or (await database_now(session)).astimezone(ZoneInfo(company.timezone)).date()
        dated = as_of or period.end
        if dated > this_day:
            raise PeriodNotOver(period=period.label, end=dated.isoformat(), today=this_day.isoformat())
        made = await insert_run(session, company.id, key, dated, started_by)
        if made is not None:
            actor = Actor("user", started_by) if started_by else SYSTEM
            facts = {"period": period.label, "segment": segment, "form": form, "as_of": dated.isoformat()}
            await record(session, company.id, actor, "run_started", ("run", str(made)), facts)
            return made
        raced = await find_run_by_key(session, company.id, key)
    if raced is None:
        raise RunUnknown(run="/".join(key), company=company.code)
    return raced.id


def period_of(label: str) -> Period:
    """The period of a label, or the refusal that lists how to write one."""
    try:
        return parse_period(label)
    except PeriodError:
        raise PeriodInvalid(period=label) from None


async def run_by_id(engine: Database, company: Company, run_id: UUID) -> Run:
    """The run, or the refusal."""
    async with transaction(engine, company.id) as session:
        found = await find_run(session, company.id, run_id)
    if found is None:
        raise RunUnknown(run=run_id, company=company.code)
    return found
