"""The columnar form says what the plain form says."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ledger.aging import DEFAULT_POLICY, AgingPolicy, Basis, Credits, bucket_label, days_overdue, disputed_part
from ledger.balances import account_view, open_amounts, still_open
from ledger.columnar import LedgerFrame, account_figures, aged, open_frame, parts
from tests.support.histories import ACCOUNTS, FIRST, SPAN, ledgers
from tests.support.history import History, id_of, read

CUTS = st.integers(-1, SPAN + 60).map(lambda n: FIRST + timedelta(days=n))
POLICIES = st.sampled_from(
    [
        DEFAULT_POLICY,
        AgingPolicy("own", 1, Basis.DUE_DATE, Credits.OWN_BUCKET, (0, 7)),
        AgingPolicy("age", 1, Basis.DOCUMENT_DATE, Credits.NETTED, (30, 60)),
    ]
)


def frame_of(history: History) -> LedgerFrame:
    owner = {item.id: item.customer_id for item in history.items}
    items = pl.DataFrame(
        [
            (
                str(item.id), str(item.customer_id), item.currency, item.kind.value, item.document_date,
                item.due_date, item.amount, item.residue, item.disputed,
                str(item.reverses_id) if item.reverses_id else None,
            )
            for item in history.items
        ],
        orient="row",
        schema={
            "item": pl.String, "account": pl.String, "currency": pl.String, "kind": pl.String,
            "document_date": pl.Date, "due_date": pl.Date, "amount": pl.Int64, "residue": pl.Int64,
            "disputed": pl.Int64, "reverses": pl.String,
        },
    )  # fmt: skip
    allocations = pl.DataFrame(
        [
            (
                str(one.credit_item_id), str(one.debit_item_id), str(owner[one.credit_item_id]),
                str(owner[one.debit_item_id]), one.amount, one.effective_on,
            )
            for one in history.allocations
        ],
        orient="row",
        schema={
            "credit_item": pl.String, "debit_item": pl.String, "credit_account": pl.String,
            "debit_account": pl.String, "amount": pl.Int64, "effective_on": pl.Date,
        },
    )  # fmt: skip
    return LedgerFrame(items, allocations)


@given(ledgers(), CUTS, POLICIES)
def test_the_same_items_are_open_in_the_same_buckets(history: History, as_of: date, policy: AgingPolicy) -> None:
    plain = {
        str(line.item.id): (
            line.open,
            bucket_label(line, as_of, policy),
            days_overdue(line.item, as_of),
            disputed_part(line),
        )
        for line in still_open(open_amounts(history.items, history.allocations, as_of))
    }
    columns = aged(open_frame(frame_of(history), as_of), as_of, policy)
    rows = columns.select("item", "open", "bucket", "days_overdue", "disputed_open").iter_rows()
    assert {row[0]: row[1:] for row in rows} == plain


@given(ledgers(), CUTS, CUTS)
def test_the_same_figures_for_every_account(history: History, one: date, other: date) -> None:
    start, end = min(one, other), max(one, other)
    rows = account_figures(frame_of(history), start, end).iter_rows(named=True)
    figures = {
        row["account"]: tuple(parts(row, name) for name in ("opening", "movements", "closing", "open", "prior"))
        for row in rows
    }
    for account in ACCOUNTS:
        view = account_view(history.of(account), history.allocations, start, end)
        expected = (
            view.opening,
            view.debits + view.credits,
            view.closing,
            sum(line.parts for line in view.ending),
            sum(line.parts for line in view.prior),
        )
        assert figures.get(str(id_of(account)), (0, 0, 0, 0, 0)) == expected


def test_pairs_of_document_and_reversal_are_left_out() -> None:
    history = read(
        """
        2026-01-05 invoice INV-1 10.004 CNY
        2026-01-06 credit_memo INV-1R 10.004 CNY reverses INV-1
        2026-01-06 invoice INV-1B 9.00 CNY
        """
    )
    lines = open_frame(frame_of(history), date(2026, 1, 31))
    assert lines["item"].to_list() == [str(id_of("INV-1B"))]
