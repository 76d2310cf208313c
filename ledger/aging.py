"""Aging by policy data: buckets that leave no gap, so that each item falls in exactly one whose label is true."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import pairwise

from ledger.balances import OpenAmount
from ledger.canonical import Json, canonical_json, sha256_hex
from ledger.items import OpenItem

NOT_DUE = "not_due"
CREDITS = "credits"

MAX_BUCKETS = 24
"""Two years by month; more columns than that fit neither a page nor a reader."""


class AgingPolicyError(ValueError):
    """The policy's data does not describe buckets."""


class Basis(StrEnum):
    """From which date an item ages."""

    DUE_DATE = "due_date"
    DOCUMENT_DATE = "document_date"


class Credits(StrEnum):
    """Where credits stand: among the debits by their own date, or in a bucket of their own; always in the sum."""

    NETTED = "netted"
    OWN_BUCKET = "own_bucket"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Days `first` to `last`, both included; None is without end."""

    label: str
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class AgingPolicy:
    """`upper_bounds` are the last days of the buckets, rising; what lies above the last one is a bucket too.

    By due date the first bound is 0: the mandatory bucket of what is not yet due.
    """

    name: str
    version: int
    basis: Basis
    credits: Credits
    upper_bounds: tuple[int, ...]

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """From the youngest to the oldest; labels follow from the bounds and cannot be untrue."""
        return _buckets(self.basis, self.upper_bounds)

    @property
    def labels(self) -> tuple[str, ...]:
        """Of all buckets, the credits' own last when the policy has one."""
        own = (CREDITS,) if self.credits is Credits.OWN_BUCKET else ()
        return (*(bucket.label for bucket in self.buckets), *own)

    @property
    def body(self) -> dict[str, Json]:
        """The policy as data, as `parse_policy` reads it."""
        return {"basis": self.basis.value, "credits": self.credits.value, "upper_bounds": list(self.upper_bounds)}

    @property
    def sha256(self) -> str:
        """Digest of the data."""
        return _digest(self)


@cache
def _digest(policy: AgingPolicy) -> str:
    return sha256_hex(canonical_json(policy.body))


@cache
def _buckets(basis: Basis, bounds: tuple[int, ...]) -> tuple[Bucket, ...]:
    youngest = Bucket(NOT_DUE, None, 0) if basis is Basis.DUE_DATE else Bucket(f"0-{bounds[0]}", None, bounds[0])
    middle = [Bucket(f"{low + 1}-{high}", low + 1, high) for low, high in pairwise(bounds)]
    return (youngest, *middle, Bucket(f"{bounds[-1]}+", bounds[-1] + 1, None))


DEFAULT_POLICY = AgingPolicy("default", 1, Basis.DUE_DATE, Credits.NETTED, (0, 30, 60, 90, 180))
"""What a company ages by until it publishes a policy of its own."""


def parse_policy(name: str, version: int, body: Mapping[str, Json]) -> AgingPolicy:
    """The policy of `{"basis", "credits", "upper_bounds": [0, 30, …]}`. Raises AgingPolicyError."""
    unknown = set(body) - {"basis", "credits", "upper_bounds"}
    if unknown:
        raise AgingPolicyError(f"unknown: {', '.join(sorted(unknown))}")
    try:
        basis = Basis(str(body.get("basis", Basis.DUE_DATE.value)))
        credit_rule = Credits(str(body.get("credits", Credits.NETTED.value)))
    except ValueError as error:
        raise AgingPolicyError(str(error)) from error
    return AgingPolicy(name, version, basis, credit_rule, _bounds(body.get("upper_bounds"), basis))


def _bounds(given: Json, basis: Basis) -> tuple[int, ...]:
    if not isinstance(given, list | tuple) or not 1 <= len(given) <= MAX_BUCKETS:
        raise AgingPolicyError(f"upper_bounds are a list of 1 to {MAX_BUCKETS} days")
    bounds = tuple(bound for bound in given if isinstance(bound, int) and not isinstance(bound, bool))
    if len(bounds) != len(given) or any(high <= low for low, high in pairwise(bounds)):
        raise AgingPolicyError("upper_bounds are whole days, each more than the one before")
    if basis is Basis.DUE_DATE and bounds[0] != 0:
        raise AgingPolicyError("by due date the first upper bound is 0: what is not yet due")
    if bounds[0] < 0:
        raise AgingPolicyError("upper_bounds are not negative")
    return bounds


def due_day(item: OpenItem) -> date:
    """The due date, or the document date where the source gave none."""
    return item.due_date if item.due_date is not None else item.document_date


def days_overdue(item: OpenItem, as_of: date) -> int:
    """Days after the due date; 0 until then."""
    return max(0, (as_of - due_day(item)).days)


def bucket_label(line: OpenAmount, as_of: date, policy: AgingPolicy) -> str:
    """The one bucket of an open amount."""
    if policy.credits is Credits.OWN_BUCKET and line.parts < 0:
        return CREDITS
    start = due_day(line.item) if policy.basis is Basis.DUE_DATE else line.item.document_date
    return policy.buckets[bisect_left(policy.upper_bounds, (as_of - start).days)].label


@dataclass(frozen=True, slots=True)
class Aged:
    """What one bucket holds: exact parts and how many items."""

    label: str
    parts: int
    items: int


def age(lines: Iterable[OpenAmount], as_of: date, policy: AgingPolicy) -> tuple[Aged, ...]:
    """All buckets of the policy, empty ones too; together they are the open amount."""
    labels = policy.labels
    parts, count = dict.fromkeys(labels, 0), dict.fromkeys(labels, 0)
    for line in lines:
        label = bucket_label(line, as_of, policy)
        parts[label] += line.parts
        count[label] += 1
    return tuple(Aged(label, parts[label], count[label]) for label in labels)


def overdue(lines: Sequence[OpenAmount], as_of: date) -> list[OpenAmount]:
    """Debits past their due date; a credit is never overdue, whatever the buckets net."""
    return [line for line in lines if line.parts > 0 and days_overdue(line.item, as_of) > 0]


def disputed_part(line: OpenAmount) -> int:
    """Minor units of the open amount under dispute: never more than is still open."""
    most = min(abs(line.item.disputed), abs(line.open))
    return most if line.open >= 0 else -most
