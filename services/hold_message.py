"""What stands between a due message and its carrier: opt-out, quiet hours, the person's own channel, suppression."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.choose_channel import next_channel, send_by
from services.lock_chat_messages import REPLACES
from services.unsubscribe import OPTIONAL_FOR_CUSTOMERS
from storage.claims import Outcome
from storage.companies import Company, own_company
from storage.database import Session
from storage.holds import preferences_among, suppressions_among
from storage.outbox import OutboxRow
from storage.preferences import NOTHING_CHOSEN, Preference, country_of_contact
from storage.presence import database_now

OPTIONAL_FOR_STAFF = frozenset({
    "approval_decided", "run_decided", "run_finished", "answer_received", "dispute_opened", "promise_broken",
    "mail_bounced", "reply_received", "weekly_digest",
})  # fmt: skip
"""News. What asks for a person's decision, or tells of a duty, cannot be turned off."""

OPTIONAL = OPTIONAL_FOR_STAFF | OPTIONAL_FOR_CUSTOMERS

REGIONAL = frozenset({"reminder", "promise_due"})
"""Messages to customers that can wait until their region's morning; a statement may be taken up at night."""


async def hold_back(session: Session, company_id: UUID, rows: Sequence[OutboxRow]) -> dict[UUID, Outcome]:
    """How those of the messages end, or wait, that do not go out now."""
    reasons = await suppressions_among(session, company_id, {row.recipient for row in rows if row.channel == "email"})
    people = {row.person_id for row in rows if row.person_id is not None}
    preferences = await preferences_among(session, company_id, people)
    held: dict[UUID, Outcome] = {}
    for row in rows:
        chosen = preferences.get(row.person_id, NOTHING_CHOSEN) if row.person_id is not None else NOTHING_CHOSEN
        reason = reasons.get(row.recipient.lower()) if row.channel == "email" else None
        outcome = await _hold(session, company_id, row, chosen, reason)
        if outcome is not None:
            held[row.id] = outcome
    return held


async def _hold(
    session: Session, company_id: UUID, row: OutboxRow, chosen: Preference, suppressed: str | None
) -> Outcome | None:
    if row.payload.get(REPLACES):
        return None  # rewrites what stands in a chat already
    if row.kind in chosen.opted_out and row.kind in OPTIONAL:
        return Outcome("cancelled", "outdated", "The person wants no messages of this kind.")
    if suppressed is not None:
        return Outcome("suppressed", "permanent", suppressed)
    first = await next_channel(session, company_id, row, chosen)
    if first is not None:
        await send_by(session, company_id, row, first)
        return Outcome("cancelled", "outdated", f"Goes by {first.name}, as this person wishes.")
    wait = await _quiet_seconds(session, company_id, row, chosen)
    return Outcome("pending", "", "Quiet hours.", wait=wait, count_try=False) if wait > 0 else None


async def _quiet_seconds(session: Session, company_id: UUID, row: OutboxRow, chosen: Preference) -> float:
    hours, zone = chosen.quiet, chosen.timezone
    if not hours and row.kind not in REGIONAL:
        return 0.0
    company = await own_company(session, company_id)
    if not hours:
        hours, zone = await _of_region(session, company, row)
    if not hours:
        return 0.0
    return seconds_of_quiet(hours, zone or company.timezone, await database_now(session))


async def _of_region(session: Session, company: Company, row: OutboxRow) -> tuple[str | None, str | None]:
    """The quiet hours of the customer's country, by `settings.quiet_hours`: {"CN": {"hours", "zone"}, "*": …}."""
    regions: dict[str, Any] = company.settings.get("quiet_hours") or {}
    if not regions or row.person_id is None:
        return None, None
    country = await country_of_contact(session, company.id, row.person_id)
    region = regions.get(country or "") or regions.get("*") or {}
    return region.get("hours"), region.get("zone")


def seconds_of_quiet(hours: str, zone: str, now: datetime) -> float:
    """Seconds until the quiet hours ("21:00-08:00", local clock) are over; 0 outside them.

    Computed between instants, so that a night in which clocks change is as long as it really is.
    """
    start, end = (time.fromisoformat(part.strip()) for part in hours.split("-"))
    local = now.astimezone(ZoneInfo(zone))
    clock = local.time()
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    if not inside:
        return 0.0
    day = local.date() if clock < end else local.date() + timedelta(days=1)
    over = datetime.combine(day, end, ZoneInfo(zone)).astimezone(UTC)
    return max((over - now).total_seconds(), 1.0)
