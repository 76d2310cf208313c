"""Two ledgers whose differences are known: each row must come out as what it was made to be."""

from collections import Counter
from datetime import date

import polars as pl
import pytest

from matching.two_sided.bridge import bridges
from matching.two_sided.columnar import CODES, SIDE, Reconciled, reconcile, side_frame
from matching.two_sided.terms import Kind, Rules
from tests.support.two_ledgers import PERIOD_END, Row, TwoLedgers, two_ledgers

KINDS = tuple(CODES)


def frame(rows: list[Row], sign: int = 1) -> pl.DataFrame:
    """A side of rows, their amounts times `sign`."""
    table = [
        (n + 2, one.number, False, one.day, one.currency, sign * one.amount, one.text) for n, one in enumerate(rows)
    ]
    schema = {name: kind for name, kind in SIDE.items() if name != "key"}
    return side_frame(pl.DataFrame(table, schema=schema, orient="row"))


def links(found: Reconciled) -> Counter[tuple[Kind, frozenset[int], frozenset[int]]]:
    """Pairs and links in one form."""
    paired = [(KINDS[kind], frozenset({o}), frozenset({t})) for o, t, kind in found.pairs.iter_rows()]
    return Counter([*paired, *((one.kind, frozenset(one.ours), frozenset(one.theirs)) for one in found.links)])


def totals(rows: list[Row]) -> dict[str, int]:
    """The sum of each currency."""
    summed: Counter[str] = Counter()
    for row in rows:
        summed[row.currency] += row.amount
    return dict(summed)


@pytest.mark.parametrize("sign", [1, -1], ids=["same signs", "mirrored"])
@pytest.mark.parametrize(("documents", "seed"), [(16, 1), (60, 2), (400, 3), (400, 4), (3_000, 5)])
def test_every_row_is_what_it_was_made_to_be(documents: int, seed: int, sign: int) -> None:
    """All classes, with nothing said beforehand: neither the end of the period nor whose sign is whose."""
    book = two_ledgers(documents, seed)
    found = reconcile(frame(book.ours), frame(book.theirs, sign), Rules())
    expected = Counter(book.truth)
    assert links(found) - expected == Counter()
    assert expected - links(found) == Counter()
    assert found.mirrored == (sign == -1)
    assert (found.period.end, found.period.given) == (PERIOD_END, False)


def test_the_bridge_leads_from_sum_to_sum() -> None:
    """Both ends are the plain sums of the files; what lies between is said to the cent, in each currency."""
    book = two_ledgers(400, 9)
    found = reconcile(frame(book.ours), frame(book.theirs, -1), Rules())
    ours, theirs = totals(book.ours), totals(book.theirs)
    built = bridges(found)
    assert built.keys() == ours.keys() | theirs.keys()
    for currency, bridge in built.items():
        assert (bridge.our_total, bridge.their_total) == (ours[currency], theirs[currency])
        assert bridge.our_closing + sum(bridge.steps.values()) == bridge.their_closing
    _check_steps(book, {currency: bridge.steps for currency, bridge in built.items()})


def _check_steps(book: TwoLedgers, steps: dict[str, dict[Kind, int]]) -> None:
    """Each step, added up again from the truth: what is booked in the period on one side and not on the other."""
    expected: dict[str, Counter[Kind]] = {currency: Counter() for currency in steps}
    for kind, our, their in book.truth:
        days = [*(book.ours[place].day for place in our), *(book.theirs[place].day for place in their)]
        crosses = len({day <= PERIOD_END for day in days}) == 2
        for sign, side, places in ((-1, book.ours, our), (1, book.theirs, their)):
            for row in (side[place] for place in places):
                if not (crosses and row.day > PERIOD_END):
                    expected[row.currency][kind] += sign * row.amount
    for currency, by_kind in steps.items():
        assert {kind: amount for kind, amount in by_kind.items() if amount} == {
            kind: amount for kind, amount in expected[currency].items() if amount
        }


def test_a_stated_end_leaves_the_next_period_out() -> None:
    """Rows behind it that have no partner are no difference of this balance."""
    july = [Row("INV-9", date(2026, 7, 3), "CNY", 500)]
    june = [Row("INV-1", date(2026, 6, 3), "CNY", 100)]
    found = reconcile(frame([*june, *july]), frame(june), Rules(period_end=PERIOD_END))
    assert links(found) == Counter(
        {(Kind.MATCHED, frozenset({0}), frozenset({0})): 1, (Kind.LATER, frozenset({1}), frozenset()): 1}
    )
    bridge = bridges(found)["CNY"]
    assert (bridge.our_total, bridge.our_later, bridge.our_closing, bridge.their_closing) == (600, 500, 100, 100)
    open_end = reconcile(frame([*june, *july]), frame(june), Rules())
    assert (Kind.MISSING_ON_THEIRS, frozenset({1}), frozenset()) in links(open_end)


def test_two_sums_that_fit_are_no_sum() -> None:
    """Doubt is for a person: 30 is 10 + 20 and 12 + 18, so nothing is grouped; with one choice gone it is."""
    day = date(2026, 6, 9)
    ours = [Row("RC-1", day, "CNY", -3_000)]
    parts = [
        Row(f"PAY{n}", date(2026, 6, 9 + n % 3), "CNY", -amount)
        for n, amount in enumerate((1_000, 2_000, 1_200, 1_800))
    ]
    doubtful = reconcile(frame(ours), frame(parts), Rules(mirrored=False))
    assert {link.kind for link in doubtful.links} == {Kind.MISSING_ON_OURS, Kind.MISSING_ON_THEIRS}
    clear = reconcile(frame(ours), frame(parts[:3]), Rules(mirrored=False))
    assert (Kind.GROUPED, frozenset({0}), frozenset({0, 1})) in links(clear)


def test_one_number_written_in_three_ways_with_three_amounts() -> None:
    """Spelling does not hide that an amount differs; another prefix that says something is another document."""
    ours = [Row("INV-0007", date(2026, 6, 1), "CNY", 700), Row("INV-8", date(2026, 6, 1), "CNY", 800)]
    theirs = [Row("7", date(2026, 6, 1), "CNY", 770), Row("CN-8", date(2026, 6, 20), "CNY", 888)]
    kinds = links(reconcile(frame(ours), frame(theirs), Rules(mirrored=False)))
    assert kinds == Counter(
        {
            (Kind.AMOUNT, frozenset({0}), frozenset({0})): 1,
            (Kind.MISSING_ON_THEIRS, frozenset({1}), frozenset()): 1,
            (Kind.MISSING_ON_OURS, frozenset(), frozenset({1})): 1,
        }
    )
