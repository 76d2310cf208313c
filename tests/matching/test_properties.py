"""What holds for every set of documents and receipts."""

from collections import defaultdict
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from matching.cash_application import apply_cash
from matching.subset_sums import MOST_ITEMS, only_run, only_subset
from tests.matching.problem_maker import make_problem
from tests.matching.scoring import solved

amounts = st.lists(st.integers(1, 60), min_size=1, max_size=9)


@given(st.integers(0, 10_000), st.sampled_from(["easy", "hard", "beyond"]))
def test_no_side_is_ever_exceeded(seed: int, level: str) -> None:
    """What is set against a document is within it and has its sign; what a receipt gives is within the receipt."""
    problem, applications = solved(make_problem(seed, 40, level))
    open_ = {one.id: one.open for one in problem.documents}
    money = {one.id: one.amount for one in problem.receipts}
    taken: dict[str, int] = defaultdict(int)
    given_: dict[str, int] = defaultdict(int)
    for one in applications:
        taken[one.document] += one.amount
        given_[one.receipt] += one.amount
        assert one.amount * open_[one.document] > 0
    for document, total in taken.items():
        assert abs(total) <= abs(open_[document])
    for receipt, total in given_.items():
        assert total <= money[receipt] if money[receipt] > 0 else total >= money[receipt]


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_matter(seed: int, shuffler: object) -> None:
    """The same applications, bands and reasons."""
    problem, applications = solved(make_problem(seed, 40, "hard"))
    documents, receipts = list(problem.documents), list(problem.receipts)
    shuffler.shuffle(documents)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random typed as object
    shuffler.shuffle(receipts)  # type: ignore[attr-defined]  # as above
    assert apply_cash(documents, receipts) == applications


@given(amounts, st.integers(2, 200))
def test_a_subset_is_the_only_one(given_amounts: list[int], wanted: int) -> None:
    """Held against all combinations."""
    every = [
        places
        for size in range(1, MOST_ITEMS + 1)
        for places in combinations(range(len(given_amounts)), size)
        if sum(given_amounts[place] for place in places) == wanted
    ]
    found = only_subset(given_amounts, wanted)
    expected = every[0] if len(every) == 1 and len(every[0]) > 1 else None
    assert (found.places if found else None) == expected


@given(amounts, st.integers(2, 200))
def test_a_run_is_the_only_one(given_amounts: list[int], wanted: int) -> None:
    """Held against all runs."""
    every = [
        (start, end)
        for start in range(len(given_amounts))
        for end in range(start + 2, len(given_amounts) + 1)
        if sum(given_amounts[start:end]) == wanted
    ]
    found = only_run(given_amounts, wanted)
    assert (found.places if found else None) == (tuple(range(*every[0])) if len(every) == 1 else None)
