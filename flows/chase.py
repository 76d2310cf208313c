"""The flow `chase`: today's reminders, one per customer and day."""

from datetime import date
from typing import Any

from prefect import flow

from flows.house import house
from services.chase_customers import chase_customers


@flow(name="chase", flow_run_name="chase {company} {day}")
async def chase(company: str, day: date) -> dict[str, Any]:
    """Counts of customers reminded and skipped; a second run of the same day sends nothing."""
    async with house(company) as (engine, owner, _settings):
        return await chase_customers(engine, owner, day)
