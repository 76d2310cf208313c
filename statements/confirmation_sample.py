"""Draws the customers who are asked to confirm: the largest, a share of the balance, by strata, or at random by a seed.

Reproducible by anybody: equal balances and an equal method give the same customers, on any machine and in any order of
input. Chance is SHA-256 of the seed and the account, so that no version of a random generator matters.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from ledger.canonical import Json, canonical_json, sha256_hex
from ledger.money import decimals
from words.refusal import Refusal

METHODS = ("all", "largest", "coverage", "stratified", "random")

MOST_SAMPLED = 5_000
"""Letters of one round: more are several rounds, which people can still survey."""

MOST_STRATA = 10
"""More strata than this hold a handful of customers each."""


class SampleInvalid(Refusal):
    """A method, number, share or stratum that cannot be."""

    code = "sample_invalid"
    sentence = "The sample cannot be drawn: {what}."
    remedy = "Say all, largest with a number, coverage with a percentage, random with a number and a seed, or strata."


class PopulationEmpty(Refusal):
    """Nobody has a balance on that day."""

    code = "population_empty"
    sentence = "No customer has a balance on {day}."
    remedy = "Choose another day, or import the ledger first."


@dataclass(frozen=True, slots=True)
class Balance:
    """One account of the population: a customer's balance in one currency, a decimal string."""

    customer: str
    currency: str
    amount: str

    @property
    def size(self) -> Decimal:
        """Its weight: a credit balance may be wrong as well."""
        return abs(Decimal(self.amount))


@dataclass(frozen=True, slots=True)
class Stratum:
    """Accounts of at least `lower` in absolute amount, below the next stratum: `count` of them, or all when None."""

    lower: Decimal
    count: int | None


@dataclass(frozen=True, slots=True)
class Method:
    """How to draw, in each currency by itself: amounts of two currencies have no common order."""

    kind: str
    count: int = 0
    percent: Decimal = Decimal(0)
    seed: str = ""
    strata: tuple[Stratum, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """What is stored and hashed."""
        return {
            "kind": self.kind, "count": self.count, "percent": str(self.percent), "seed": self.seed,
            "strata": [{"lower": str(one.lower), "count": one.count} for one in self.strata],
        }  # fmt: skip


def method_from(body: Mapping[str, Any]) -> Method:
    """The stored form read again."""
    strata = tuple(Stratum(Decimal(one["lower"]), one["count"]) for one in body["strata"])
    return Method(body["kind"], body["count"], Decimal(body["percent"]), body["seed"], strata)


def method_of(kind: str, *, count: str = "", percent: str = "", seed: str = "", strata: str = "") -> Method:
    """A method as people type it; strata like "0:5, 10000:20, 100000:all". Raises SampleInvalid."""
    if kind not in METHODS:
        raise SampleInvalid(what=f"there is no method “{kind}”")
    number = _whole(count, "the number") if kind in {"largest", "random"} else 0
    share = _share(percent) if kind == "coverage" else Decimal(0)
    layers = _strata(strata) if kind == "stratified" else ()
    drawn_by_chance = kind == "random" or any(one.count is not None for one in layers)
    if drawn_by_chance and not seed.strip():
        raise SampleInvalid(what="chance needs a seed, so that it can be repeated")
    return Method(kind, number, share, seed.strip() if drawn_by_chance else "", layers)


def _whole(text: str, what: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and 1 <= int(text) <= MOST_SAMPLED):
        raise SampleInvalid(what=f"{what} is between 1 and {MOST_SAMPLED}")
    return int(text)


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text.strip().removesuffix("%"))
    except InvalidOperation:
        share = Decimal(0)
    if not (share.is_finite() and 0 < share <= 100):  # noqa: PLR2004 - per cent
        raise SampleInvalid(what="the percentage is above 0 and at most 100")
    return share


