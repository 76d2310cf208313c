"""What each job of the clock does: its name beside the service that is called, and nothing decided here."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

from flows.start_in_prefect import start_in_prefect
from services.advance_runs import advance_runs
from services.back_up_nightly import back_up_nightly
from services.chase_customers import chase_customers
from services.check_compliance import check_compliance
from services.close_period import Closing, continue_run, open_run
from services.fire_approval_timers import fire_approval_timers
from services.follow_answers import follow_answers
from services.poll_mailbox import poll_mailbox
from services.send_confirmations import remind_due_rounds
from services.settings import Settings
from services.start_run import period_of, run_by_id
from services.tell_week import tell_week
from storage.companies import Company
from storage.database import Database

JobService = Callable[[Database, Settings, Company, str], Awaitable[dict[str, Any]]]
"""(engine, settings, company, occasion) to the figures that are kept with the job."""


async def _comply(engine: Database, settings: Settings, company: Company, occasion: str) -> dict[str, Any]:
    figures = await check_compliance(
        engine, company, date.fromisoformat(occasion), slack_channel=settings.slack_channel
    )  # fmt: skip
    return {name: value for name, value in figures.items() if name != "findings"}


async def _chase(engine: Database, _settings: Settings, company: Company, occasion: str) -> dict[str, Any]:
    return await chase_customers(engine, company, date.fromisoformat(occasion))


async def _second_requests(
    engine: Database, _settings: Settings, company: Company, occasion: str
) -> dict[str, Any]:  # fmt: skip
    return {"sent": await remind_due_rounds(engine, company, date.fromisoformat(occasion))}


async def _follow(engine: Database, settings: Settings, company: Company, _occasion: str) -> dict[str, Any]:
    return await follow_answers(engine, company, settings.slack_channel)


async def _timers(engine: Database, _settings: Settings, company: Company, _occasion: str) -> dict[str, Any]:
    return {"fired": await fire_approval_timers(engine, company)}


async def _advance(engine: Database, _settings: Settings, company: Company, _occasion: str) -> dict[str, Any]:
    return await advance_runs(engine, company)


async def _backup(engine: Database, settings: Settings, _company: Company, occasion: str) -> dict[str, Any]:
    return await back_up_nightly(engine, settings.home, occasion)


async def _poll(engine: Database, settings: Settings, company: Company, _occasion: str) -> dict[str, Any]:
    return dict(await poll_mailbox(engine, settings, company))


async def _week(engine: Database, settings: Settings, company: Company, occasion: str) -> dict[str, Any]:
    return await tell_week(engine, company, date.fromisoformat(occasion), settings.slack_channel)


async def _close(engine: Database, settings: Settings, company: Company, occasion: str) -> dict[str, Any]:
    """The month that the calendar names, in the form that the company has chosen."""
    form = str(company.settings.get("close", {}).get("form", "OPEN_ITEM"))
    _known, run_id = await open_run(engine, company, Closing(period_of(occasion), form))
    return await _work_run(engine, settings, company, run_id, occasion)


async def _continue(engine: Database, settings: Settings, company: Company, occasion: str) -> dict[str, Any]:
    """A run that a person started on a page: the occasion is its id and the moment."""
    return await _work_run(engine, settings, company, UUID(occasion.partition("@")[0]), occasion)


async def _work_run(
    engine: Database, settings: Settings, company: Company, run_id: UUID, occasion: str
) -> dict[str, Any]:
    """Prefect starts the run where it is there; otherwise, and after a minute of silence, we do."""
    run = await run_by_id(engine, company, run_id)
    if settings.prefect and settings.prefect_api_url is not None:
        parameters = {"company": company.code, "period": run.period, "form": run.form, "segment": run.segment}
        key = f"{company.code}/{occasion}"
        started = await start_in_prefect(settings.prefect_api_url, parameters, key, settings.run_processes)
        if started is not None:
            return {"run_id": str(run_id), "prefect_run_id": started}
    return {"run_id": str(run_id), "stage": await continue_run(engine, company, run_id)}


SERVICES: dict[str, JobService] = {
    "comply": _comply,
    "chase": _chase,
    "second_requests": _second_requests,
    "follow_answers": _follow,
    "approval_timers": _timers,
    "poll_mailbox": _poll,
    "weekly_digest": _week,
    "advance_runs": _advance,
    "backup": _backup,
    "close": _close,
    "continue_run": _continue,
}
"""Every name in `services.insert_due_jobs.KINDS`, and `continue_run`, which pages make due; a test compares."""
