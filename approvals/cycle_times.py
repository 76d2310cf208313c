"""How long decisions take, in working time: by policy and stage, and by person."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from approvals.working_time import WorkingCalendar

SLOW_SHARE = 0.9
"""The slow end that is shown beside the median: nine of ten were faster."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A stage from its opening to its end, or to one person's vote in it."""

    policy: str
    stage: str
    person: UUID | None
    """The voter; None for the stage itself."""
    opened_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class CycleTime:
    """Working hours of many waits, to a tenth of an hour."""

    count: int
    median: float
    slow: float
    longest: float


def cycle_times(waits: Iterable[Wait], calendar: WorkingCalendar) -> dict[tuple[str, str, UUID | None], CycleTime]:
    """Figures by (policy, stage, person): the stage's own under no person, each voter's beside it."""
    hours: dict[tuple[str, str, UUID | None], list[float]] = defaultdict(list)
    for wait in waits:
        worked = calendar.worked(wait.opened_at, wait.ended_at) / timedelta(hours=1)
        hours[wait.policy, wait.stage, wait.person].append(worked)
    return {key: _figures(sorted(values)) for key, values in hours.items()}


def _figures(hours: list[float]) -> CycleTime:
    slow = hours[min(len(hours) - 1, int(len(hours) * SLOW_SHARE))]
    return CycleTime(len(hours), round(median(hours), 1), round(slow, 1), round(hours[-1], 1))
