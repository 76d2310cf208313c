"""A finished reconciliation as plain data: differences by class with rows, amounts and sentences, and the bridge."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from ledger.money import decimal_text
from matching.two_sided.bridge import STEPS, Bridge, bridges
from matching.two_sided.columnar import CODES, Reconciled
from matching.two_sided.terms import Kind, Link, Why
from matching.two_sided.words import NAMES, Told, sentence
from words.catalog import translate

LISTED = 10_000
"""Rows of one class that are listed: a page or a document of more is not read. All are counted, and in the bridge."""

_KINDS = tuple(CODES)


def report(found: Reconciled, language: str, listed: int = LISTED) -> dict[str, Any]:
    """The JSON form of `tieout reconcile`, without what it says of the files; amounts are decimal strings, our sign."""
    by_kind: dict[Kind, list[Link]] = {kind: [] for kind in Kind}
    for link in found.links:
        by_kind[link.kind].append(link)
    counts = dict(found.pairs.group_by("kind").len().iter_rows())
    classes, differences = {}, {}
    for kind in Kind:
        paired = counts.get(CODES[kind], 0)
        rows = [paired + sum(len(side) for side in (link[place] for link in by_kind[kind])) for place in (1, 2)]
        classes[kind.value] = {
            "name": translate(NAMES[kind], language), "count": paired + len(by_kind[kind]),
            "our_rows": rows[0], "their_rows": rows[1],
        }  # fmt: skip
        links = _links_of(found, kind, by_kind[kind], listed)
        differences[kind.value] = [_difference(found, link, language) for link in links]
    built = bridges(found)
    for kind in STEPS:
        classes[kind.value]["effect"] = {
            currency: decimal_text(bridge.steps[kind], 0, currency) for currency, bridge in built.items()
        }
    matched = differences.pop(Kind.MATCHED.value)
    return {
        "mirrored": found.mirrored,
        "period_end": found.period.end.isoformat() if found.period.end else None,
        "period_end_given": found.period.given,
        "agrees": all(bridge.our_closing == bridge.their_closing for bridge in built.values()),
        "classes": classes,
        "bridge": {currency: bridge_rows(bridge, currency, language) for currency, bridge in built.items()},
        "differences": differences,
        "matched": matched,
        "listed": listed,
    }


def bridge_rows(bridge: Bridge, currency: str, language: str) -> list[dict[str, Any]]:
    """The bridge from our total to theirs, as rows with a running balance."""
    ends = [
        ("our_total", "Our ledger in all", bridge.our_total),
        ("our_later", "less what it has after the period's end", -bridge.our_later),
        ("our_closing", "Our closing balance", bridge.our_closing),
        ("their_closing", "Their closing balance", bridge.their_closing),
        ("their_later", "and what they have after the period's end", bridge.their_later),
        ("their_total", "Their ledger in all", bridge.their_total),
    ]
    steps = [(kind.value, NAMES[kind], bridge.steps[kind]) for kind in STEPS]
    return [
        {"step": step, "name": translate(name, language), "amount": decimal_text(amount, 0, currency)}
        for step, name, amount in (*ends[:3], *steps, *ends[3:])
    ]


def _links_of(found: Reconciled, kind: Kind, links: list[Link], listed: int) -> list[Link]:
    """Pairs and links of one class, in the order of our rows, then of theirs; as many as are listed."""
    pairs = found.pairs.filter(pl.col("kind") == CODES[kind]).sort("o").head(listed)
    paired = [Link(kind, (o,), (t,), Why.NUMBER) for o, t in pairs.select("o", "t").iter_rows()]
    return sorted([*paired, *links], key=_place)[:listed]


def _place(link: Link) -> tuple[bool, int]:
    return not link.ours, min(link.ours or link.theirs)


def _difference(found: Reconciled, link: Link, language: str) -> dict[str, Any]:
    ours, theirs = _rows(found.ours, link.ours), _rows(found.theirs, link.theirs)
    told = [
        [Told(row["number"], row["day"], row["currency"], row["amount"]) for row in side] for side in (ours, theirs)
    ]
    return {
        "class": link.kind.value,
        "how": link.why.value,
        "ours": [_row(row) for row in ours],
        "theirs": [_row(row) for row in theirs],
        "why": sentence(link.kind, link.why, told[0], told[1], found.period.end, language),
    }


def _rows(side: pl.DataFrame, places: Sequence[int]) -> list[dict[str, Any]]:
    return [side.row(place, named=True) for place in places]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "row": row["row"], "number": row["number"], "date": row["day"].isoformat() if row["day"] else None,
        "currency": row["currency"], "amount": decimal_text(row["amount"], 0, row["currency"]), "text": row["text"],
    }  # fmt: skip
