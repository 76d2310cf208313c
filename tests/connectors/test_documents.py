"""The verdict on a document that is already here."""

from dataclasses import replace
from datetime import date

import pytest

from connectors.documents import Document, Verdict, judge, loaded_lines, stored_lines

HERE = Document("C1", "CNY", "invoice", date(2026, 6, 1), None, 300, 0, 0, None, ("a", "b", "b"), False)


@pytest.mark.parametrize(
    ("lines", "cut", "verdict", "added"),
    [
        (("a", "b", "b"), False, Verdict.SAME, ()), (("b", "a"), False, Verdict.SAME, ()),
        (("a", "b", "b", "b"), False, Verdict.GREW, (3,)), (("c", "a", "b", "b"), False, Verdict.GREW, (0,)),
        (("a", "c"), False, Verdict.CONFLICT, ()), (("b", "c"), True, Verdict.GREW, (1,)),
        (("c", "d"), True, Verdict.GREW, (0, 1)),
    ],
)  # fmt: skip
def test_lines_are_compared_as_a_bag(
    lines: tuple[str, ...], *, cut: bool, verdict: Verdict, added: tuple[int, ...]
) -> None:
    judgement = judge(replace(HERE, cut=cut), replace(HERE, lines=lines, cut=cut))
    assert (judgement.verdict, judgement.added) == (verdict, added)


def test_numbered_lines_need_no_edges_and_contradict_each_other_by_number() -> None:
    here = replace(HERE, lines=("1=a", "2=b"))
    assert judge(here, replace(here, lines=("2=b", "3=c"))).added == (1,)
    assert judge(here, replace(here, lines=("2=x", "3=c"))).verdict is Verdict.CONFLICT


def test_revisions_customers_and_dates() -> None:
    here = replace(HERE, lines=None)
    assert judge(here, here).verdict is Verdict.SAME
    assert judge(here, replace(here, amount=301)).verdict is Verdict.CONFLICT
    assert judge(here, replace(here, customer="C2")).verdict is Verdict.CONFLICT
    assert judge(here, replace(here, due_date=date(2026, 7, 1))).verdict is Verdict.CHANGED
    first = replace(here, revision=1)
    assert judge(first, replace(here, revision=2, amount=5)).verdict is Verdict.CHANGED
    assert judge(first, replace(here, revision=0)).verdict is Verdict.OLDER


def test_lines_are_stored_and_loaded() -> None:
    assert loaded_lines(stored_lines(("b", "a"), cut=True)) == (("a", "b"), True)
    assert loaded_lines(None) == (None, False)
