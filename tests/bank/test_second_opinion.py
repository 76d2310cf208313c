"""Libraries that read a file as a whole agree with what is cut here, on files that are in order."""

import io
from decimal import Decimal

import mt940
import pytest
from hypothesis import given, settings
from ofxparse import OfxParser

from connectors.bank.read import read_bank_content
from scripts.bank_samples import Sample, example, ofx
from scripts.bank_samples import mt940 as write_mt940
from tests.bank.test_formats import statements


@given(sample=statements())
@settings(max_examples=15, deadline=None)
def test_mt940(sample: Sample) -> None:
    """`mt-940` with its options for reversals: the same amounts, the same balances."""
    content = write_mt940([sample])
    theirs = mt940.parse(content.decode(), options=mt940.Options.all())
    (ours,) = read_bank_content(content).statements
    assert [one.data["amount"].amount for one in theirs] == [line.amount for line in ours.lines]
    assert theirs.data["final_opening_balance"].amount.amount == ours.opening
    assert theirs.data["final_closing_balance"].amount.amount == ours.closing


@pytest.mark.filterwarnings("ignore:Call to deprecated method:DeprecationWarning")  # the library's own
def test_ofx() -> None:
    """`ofxparse` on a file in order; of a damaged one it leaves out the line that stays here."""
    content = ofx([example()])
    theirs = OfxParser.parse(io.BytesIO(content)).account.statement
    (ours,) = read_bank_content(content).statements
    assert [one.amount for one in theirs.transactions] == [line.amount for line in ours.lines]
    assert theirs.balance == ours.closing
    damaged = content.replace(b"<TRNAMT>-12.50", b"<TRNAMT>$12.50")
    left = OfxParser.parse(io.BytesIO(damaged), fail_fast=False).account.statement.transactions
    kept = read_bank_content(damaged).statements[0].lines
    assert [one.amount for one in left] == [Decimal("250.00"), Decimal("-250.00")]
    assert [line.amount for line in kept] == [Decimal("250.00"), None, Decimal("-250.00")]