def _strata(text: str) -> tuple[Stratum, ...]:
    found = []
    for part in text.replace("，", ",").split(","):
        lower, _, number = part.strip().partition(":")
        try:
            bound = Decimal(lower.strip())
        except InvalidOperation:
            raise SampleInvalid(what=f"“{part.strip()}” is no stratum; write 10000:20 or 100000:all") from None
        found.append(Stratum(bound, None if number.strip() == "all" else _whole(number, "the number of a stratum")))
    ordered = tuple(sorted(found, key=lambda one: one.lower))
    bounds = [one.lower for one in ordered]
    if not bounds[0].is_finite() or bounds[0] < 0 or len(set(bounds)) < len(bounds) or len(bounds) > MOST_STRATA:
        raise SampleInvalid(what=f"strata are at most {MOST_STRATA}, from 0 upwards, each bound once")
    return ordered


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn, and the digests by which the draw can be repeated and checked."""

    customers: tuple[str, ...]
    population: dict[str, dict[str, str]]
    """Per currency: accounts, their net sum, and the sum of their absolute balances."""
    population_sha256: str
    sample_sha256: str


def draw(balances: Sequence[Balance], method: Method) -> Sample:
    """The customers to ask, by code. A customer drawn in one currency is asked about all of them, in one letter."""
    population = sorted((one for one in balances if one.size), key=lambda one: (one.currency, one.customer))
    drawn: set[str] = set()
    for currency in {one.currency for one in population}:
        accounts = [one for one in population if one.currency == currency]
        drawn.update(one.customer for one in _draw_one(accounts, method))
    if len(drawn) > MOST_SAMPLED:
        raise SampleInvalid(what=f"it would be {len(drawn)} letters, and one round holds {MOST_SAMPLED}")
    rows: list[Json] = [[one.customer, one.currency, one.amount] for one in population]
    digest = sha256_hex(canonical_json(rows))
    customers = tuple(sorted(drawn))
    chosen: Json = {"customers": list(customers), "method": method.as_json(), "population": digest}
    return Sample(customers, _totals(population), digest, sha256_hex(canonical_json(chosen)))


def _draw_one(accounts: list[Balance], method: Method) -> list[Balance]:
    largest = sorted(accounts, key=lambda one: (-one.size, one.customer))
    if method.kind == "largest":
        return largest[: method.count]
    if method.kind == "coverage":
        return _until_covered(largest, method.percent)
    if method.kind == "random":
        return _by_chance(accounts, method.seed)[: method.count]
    if method.kind == "stratified":
        return [one for stratum in _layers(accounts, method.strata) for one in _from_stratum(*stratum, method.seed)]
    return accounts


def _until_covered(largest: list[Balance], percent: Decimal) -> list[Balance]:
    wanted = sum((one.size for one in largest), Decimal(0)) * percent / 100
    taken: list[Balance] = []
    covered = Decimal(0)
    for one in largest:
        if covered >= wanted:
            break
        taken.append(one)
        covered += one.size
    return taken


def _by_chance(accounts: list[Balance], seed: str) -> list[Balance]:
    def place(one: Balance) -> bytes:
        return hashlib.sha256(canonical_json([seed, one.currency, one.customer]).encode()).digest()

    return sorted(accounts, key=place)


def _layers(accounts: list[Balance], strata: tuple[Stratum, ...]) -> list[tuple[list[Balance], int | None]]:
    bounds: list[Decimal | None] = [*(one.lower for one in strata[1:]), None]
    return [
        ([one for one in accounts if stratum.lower <= one.size and (upper is None or one.size < upper)], stratum.count)
        for stratum, upper in zip(strata, bounds, strict=True)
    ]


def _from_stratum(accounts: list[Balance], count: int | None, seed: str) -> list[Balance]:
    return accounts if count is None else _by_chance(accounts, seed)[:count]


def _totals(population: list[Balance]) -> dict[str, dict[str, str]]:
    totals = {}
    for currency in sorted({one.currency for one in population}):
        accounts = [one for one in population if one.currency == currency]
        places = decimals(currency)
        net = sum((Decimal(one.amount) for one in accounts), Decimal(0))
        absolute = sum((one.size for one in accounts), Decimal(0))
        totals[currency] = {
            "accounts": str(len(accounts)), "net": f"{net:.{places}f}", "absolute": f"{absolute:.{places}f}",
        }  # fmt: skip
    return totals
