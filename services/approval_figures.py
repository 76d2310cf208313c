"""Cycle times of approvals in working hours: by policy, by stage, by person."""

from dataclasses import asdict
from typing import Any

from approvals.cycle_times import CycleTime, cycle_times
from services.apply_approval import calendar_of
from storage.approval_waits import waits_of
from storage.companies import Company
from storage.database import Session
from storage.people import names_of

DEFAULT_DAYS = 92
"""A quarter."""

MOST_DAYS = 731
"""Two years: what is older no longer says how people work."""


async def approval_figures(session: Session, company: Company, days: int = DEFAULT_DAYS) -> dict[str, Any]:
    """`{"days", "stages": [{"policy", "stage", "count", "median", "slow", "longest", "people": [{"name", …}]}]}`."""
    span = max(1, min(days, MOST_DAYS))
    waits = await waits_of(session, company.id, span)
    found = cycle_times(waits, calendar_of(company.timezone, company.settings))
    names = await names_of(session, company.id)
    return {
        "days": span,
        "stages": [
            {"policy": policy, "stage": stage, **asdict(own), "people": _people(found, policy, stage, names)}
            for (policy, stage, person), own in sorted(found.items(), key=lambda one: one[0][:2])
            if person is None
        ],
    }  # fmt: skip


def _people(found: dict[Any, CycleTime], policy: str, stage: str, names: dict[Any, str]) -> list[dict[str, Any]]:
    of_stage = [(names.get(key[2], ""), own) for key, own in found.items() if key[:2] == (policy, stage) and key[2]]
    return [{"name": name, **asdict(own)} for name, own in sorted(of_stage, key=lambda one: one[0])]
