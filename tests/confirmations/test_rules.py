"""The pure rules: samples that anybody can repeat, tables that name every step, and what replies and silence prove."""

import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statements.confirmation_sample import (
    METHODS,
    Balance,
    Method,
    SampleInvalid,
    draw,
    method_from,
    method_of,
)
from statements.confirmations import (
    ANSWERABLE,
    LETTER_TABLE,
    ROUND_TABLE,
    UNANSWERED,
    ConfirmationRefused,
    Form,
    GivenReply,
    LetterState,
    Outcome,
    ReplyIncomplete,
    RoundState,
    judge,
    move,
    strength,
    summarize,
)

HANDBOOK = Path(__file__).resolve().parents[2] / "docs" / "handbook"
amounts = st.integers(-1_000_000, 1_000_000).map(lambda minor: f"{Decimal(minor) / 100:.2f}")
populations = st.dictionaries(
    st.tuples(st.integers(0, 60).map(lambda number: f"C{number}"), st.sampled_from(["CNY", "USD"])),
    amounts,
    max_size=60,
).map(lambda found: [Balance(customer, currency, amount) for (customer, currency), amount in found.items()])
methods = st.sampled_from([
    method_of("all"), method_of("largest", count="3"), method_of("coverage", percent="60"),
    method_of("random", count="5", seed="s"), method_of("stratified", strata="0:2, 1000:3, 5000:all", seed="s"),
])  # fmt: skip


@settings(max_examples=60)
@given(populations, methods, st.randoms(use_true_random=False))
def test_a_draw_is_repeated_by_anybody(population: list[Balance], method: Method, shuffle: random.Random) -> None:
    """Another order of the same balances draws the same; so does the method read back from what was stored."""
    drawn = draw(population, method)
    again = list(population)
    shuffle.shuffle(again)
    assert draw(again, method_from(method.as_json())) == drawn
    assert set(drawn.customers) <= {one.customer for one in population if one.size}


@settings(max_examples=60)
@given(populations, st.integers(1, 99))
def test_coverage_is_reached_and_not_by_more_than_needed(population: list[Balance], percent: int) -> None:
    """Per currency: the share is covered, and without the smallest account drawn it would not be."""
    for currency in ("CNY", "USD"):
        own = [one for one in population if one.currency == currency and one.size]
        drawn = set(draw(own, method_of("coverage", percent=str(percent))).customers)
        sizes = sorted((one.size for one in own if one.customer in drawn), reverse=True)
        wanted = sum((one.size for one in own), Decimal(0)) * percent / 100
        assert sum(sizes) >= wanted
        assert not sizes or sum(sizes[:-1]) < wanted


def test_strata_and_largest_draw_what_they_say() -> None:
    """Everything above the last bound, a number by chance below; the largest by absolute amount."""
    accounts = [Balance(f"C{number:03}", "CNY", f"{number * 10}.00") for number in range(1, 101)]
    accounts.append(Balance("CR", "CNY", "-5000.00"))
    drawn = draw(accounts, method_of("stratified", strata="0:4, 500:6, 900:all", seed="June"))
    above = [one for one in drawn.customers if one == "CR" or int(one[1:]) >= 90]
    assert (len(above), len(drawn.customers)) == (12, 22)
    assert draw(accounts, method_of("largest", count="2")).customers == ("C100", "CR")
    assert drawn.population == {"CNY": {"accounts": "101", "net": "45500.00", "absolute": "55500.00"}}
    other = draw(accounts, method_of("stratified", strata="0:4, 500:6, 900:all", seed="July"))
    assert other.customers != drawn.customers
    assert other.population_sha256 == drawn.population_sha256
    assert other.sample_sha256 != drawn.sample_sha256


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("some", {}), ("largest", {"count": "0"}), ("largest", {"count": "٣"}), ("random", {"count": "3"}),
        ("coverage", {"percent": "101"}), ("coverage", {"percent": "NaN"}), ("stratified", {"strata": "x"}),
        ("stratified", {"strata": "0:5"}), ("stratified", {"strata": "0:all, 0:all"}),
        ("stratified", {"strata": "-1:all"}), ("stratified", {"strata": "NaN:all"}),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(kind: str, given: dict[str, str]) -> None:
    """Unknown methods, numbers that are none, chance without a seed."""
    with pytest.raises(SampleInvalid):
        method_of(kind, **given)
    assert kind not in METHODS or given


