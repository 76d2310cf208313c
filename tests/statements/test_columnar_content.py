"""The columnar form of a plain statement says, byte for byte, what the plain form says."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aging import DEFAULT_POLICY, AgingPolicy, Basis, Credits
from ledger.balances import account_view
from ledger.business_calendar import Period
from ledger.canonical import canonical_json, sha256_hex
from ledger.columnar import LedgerFrame
from ledger.items import OpenItem
from statements.columnar_content import Common, plain_accounts, plain_contents
from statements.content import Account, Form, Party, Subject, build_content, figures_digest
from tests.support.histories import ACCOUNTS, FIRST, SPAN, ledgers
from tests.support.history import History, id_of, read

DAYS = st.integers(-5, SPAN + 60).map(lambda n: FIRST + timedelta(days=n))
POLICIES = st.sampled_from(
    [
        DEFAULT_POLICY,
        AgingPolicy("own", 1, Basis.DUE_DATE, Credits.OWN_BUCKET, (0, 7)),
        AgingPolicy("age", 2, Basis.DOCUMENT_DATE, Credits.NETTED, (30, 60)),
    ]
)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)
AS_KNOWN = "2027-01-01T00:00:00+00:00"


def frame_of(history: History) -> LedgerFrame:
    owner = {item.id: item.customer_id for item in history.items}
    items = pl.DataFrame(
        [
            (
                item.id.bytes, item.customer_id.bytes, item.currency, item.kind.value, item.document_date,
                item.due_date, item.amount, item.residue, item.disputed,
                item.reverses_id.bytes if item.reverses_id else None, item.number, item.instalment, item.description,
            )
            for item in history.items
        ],
        orient="row",
        schema={
            "item": pl.Binary, "account": pl.Binary, "currency": pl.String, "kind": pl.String,
            "document_date": pl.Date, "due_date": pl.Date, "amount": pl.Int64, "residue": pl.Int64,
            "disputed": pl.Int64, "reverses": pl.Binary, "number": pl.String, "instalment": pl.Int16,
            "description": pl.String,
        },
    )  # fmt: skip
    allocations = pl.DataFrame(
        [
            (
                one.credit_item_id.bytes, one.debit_item_id.bytes, owner[one.credit_item_id].bytes,
                owner[one.debit_item_id].bytes, one.amount, one.effective_on,
            )
            for one in history.allocations
        ],
        orient="row",
        schema={
            "credit_item": pl.Binary, "debit_item": pl.Binary, "credit_account": pl.Binary,
            "debit_account": pl.Binary, "amount": pl.Int64, "effective_on": pl.Date,
        },
    )  # fmt: skip
    return LedgerFrame(items, allocations)


def columns_of(history: History, common: Common, name: str, version: int) -> pl.DataFrame:
    whole = frame_of(history)
    plain = plain_accounts(whole).implode()
    ledger = LedgerFrame(
        whole.items.filter(pl.col("account").is_in(plain)),
        whole.allocations.filter(pl.col("credit_account").is_in(plain)),
    )
    customers = pl.DataFrame(
        [(id_of(code).bytes, code, name, "zh", None) for code in ACCOUNTS],
        orient="row",
        schema={
            "account": pl.Binary, "code": pl.String, "name": pl.String, "language": pl.String, "country": pl.String
        },
    )  # fmt: skip
    versions = pl.DataFrame(
        {"account": [id_of("HQ").bytes], "currency": ["CNY"], "version": [version]},
        schema_overrides={"account": pl.Binary, "version": pl.Int64},
    )
    return plain_contents(ledger, customers, versions, common)


def subject_of(items: list[OpenItem], history: History, common: Common, code: str, name: str) -> Subject:
    party = Party(code, name, "zh")
    view = account_view(items, history.allocations, common.period.start, common.as_of)
    currency = items[0].currency
    return Subject(
        common.company, party, currency, Form.OPEN_ITEM, common.period, common.as_of, common.as_known, common.policy,
        (Account(party, view),),
    )  # fmt: skip


@settings(max_examples=40)
@given(ledgers(), DAYS, st.integers(0, 70), POLICIES, NAMES, st.integers(1, 3))
def test_the_same_bytes(history: History, start: date, days: int, policy: AgingPolicy, name: str, version: int) -> None:
    period = Period("period", start, start + timedelta(days=days))
    common = Common(Party("ACME", 'Acme "Trading" \\'), period, period.end, AS_KNOWN, policy)
    rows = columns_of(history, common, name, version)
    for row in rows.iter_rows(named=True):
        items = history.of(row["code"])
        subject = subject_of(items, history, common, row["code"], name)
        content = build_content(subject, version if row["code"] == "HQ" else 1)
        assert row["content"] == canonical_json(content)
        assert row["digest"] == sha256_hex(row["content"])
        assert row["figures_digest"] == figures_digest(content)
        assert row["number"] == content["number"]
        assert row["says_something"] == subject.says_something
        assert row["ties"] == all(check["ties"] for check in content["checks"])
        buckets = [row[f"text_bucket_{place}"] for place in range(len(policy.labels))]
        assert buckets == [bucket["amount"] for bucket in content["aging"]]
        told = {name: row[f"text_{name}"] for name in ("opening", "debits", "credits", "closing")}
        assert told == {name: content[name] for name in told}


def test_transfers_disputes_reversals_and_residues_are_left_to_the_other_form() -> None:
    history = read(
        """
        2026-01-05 invoice INV-1 10.00 CNY
        2026-01-06 receipt RC-1 10.00 CNY at SHOP for INV-1
        2026-01-07 invoice INV-2 10.004 CNY at DEPOT
        2026-01-08 invoice INV-3 10.00 CNY at PLAIN
        2026-01-09 invoice INV-4 10.00 CNY at DISPUTED disputed 4.00
        """
    )
    assert plain_accounts(frame_of(history)).to_list() == [id_of("PLAIN").bytes]
