"""What the planner allows and what it refuses."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.allocations import (
    AlreadyUndone,
    AmountNotPositive,
    BeforeDocument,
    MoreThanRemains,
    Order,
    SidesDoNotFit,
    Term,
    free,
    instalments,
    plan,
    recorded,
    spread,
    undo,
)
from ledger.balances import open_amounts
from tests.support.histories import ledgers
from tests.support.history import History, id_of, instant_of, read

DAY = date(2026, 2, 1)


def books() -> History:
    return read(
        """
        2026-01-05 invoice INV-1 100.00 CNY
        2026-01-10 receipt RC-1 70.00 CNY
        2026-01-20 receipt RC-2 70.00 CNY
        2026-01-20 receipt RC-USD 70.00 USD
        """
    )


def test_never_more_than_either_side_has_left() -> None:
    history = books()
    invoice, first, second = (history.item(number) for number in ("INV-1", "RC-1", "RC-2"))
    with pytest.raises(MoreThanRemains):
        plan(first, invoice, 70_01, DAY, [])
    taken = [recorded(plan(first, invoice, 70_00, DAY, []), id_of("a"), instant_of(DAY))]
    with pytest.raises(MoreThanRemains):
        plan(second, invoice, 30_01, DAY, taken)
    assert plan(second, invoice, 30_00, DAY, taken).amount == 30_00


def test_what_a_later_allocation_claims_is_not_free_before() -> None:
    history = books()
    invoice, first, second = (history.item(number) for number in ("INV-1", "RC-1", "RC-2"))
    later = [recorded(plan(first, invoice, 70_00, date(2026, 3, 1), []), id_of("a"), instant_of(DAY))]
    with pytest.raises(MoreThanRemains):
        plan(second, invoice, 70_00, DAY, later)
    given_back = undo(later[0], later, date(2026, 4, 1))
    both = [*later, recorded(given_back, id_of("b"), instant_of(DAY))]
    assert free(invoice, both, DAY) == 30_00, "in March it is taken"
    assert free(invoice, both, date(2026, 4, 1)) == 100_00


@pytest.mark.parametrize(
    ("credit", "debit", "amount", "day", "refusal"),
    [
        ("INV-1", "RC-1", 1, DAY, SidesDoNotFit),
        ("RC-USD", "INV-1", 1, DAY, SidesDoNotFit),
        ("RC-1", "INV-1", 0, DAY, AmountNotPositive),
        ("RC-1", "INV-1", -1, DAY, AmountNotPositive),
        ("RC-1", "INV-1", 1, date(2026, 1, 9), BeforeDocument),
    ],
)
def test_refusals_say_why(credit: str, debit: str, amount: int, day: date, refusal: type[ValueError]) -> None:
    history = books()
    with pytest.raises(refusal):
        plan(history.item(credit), history.item(debit), amount, day, [])


def test_an_allocation_is_undone_once_and_not_before_it_began() -> None:
    history = books()
    one = recorded(plan(history.item("RC-1"), history.item("INV-1"), 50_00, DAY, []), id_of("a"), instant_of(DAY))
    with pytest.raises(BeforeDocument):
        undo(one, [one], date(2026, 1, 31))
    counter = recorded(undo(one, [one], DAY), id_of("b"), instant_of(DAY))
    with pytest.raises(AlreadyUndone):
        undo(one, [one, counter], DAY)
    with pytest.raises(AlreadyUndone):
        undo(counter, [one, counter], DAY)
    assert [line.open for line in open_amounts(history.items[:2], [one, counter], DAY)] == [100_00, -70_00]


@given(ledgers(), st.data())
def test_any_plan_within_what_is_free_leaves_every_day_in_order(history: History, data: st.DataObject) -> None:
    debits = [item for item in history.items if item.amount > 0]
    credits_ = [item for item in history.items if item.amount < 0]
    if not debits or not credits_:
        return
    credit = data.draw(st.sampled_from(credits_))
    plans = spread(credit, debits, credit.document_date, history.allocations)
    known = [recorded(one, id_of(str(number)), instant_of(DAY)) for number, one in enumerate(plans)]
    everything = [*history.allocations, *known]
    for day in {one.effective_on for one in everything}:
        for line in open_amounts(history.items, everything, day):
            assert 0 <= abs(line.open) <= abs(line.item.amount)
            assert line.open * line.item.amount >= 0


def test_an_advance_goes_to_the_oldest_instalment_first_or_by_share() -> None:
    invoice = read("2026-01-05 invoice INV 100.00 CNY").items[0]
    advance = read("2026-01-01 receipt ADV 50.00 CNY").items[0]
    parts = instalments(
        invoice, [Term(date(2026, 1, 5), 50), Term(date(2026, 2, 5), 50)], [id_of("INV#1"), id_of("INV#2")]
    )
    oldest = spread(advance, parts, date(2026, 1, 1), [])
    assert [(one.debit_item_id, one.amount, one.effective_on) for one in oldest] == [
        (id_of("INV#1"), 50_00, date(2026, 1, 5))
    ]
    shared = spread(advance, parts, date(2026, 1, 1), [], Order.BY_SHARE)
    assert [one.amount for one in shared] == [25_00, 25_00]


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(1, 10_000), min_size=1, max_size=12))
def test_instalments_add_up_exactly(minor: int, shares: list[int]) -> None:
    document = read("2026-01-05 invoice INV 1.004 CNY").items[0]
    document = type(document)(**{name: getattr(document, name) for name in document.__slots__} | {"amount": minor})
    terms = [Term(DAY, share) for share in shares]
    parts = instalments(document, terms, [id_of(str(number)) for number in range(len(terms))])
    assert sum(part.parts for part in parts) == document.parts
    assert [part.instalment for part in parts] == list(range(1, len(terms) + 1))
