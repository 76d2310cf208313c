"""From our closing balance to theirs, class by class and currency by currency; every step is exact."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from matching.two_sided.columnar import CODES, Reconciled
from matching.two_sided.terms import Kind

STEPS: tuple[Kind, ...] = tuple(kind for kind in Kind if kind not in {Kind.MATCHED, Kind.LATER})
"""Classes that lead from one balance to the other, in their order."""

_LEG = {"kind": pl.UInt8, "currency": pl.String, "amount": pl.Int64, "late": pl.Boolean, "mixed": pl.Boolean}


@dataclass(frozen=True, slots=True)
class Bridge:
    """Whole minor units of one currency, as we see them.

    `later` is what stands in a ledger behind the period's end, so that total − later = closing on each side, and
    our closing + the sum of `steps` = their closing.
    """

    our_total: int
    our_later: int
    their_later: int
    their_total: int
    steps: dict[Kind, int]

    @property
    def our_closing(self) -> int:
        """Our balance at the end of the period."""
        return self.our_total - self.our_later

    @property
    def their_closing(self) -> int:
        """Their balance at the end of the period."""
        return self.their_total - self.their_later


def bridges(found: Reconciled) -> dict[str, Bridge]:
    """One bridge for each currency of either ledger."""
    our_total, their_total = _totals(found.ours), _totals(found.theirs)
    ours, theirs = _legs(found, found.ours, "o"), _legs(found, found.theirs, "t")
    our_later, their_later = _later(found, found.ours, ours), _later(found, found.theirs, theirs)
    effects = _effects(found, ours, theirs)
    answer = {}
    for currency in sorted(our_total.keys() | their_total.keys()):
        steps = {kind: effects.get((CODES[kind], currency), 0) for kind in STEPS}
        bridge = Bridge(
            our_total.get(currency, 0), our_later.get(currency, 0), their_later.get(currency, 0),
            their_total.get(currency, 0), steps,
        )  # fmt: skip
        assert bridge.our_closing + sum(steps.values()) == bridge.their_closing, currency  # noqa: S101 - every row is in one class
        answer[currency] = bridge
    return answer


def _totals(rows: pl.DataFrame) -> dict[str, int]:
    summed = rows.group_by("currency").agg(pl.col("amount").cast(pl.Int128).sum())
    return dict(summed.select("currency", "amount").iter_rows())


def _legs(found: Reconciled, side: pl.DataFrame, place: str) -> pl.DataFrame:
    """Every row of one side that is not simply matched: its class, and where it lies to the period's end."""
    late = pl.lit(value=False)
    if found.period.end is not None:
        late = (pl.col("day") > found.period.end).fill_null(value=False)
    marked = side.select("currency", "amount", late=late)
    pairs = found.pairs.filter(pl.col("kind") != CODES[Kind.MATCHED])
    mixed = _lateness(found.ours, found, pairs["o"]) != _lateness(found.theirs, found, pairs["t"])
    parts = [pairs.select("kind").hstack(marked[pairs[place]]).with_columns(mixed)]
    parts.append(_legs_of_links(found, marked, place))
    return pl.concat([part.select(*_LEG) for part in parts])


def _lateness(side: pl.DataFrame, found: Reconciled, places: pl.Series) -> pl.Series:
    days = side["day"].gather(places)
    late = pl.repeat(value=False, n=days.len(), eager=True) if found.period.end is None else days > found.period.end
    return late.fill_null(value=False).alias("mixed")


def _legs_of_links(found: Reconciled, marked: pl.DataFrame, place: str) -> pl.DataFrame:
    rows = list(_rows_of_links(found, ours=place == "o"))
    frame = pl.DataFrame(rows, schema={"kind": pl.UInt8, "place": pl.UInt32, "mixed": pl.Boolean}, orient="row")
    return frame.select("kind", "mixed").hstack(marked[frame["place"]])


def _rows_of_links(found: Reconciled, *, ours: bool) -> Iterator[tuple[int, int, bool]]:
    our_late, their_late = _late_rows(found.ours, found), _late_rows(found.theirs, found)
    for link in found.links:
        if link.kind is Kind.MATCHED:
            continue
        late = [*(place in our_late for place in link.ours), *(place in their_late for place in link.theirs)]
        mixed = any(late) and not all(late)
        for place in link.ours if ours else link.theirs:
            yield CODES[link.kind], place, mixed


def _late_rows(side: pl.DataFrame, found: Reconciled) -> set[int]:
    if found.period.end is None:
        return set()
    return set((side["day"] > found.period.end).fill_null(value=False).arg_true().to_list())


def _out(found: Reconciled) -> pl.Expr:
    """Which legs are not in the closing balance: all behind a stated end; behind a found one, those shifted over it."""
    return pl.col("late") if found.period.given else pl.col("late") & pl.col("mixed")


def _later(found: Reconciled, side: pl.DataFrame, legs: pl.DataFrame) -> dict[str, int]:
    if found.period.end is None:
        return {}
    if found.period.given:
        return _totals(side.filter(pl.col("day") > found.period.end))
    return _totals(legs.filter(_out(found)))


def _effects(found: Reconciled, ours: pl.DataFrame, theirs: pl.DataFrame) -> dict[tuple[int, str], int]:
    """What each class adds on the way from our balance to theirs."""
    signed = [ours.with_columns(-pl.col("amount")), theirs]
    summed = (
        pl.concat(signed).filter(~_out(found)).group_by("kind", "currency").agg(pl.col("amount").cast(pl.Int128).sum())
    )
    return {(kind, currency): amount for kind, currency, amount in summed.iter_rows()}
