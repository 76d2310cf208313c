"""Random ledgers for property tests: several accounts, every kind of document, allocations that the planner allowed."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import strategies as st

from ledger.allocations import free, plan, recorded, undo
from ledger.items import Kind, OpenItem
from tests.support.history import History, id_of, instant_of

FIRST = date(2026, 1, 1)
SPAN = 120
ACCOUNTS = ("HQ", "SHOP", "DEPOT")

DAYS = st.integers(0, SPAN).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def documents(draw: st.DrawFn, number: int) -> OpenItem:
    """One document of one account."""
    kind = draw(st.sampled_from(list(Kind)))
    day = draw(DAYS)
    size = draw(st.integers(0, 50_000))
    credit = kind in {Kind.CREDIT_MEMO, Kind.RECEIPT, Kind.WRITE_OFF}
    due = draw(st.none() | st.integers(0, 90))
    return OpenItem(
        id=UUID(int=number + 1),
        customer_id=id_of(draw(st.sampled_from(ACCOUNTS))),
        kind=kind,
        number=f"D{number}",
        currency="CNY",
        amount=-size if credit else size,
        residue=draw(st.sampled_from([0, 0, 0, 40, -25])),
        document_date=day,
        due_date=day + timedelta(days=due) if due is not None else None,
        recorded_at=instant_of(day + timedelta(days=draw(st.integers(0, 30)))),
        disputed=draw(st.sampled_from([0, 0, 100, 70_000])),
    )


@st.composite
def ledgers(draw: st.DrawFn) -> History:
    """A ledger whose allocations and reversals keep the rules, across accounts too."""
    count = draw(st.integers(0, 14))
    history = History([draw(documents(number)) for number in range(count)])
    for number in range(draw(st.integers(0, 10)) if history.items else 0):
        _allocate(draw, history, number)
    for allocation in list(history.allocations):
        if draw(st.integers(0, 3)) == 0:
            day = allocation.effective_on + timedelta(days=draw(st.integers(0, 20)))
            known = allocation.recorded_at + timedelta(days=draw(st.integers(0, 20)))
            counter = undo(allocation, history.allocations, day)
            history.allocations.append(recorded(counter, id_of(f"undo {allocation.id}"), known))
    return history


def _allocate(draw: st.DrawFn, history: History, number: int) -> None:
    credit, debit = (draw(st.sampled_from(history.items)) for _ in range(2))
    if credit.amount >= 0 or debit.amount <= 0:
        return
    day = max(credit.document_date, debit.document_date) + timedelta(days=draw(st.integers(0, 30)))
    most = min(free(credit, history.allocations, day), free(debit, history.allocations, day))
    if most == 0:
        return
    known = max(credit.recorded_at, debit.recorded_at) + timedelta(days=draw(st.integers(0, 30)))
    planned = plan(credit, debit, draw(st.integers(1, most)), day, history.allocations)
    history.allocations.append(recorded(planned, id_of(f"allocation {number}"), known))
