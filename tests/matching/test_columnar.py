"""The columnar cascade against the plain rules: what it applies, they apply too and post by themselves."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from matching.cash_application import apply_cash
from matching.columnar import cascade, significant_digits
from matching.facts import AdviceLine, Band, Document, Receipt

START = date(2026, 3, 1)

documents = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["EUR", "USD"]), st.integers(0, 4), st.integers(1, 9_999_999)),
    min_size=1, max_size=8,
)  # fmt: skip
"""Customer, currency, days after the start, amount; the number comes from the place."""

receipts = st.lists(
    st.tuples(
        st.integers(0, 7), st.booleans(), st.integers(0, 2), st.sampled_from([0, 0, 0, 1, -1]), st.integers(0, 9)
    ),
    max_size=8,
)
"""The document meant, whether it is named, customer when it is another's, cents off, days after the start."""


def _rows(
    owed: list[tuple[int, str, int, int]], paid: list[tuple[int, bool, int, int, int]]
) -> tuple[list[Document], list[Receipt]]:
    books = [
        Document(f"d{n}", f"INV{n * 1117:06d}", f"c{who}", f"c{who}", currency, amount, START + timedelta(days=days))
        for n, (who, currency, days, amount) in enumerate(owed)
    ]
    money = []
    for n, (meant, named, other, off, days) in enumerate(paid):
        target = books[meant % len(books)]
        amount = max(target.open + off, 1)
        lines = (AdviceLine(target.number, amount),) if named else ()
        owner = target.customer if other else "c0"
        money.append(Receipt(f"r{n}", "", target.currency, amount, START + timedelta(days=days), "", lines, owner))
    return books, money


def _frames(books: list[Document], money: list[Receipt]) -> tuple[pl.DataFrame, pl.DataFrame]:
    return (
        pl.DataFrame({
            "document": [one.id for one in books], "account": [one.customer for one in books],
            "currency": [one.currency for one in books], "number": [one.number for one in books],
            "open": [one.open for one in books], "issued": [one.issued for one in books],
        }),
        pl.DataFrame(
            {
                "receipt": [one.id for one in money], "account": [one.customer for one in money],
                "currency": [one.currency for one in money], "left": [one.amount for one in money],
                "number": [one.lines[0].reference if one.lines else None for one in money],
                "day": [one.day for one in money],
            },
            schema={"receipt": pl.String, "account": pl.String, "currency": pl.String, "left": pl.Int64,
                    "number": pl.String, "day": pl.Date},
        ),
    )  # fmt: skip


@given(documents, receipts)
def test_the_plain_rules_agree(
    owed: list[tuple[int, str, int, int]], paid: list[tuple[int, bool, int, int, int]]
) -> None:
    """Every columnar application stands in the plain answer, in the auto band; nothing is used twice."""
    books, money = _rows(owed, paid)
    found = cascade(*_frames(books, money))
    plain = {(one.receipt, one.document, one.amount): one.band for one in apply_cash(books, money)}
    for receipt, document, amount, _ in found.applications.iter_rows():
        assert plain.get((receipt, document, amount)) is Band.AUTO
    applied = found.applications
    assert applied["receipt"].is_unique().all()
    assert applied["document"].is_unique().all()
    assert sorted([*applied["receipt"], *found.rest["receipt"]]) == sorted(one.id for one in money)


def test_named_and_alone() -> None:
    """A named document over its amount; an amount with seven digits that only one document has; nothing else."""
    books, money = _rows(
        [(0, "EUR", 0, 500_00), (0, "EUR", 0, 12_345_67), (0, "EUR", 0, 700_00)],
        [(0, True, 1, 0, 5), (1, False, 1, 0, 5), (2, False, 1, 0, 5)],
    )
    found = cascade(*_frames(books, money))
    assert found.applications.rows() == [("r0", "d0", 500_00, True), ("r1", "d1", 12_345_67, False)]
    assert found.rest["receipt"].to_list() == ["r2"]


def test_digits_of_an_amount() -> None:
    """Zeros at the end are what prices are made of."""
    frame = pl.DataFrame({"amount": [12_345_67, 840_000, 1, -500_01]})
    assert frame.select(significant_digits("amount")).to_series().to_list() == [7, 2, 1, 5]
