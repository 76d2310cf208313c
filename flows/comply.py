"""The flow `comply`: every compliance check, and the day's digest."""

from datetime import date
from typing import Any

from prefect import flow

from flows.house import house
from services.check_compliance import check_compliance


@flow(name="comply", flow_run_name="comply {company} {day}")
async def comply(company: str, day: date) -> dict[str, Any]:
    """Counts of findings opened and closed, and those that are open."""
    async with house(company) as (engine, owner, settings):
        return await check_compliance(engine, owner, day, slack_channel=settings.slack_channel)
