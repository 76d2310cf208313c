"""The comparison over columns: numbers that stand once on each side are settled by one join, the few others row by row.

A side is a frame with the columns of SIDE; `side_frame` makes one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from matching.references import reference_keys
from matching.two_sided.board import Board
from matching.two_sided.period import Crossing, Period, crossing, find_period, month_end, timed
from matching.two_sided.rest import settle_rest
from matching.two_sided.terms import OPENING_KEY, Entry, Kind, Link, Rules, Votes, is_mirrored

SIDE = {
    "row": pl.Int32, "number": pl.String, "opening": pl.Boolean, "key": pl.UInt64, "day": pl.Date,
    "currency": pl.String, "amount": pl.Int64, "text": pl.String,
}  # fmt: skip
"""`key` is a hash of the number's key, null without one; `opening` marks a balance brought forward."""

_COMPARED = ("key", "day", "currency", "amount")
CODES = {kind: code for code, kind in enumerate(Kind)}
"""Kinds as small integers in columns."""

_KINDS = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`pairs` has `o`, `t` (places) and `kind` (of CODES), one document each; `links` are all other rows.

    `theirs` has their amounts as we see them.
    """

    ours: pl.DataFrame
    theirs: pl.DataFrame
    pairs: pl.DataFrame
    links: list[Link]
    mirrored: bool
    period: Period


def side_frame(rows: pl.DataFrame) -> pl.DataFrame:
    """A side from all columns of SIDE but `key`."""
    return (
        rows.with_columns(key=_key())
        .with_columns(key=pl.when(pl.col("key") != "").then(pl.col("key").hash()))
        .select(*SIDE)
    )


def _key() -> pl.Expr:
    return pl.when("opening").then(pl.lit(OPENING_KEY)).otherwise(reference_keys(pl.col("number")))


def reconcile(ours: pl.DataFrame, theirs: pl.DataFrame, rules: Rules) -> Reconciled:
    """Every row of both sides in exactly one pair or link. Their amounts come as their ledger writes them."""
    our, their = ours.select(_COMPARED).with_row_index("o"), theirs.select(_COMPARED).with_row_index("t")
    crowded = pl.concat([_repeated(our), _repeated(their)]).unique()
    joined = _lone(our, crowded).join(_lone(their, crowded), on="key", how="full")
    mirrored = rules.mirrored
    if mirrored is None:
        mirrored = is_mirrored(_votes(joined), lambda: _votes(_equal_sizes(our, their)))
    if mirrored:
        theirs = theirs.with_columns(-pl.col("amount"))
    compared = joined.select("o", "t", "day", "day_right", kind=_kind(-1 if mirrored else 1))
    pairs, open_ = compared.filter(pl.col("kind").is_not_null()), compared.filter(pl.col("kind").is_null())
    our_rest = _entries(ours, [open_["o"].drop_nulls(), _others(our, crowded)["o"]])
    their_rest = _entries(theirs, [open_["t"].drop_nulls(), _others(their, crowded)["t"]])
    board = Board(our_rest, their_rest)
    settle_rest(board)
    our_days = {entry.place: entry.day for entry in our_rest}
    their_days = {entry.place: entry.day for entry in their_rest}
    period = Period(rules.period_end, given=True)
    if rules.period_end is None:
        crossings = [*_crossings(pairs), *_crossings_of_links(board.links, our_days, their_days)]
        period = _found_period(ours["day"], theirs["day"], crossings)
    links = [_timed(link, our_days, their_days, period) for link in board.links]
    return Reconciled(ours, theirs, _timed_pairs(pairs, period), links, mirrored, period)


def _repeated(side: pl.DataFrame) -> pl.Series:
    """The keys that stand more than once on a side, found by sorting: a quarter of what hashing takes."""
    keys = side["key"].sort()
    return keys.filter(keys == keys.shift())


def _lone(side: pl.DataFrame, crowded: pl.Series) -> pl.DataFrame:
    plain = pl.col("key").is_not_null()
    return side.filter(plain & ~pl.col("key").is_in(crowded.implode()) if crowded.len() else plain)


def _others(side: pl.DataFrame, crowded: pl.Series) -> pl.DataFrame:
    """The rows that are not in `_lone`."""
    nameless = pl.col("key").is_null()
    return side.filter(nameless | pl.col("key").is_in(crowded.implode()) if crowded.len() else nameless)


def _votes(joined: pl.DataFrame) -> Votes:
    alike = pl.col("currency") == pl.col("currency_right")
    ours, theirs = pl.col("amount").sign(), pl.col("amount_right").sign()
    return Votes(*joined.select((alike & (ours * theirs == sign)).sum().alias(str(sign)) for sign in (1, -1)).row(0))


def _equal_sizes(our: pl.DataFrame, their: pl.DataFrame) -> pl.DataFrame:
    """Without common numbers: the amounts that stand once on each side."""
    sized = [side.with_columns(size=pl.col("amount").abs()) for side in (our, their)]
    lone = [side.filter(pl.struct("currency", "size").is_unique()) for side in sized]
    return lone[0].join(lone[1].with_columns(currency_right="currency"), on=["currency", "size"])


def _kind(sign: int) -> pl.Expr:
    """`two_sided.compare` over columns; null for rows without a partner."""
    ours, theirs = pl.col("amount"), pl.col("amount_right") * sign
    return (
        pl.when(pl.col("o").is_null() | pl.col("t").is_null()).then(None)
        .when(pl.col("currency") != pl.col("currency_right")).then(CODES[Kind.CURRENCY])
        .when(ours == theirs).then(CODES[Kind.MATCHED])
        .when(ours == -theirs).then(CODES[Kind.SIGN])
        .when((ours < 0) == (theirs < 0)).then(CODES[Kind.AMOUNT])
        .cast(pl.UInt8)
    )  # fmt: skip


def _entries(side: pl.DataFrame, places: Iterable[pl.Series]) -> list[Entry]:
    """The rows at these places, for the steps that look at one row at a time."""
    chosen = pl.concat(places).sort()
    rows = side.with_row_index("place")[chosen].with_columns(key=_key().fill_null(""))
    columns = ("place", "row", "number", "key", "day", "currency", "amount", "text")
    return [Entry._make(row) for row in rows.select(columns).rows()]


def _crossings(pairs: pl.DataFrame) -> list[Crossing]:
    matched = pairs.filter((pl.col("kind") == CODES[Kind.MATCHED]) & (pl.col("day") != pl.col("day_right")))
    days = matched.select("day", "day_right").iter_rows()
    return [found for our, their in days if (found := crossing(our, their)) is not None]


def _crossings_of_links(
    links: Iterable[Link], our_days: dict[int, date | None], their_days: dict[int, date | None]
) -> Iterable[Crossing]:
    for link in links:
        if link.kind is Kind.MATCHED:
            found = crossing(our_days[link.ours[0]], their_days[link.theirs[0]])
            if found is not None:
                yield found


def _found_period(our_days: pl.Series, their_days: pl.Series, crossings: list[Crossing]) -> Period:
    lasts = [day for days in (our_days, their_days) if isinstance(day := days.max(), date)]
    if len(lasts) < 2 or not crossings:  # noqa: PLR2004 - both sides
        return Period()
    first_of_last_month = month_end(max(lasts)).replace(day=1)
    late = sum(int((days >= first_of_last_month).sum()) for days in (our_days, their_days))
    return find_period(lasts[0], lasts[1], crossings, late)


def _timed_pairs(pairs: pl.DataFrame, period: Period) -> pl.DataFrame:
    if period.end is None:
        return pairs.select("o", "t", "kind")
    late = [(pl.col(day) > period.end).fill_null(value=False) for day in ("day", "day_right")]
    shifted = (pl.col("kind") == CODES[Kind.MATCHED]) & (late[0] != late[1])
    timing = pl.lit(CODES[Kind.TIMING], dtype=pl.UInt8)
    return pairs.select("o", "t", pl.when(shifted).then(timing).otherwise("kind").alias("kind"))


def _timed(link: Link, our_days: dict[int, date | None], their_days: dict[int, date | None], period: Period) -> Link:
    if period.end is None or (link.kind is not Kind.MATCHED and not period.given):
        return link
    days = [*(our_days[place] for place in link.ours), *(their_days[place] for place in link.theirs)]
    kind = timed(link.kind, [period.late(day) for day in days], given=period.given)
    return link if kind is link.kind else Link(kind, link.ours, link.theirs, link.why)
