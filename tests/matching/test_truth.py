"""The rules against problems whose truth is known: the shared files and our own, tidy and untidy."""

import json
from pathlib import Path

import pytest

from tests.matching.problem_maker import make_problem
from tests.matching.scoring import Score, score, solved

LEAST_F1 = 0.985
LEAST_UNMATCHED_F1 = 0.90


def _holds(found: Score) -> None:
    assert found.wrong_in_auto == ()
    assert found.f1 >= LEAST_F1
    assert found.unmatched_f1 >= LEAST_UNMATCHED_F1


@pytest.mark.parametrize("size", [10, 30, 100])
def test_the_shared_problems(shared_data: Path, size: int) -> None:
    """Files that nobody here made: nothing wrong in auto, and every amount to the cent."""
    given = json.loads((shared_data / "cash_application" / f"n{size}.json").read_text("utf-8"))
    found = score(given)
    _holds(found)
    assert found.wrong_amounts == ()


@pytest.mark.parametrize("level", ["easy", "medium", "hard", "beyond"])
@pytest.mark.parametrize("seed", [101, 102, 103])
def test_other_names_numbers_and_habits(seed: int, level: str) -> None:
    """Three hundred payments of made-up payers in both languages and several currencies."""
    _holds(score(make_problem(seed, 300, level)))


@pytest.mark.parametrize("customers", [12, 45])
def test_customers_with_many_documents(customers: int) -> None:
    """Many open documents a customer leave the amount more to choose from."""
    _holds(score(make_problem(7, 400, "hard", customers=customers)))


def test_a_thousand_and_three_thousand() -> None:
    """The sizes of the benchmark."""
    _holds(score(make_problem(5, 1000, "hard")))
    _holds(score(make_problem(6, 3000, "hard", plain=True)))


def test_most_of_a_tidy_file_posts_by_itself() -> None:
    """A band that sends everything to a person would never be wrong either."""
    assert score(make_problem(8, 300, "easy")).auto_share > 0.85


def test_the_maker_makes_the_same_for_the_same_seed() -> None:
    """A failure can be repeated, and another seed is another problem."""
    assert make_problem(1, 50, "hard") == make_problem(1, 50, "hard")
    assert make_problem(1, 50, "hard") != make_problem(2, 50, "hard")


def test_each_application_says_why_in_both_languages() -> None:
    """One sentence, no place left open, and the Chinese is Chinese."""
    _, applications = solved(make_problem(9, 300, "hard"))
    for one in applications:
        english, chinese = one.reason.text("en"), one.reason.text("zh")
        assert english.endswith(".")
        assert chinese.endswith("。")
        assert "{" not in english + chinese
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
