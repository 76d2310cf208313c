"""Promises to pay: whether they were kept, and what of which document waits for one before it is chased again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

GRACE_DAYS = 3
"""A transfer of the last day is in the bank's file one to three days later: only then is a promise called broken."""

TOLD_DAYS = 14
"""Two weeks are enough to find a payment that a customer says was made; after that its amount is chased again."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One promised payment in minor units; `given_on` is the day on which it was promised."""

    id: UUID
    amount: int
    due_on: date
    given_on: date


@dataclass(frozen=True, slots=True)
class Received:
    """Money that came: day and minor units, positive."""

    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is open, kept or broken; `received` is what came for it in time, never more than was promised."""

    status: str
    received: int


def judge_promises(promises: Sequence[Promise], receipts: Sequence[Received], today: date) -> dict[UUID, Outcome]:
    """How each stands today. Money counts once, for the promise that is due first, if it came on or before its day."""
    came = sorted(receipts, key=lambda one: one.day)
    left = [one.amount for one in came]
    judged = {}
    for promise in sorted(promises, key=lambda one: (one.due_on, one.given_on, one.id)):
        received = 0
        for place, one in enumerate(came):
            if promise.given_on <= one.day <= promise.due_on:
                taken = min(left[place], promise.amount - received)
                received += taken
                left[place] -= taken
        judged[promise.id] = Outcome(_status(promise, received, today), received)
    return judged


def _status(promise: Promise, received: int, today: date) -> str:
    if received == promise.amount:
        return "kept"
    return "broken" if today > promise.due_on + timedelta(days=GRACE_DAYS) else "open"


def spread(total: int, rooms: Mapping[UUID, int]) -> dict[UUID, int]:
    """`total` laid over the items in their order, each up to its room; what finds no room is left out."""
    parts = {}
    for item, room in rooms.items():
        part = min(max(room, 0), total)
        if part > 0:
            parts[item] = part
            total -= part
    return parts
