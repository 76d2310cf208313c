"""The columnar form gives what the plain one means, on any two ledgers."""

from collections import Counter
from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.references import reference_key, reference_keys
from matching.two_sided.bridge import bridges
from matching.two_sided.columnar import reconcile
from matching.two_sided.plain import reconcile_plain
from matching.two_sided.terms import Entry, Rules
from tests.reconcile.test_known_truth import frame, links, totals
from tests.support.two_ledgers import Row

# Few values, so that numbers repeat, amounts meet, signs turn and days lie on both sides of a month's end.
NUMBERS = st.sampled_from(
    ["", "INV-1", "INV-01", "inv 2", "2", "INV-3", "INV-4, INV-3", "CN-1", "INV-1234", "INV-1243"]
)
ROWS = st.builds(
    Row, NUMBERS, st.integers(0, 40).map(lambda days: date(2026, 6, 1) + timedelta(days=days)),
    st.sampled_from(["CNY", "USD"]), st.sampled_from([-300, -200, -100, 0, 100, 101, 200, 300, 501]),
    st.sampled_from(["", "for INV-1, INV-3", "INV-1234"]),
)  # fmt: skip
LEDGER = st.lists(ROWS, max_size=9)
RULES = st.builds(Rules, st.sampled_from([None, date(2026, 6, 30)]), st.sampled_from([None, True, False]))


def entries(rows: list[Row]) -> list[Entry]:
    """The rows as the plain form takes them."""
    return [
        Entry(place, place + 2, row.number, reference_key(row.number), row.day, row.currency, row.amount, row.text)
        for place, row in enumerate(rows)
    ]


@given(ours=LEDGER, theirs=LEDGER, rules=RULES)
@settings(max_examples=150, deadline=None)
def test_columns_give_what_rows_mean(ours: list[Row], theirs: list[Row], rules: Rules) -> None:
    """The same links, the same sign, the same end; each row once; and a bridge from sum to sum."""
    meant, mirrored, period = reconcile_plain(entries(ours), entries(theirs), rules)
    found = reconcile(frame(ours), frame(theirs), rules)
    plain = Counter((link.kind, frozenset(link.ours), frozenset(link.theirs)) for link in meant)
    assert links(found) == plain
    assert (found.mirrored, found.period) == (mirrored, period)
    for side, places in ((ours, [link.ours for link in meant]), (theirs, [link.theirs for link in meant])):
        assert sorted(place for some in places for place in some) == list(range(len(side)))
    sign = -1 if mirrored else 1
    for currency, bridge in bridges(found).items():
        assert bridge.our_total == totals(ours).get(currency, 0)
        assert bridge.their_total == sign * totals(theirs).get(currency, 0)
        assert bridge.our_closing + sum(bridge.steps.values()) == bridge.their_closing


@given(st.lists(st.text(alphabet="AaB0１-_/ .号№发Ⅷ½é\u0661", max_size=8), max_size=20))
def test_a_key_is_the_same_in_both_engines(numbers: list[str]) -> None:
    """Full width, dots, letters of any kind: what Python makes of a number a column makes as well."""
    column = pl.DataFrame({"number": pl.Series(numbers, dtype=pl.String)}).select(reference_keys(pl.col("number")))
    assert column.to_series().to_list() == [reference_key(number) for number in numbers]


def test_spellings_of_one_number_have_one_key() -> None:
    """Prefixes tell documents apart; zeros, width, case and marks do not."""
    same = ["INV-000123", "ＩＮＶ－０００１２３", "inv 123", "Inv/0123", "INV_123"]
    assert {reference_key(number) for number in same} == {"INV123"}
    assert len({reference_key(number) for number in ["INV-7", "CN-7", "7", "INV-7-1", "INV-71"]}) == 5
    assert reference_key("17850.0") == "17850"
