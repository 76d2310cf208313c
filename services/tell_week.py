"""Tells the managers the week that ended before a Monday, once."""

from datetime import date, timedelta
from typing import Any

from services.tell_staff import DEFAULT_CHANNEL, tell_staff
from storage.companies import Company
from storage.database import Database, transaction

DAYS = 7


async def tell_week(engine: Database, company: Company, monday: date, channel: str = DEFAULT_CHANNEL) -> dict[str, Any]:
    """Queues the digest of the seven days before `monday`; called again it queues nothing."""
    start, end = monday - timedelta(days=DAYS), monday - timedelta(days=1)
    payload = {"start": start.isoformat(), "end": end.isoformat()}
    async with transaction(engine, company.id) as session:
        queued = await tell_staff(
            session, company.id, "weekly_digest", payload, role="manager", subject=("week", start.isoformat()),
            occasion=f"weekly_digest/{start.isoformat()}", channel=channel,
        )  # fmt: skip
    return {"messages": queued}