@pytest.mark.parametrize("table", [ROUND_TABLE, LETTER_TABLE], ids=["round", "letter"])
def test_what_the_table_does_not_name_is_refused(table: tuple[object, ...]) -> None:
    """Every pair of state and command is either a row or a refusal that says what is possible."""
    states = RoundState if table is ROUND_TABLE else LetterState
    named = {(step.state, step.command): step.to for step in table}  # type: ignore[attr-defined] # rows of one table
    assert len(named) == len(table)
    for state in states:
        for command in {step.command for step in (*ROUND_TABLE, *LETTER_TABLE)}:
            if (state, command) in named:
                assert move(table, "n", state, command) == named[state, command]  # type: ignore[arg-type] # as above
            else:
                with pytest.raises(ConfirmationRefused):
                    move(table, "n", state, command)  # type: ignore[arg-type] # as above


def test_states_are_what_the_sets_say() -> None:
    """Answerable states have both replies in the table; what is unanswered proves nothing by itself."""
    replied = {step.state for step in LETTER_TABLE if step.command == "confirm"}
    assert replied == ANSWERABLE
    assert {strength(Form.POSITIVE, state) for state in UNANSWERED} == {"none", "examined"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_handbook_tells_every_state(language: str) -> None:
    """Rounds and letters, by the names that commands print."""
    text = (HANDBOOK / language / "confirmation-letters.md").read_text()
    assert [state for state in (*RoundState, *LetterState) if f"`{state}`" not in text] == []


OURS = {"CNY": "100.00", "JPY": "-500"}


def test_replies_are_held_against_the_letter() -> None:
    """Equal figures confirm, others differ by theirs minus ours; empty fields of a differing reply are as we said."""
    assert judge("positive", OURS, GivenReply("confirm", "A")).command == "confirm"
    told = judge("positive", OURS, GivenReply("differ", "A", "", {"CNY": "1,090.5"}, "other"))
    assert (told.command, told.differences) == ("differ", {"CNY": "990.50"})
    assert told.amounts == {"CNY": "1090.50", "JPY": "-500"}
    filled = judge("blank", OURS, GivenReply("fill", "A", "", {"CNY": "100", "JPY": "-500"}))
    assert (filled.command, filled.differences) == ("confirm", {})


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ("positive", GivenReply("confirm", " ")), ("positive", GivenReply("fill", "A")),
        ("blank", GivenReply("confirm", "A")), ("blank", GivenReply("fill", "A", "", {"CNY": "1"})),
        ("positive", GivenReply("differ", "A", "", {"CNY": "100.00"}, "other")),
        ("positive", GivenReply("differ", "A", "", {"CNY": "99"}, "")),
        ("positive", GivenReply("differ", "A", "", {"CNY": "99.999"}, "other")),
        ("positive", GivenReply("differ", "A", "", {"JPY": "1e400"}, "other")),
        ("positive", GivenReply("differ", "A", "", {"JPY": "Infinity"}, "other")),
        ("positive", GivenReply("confirm", "A", "", None, "", "x" * 2_001)),
    ],
)  # fmt: skip
def test_a_reply_that_lacks_something_is_refused(form: str, given: GivenReply) -> None:
    """Nobody's name, a kind of another form, no amount, an amount finer than its currency."""
    with pytest.raises(ReplyIncomplete):
        judge(form, OURS, given)


def test_the_summary_never_counts_silence_as_confirmed() -> None:
    """Coverage by amount: confirmed and explained letters only; weak evidence has its own label."""
    letters = [
        Outcome("negative", "silent", {"CNY": "60.00"}, {}), Outcome("negative", "confirmed", {"CNY": "-30.00"}, {}),
        Outcome("negative", "differs", {"CNY": "10.00"}, {"CNY": "-4.00"}),
    ]  # fmt: skip
    counted = summarize({"CNY": "200.00"}, letters)
    assert (counted.sent, counted.replied) == (3, 2)
    assert counted.by_strength == {"confirmed": 1, "differs": 1, "weak": 1}
    assert counted.currencies["CNY"] == {
        "population": "200.00", "asked": "100.00", "confirmed": "30.00", "examined": "0.00", "differences": "4.00",
        "asked_percent": "50.0", "confirmed_percent": "15.0",
    }  # fmt: skip
