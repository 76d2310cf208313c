"""Each pure check: a clean fact gives nothing, a breach gives its finding."""

from dataclasses import replace
from datetime import date

import pytest

from statements.compliance import (
    CHECKS,
    SENTENCES,
    AuditFact,
    BackupFact,
    DecisionFact,
    DocumentFact,
    Facts,
    PolicyFact,
    SentFact,
    UnappliedFact,
    WaitingFact,
    run_checks,
)
from words.catalog import chinese

TODAY = date(2026, 6, 15)

DECISION = DecisionFact("a1", "statement", "s1", "alice", "alice", "bob", ("bob",), ("reviewer",))
SENT = SentFact("s1", "2026-05/C1/CNY/v1", "d1", "d1", "d1", ties=True)
WAITING = WaitingFact("s1", "2026-05/C1/CNY/v1", "Customer", "CN", date(2026, 6, 8), "1.00", "CNY")
UNAPPLIED = UnappliedFact("r1", "R-1", "Customer", "CNY", "5.00", date(2026, 6, 1))


def documents(*numbers: str) -> list[DocumentFact]:
    """Invoices of one source with these numbers."""
    return [DocumentFact(f"i{n}", "ledger", "invoice", number, "C1", "1.00", "CNY") for n, number in enumerate(numbers)]


CLEAN = Facts(
    today=TODAY,
    decisions=[DECISION, replace(DECISION, act_id="a2", actor="chen", authority="alice")],
    policies=[PolicyFact("p1", "statements", 1, "eve", "chen"), PolicyFact("p2", "statements", 2, "eve", None)],
    sent=[SENT],
    waiting=[WAITING],
    documents=documents("INV-001", "INV-002", "INV-003", "INV-004", "INV-005", "9001", "17", "88000"),
    unapplied=[UNAPPLIED],
    audit=AuditFact(120),
    backup=BackupFact(date(2026, 6, 14), date(2026, 1, 1)),
)

BREACHES = [
    ("decided_own_work", {"decisions": [replace(DECISION, actor="bob", authority="bob")]}),
    ("decided_own_work", {"decisions": [replace(DECISION, actor="alice", authority="bob")]}),
    ("decided_own_work", {"decisions": [replace(DECISION, submitted_by=None, preparers=("alice",))]}),
    ("administrator_decided", {"decisions": [replace(DECISION, actor_roles=("administrator",))]}),
    ("published_own_policy", {"policies": [PolicyFact("p1", "statements", 1, "eve", "eve")]}),
    ("sent_without_approval", {"sent": [replace(SENT, approved_digest=None)]}),
    ("sent_other_than_approved", {"sent": [replace(SENT, approved_digest="d0")]}),
    ("content_changed", {"sent": [replace(SENT, content_digest="d9")]}),
    ("sent_untied", {"sent": [replace(SENT, ties=False)]}),
    ("no_answer", {"waiting": [replace(WAITING, sent_on=date(2026, 5, 29))]}),
    ("numbers_missing", {"documents": documents("INV-001", "INV-002", "INV-004", "INV-005", "INV-006", "INV-007")}),
    ("number_used_twice", {"documents": documents("INV-001", "INV-001")}),
    (
        "entered_twice",
        {"documents": [*documents("INV-001"), replace(documents("INV-001")[0], item_id="i9", source="manual")]},
    ),
    ("cash_too_old", {"unapplied": [replace(UNAPPLIED, received_on=date(2026, 5, 15))]}),
    ("chain_broken", {"audit": AuditFact(7, 8, "event changed")}),
    ("never_backed_up", {"backup": BackupFact(None, date(2026, 6, 1))}),
    ("backup_too_old", {"backup": BackupFact(date(2026, 6, 12), date(2026, 1, 1))}),
]


def test_clean_books_have_no_finding() -> None:
    assert run_checks(CLEAN, CHECKS) == []


@pytest.mark.parametrize(("code", "seeded"), BREACHES)
def test_a_seeded_breach_is_the_only_finding(code: str, seeded: dict[str, object]) -> None:
    [breach] = run_checks(replace(CLEAN, **seeded), CHECKS)  # type: ignore[arg-type]  # fields by name
    assert breach.code == code
    sentence, remedy = SENTENCES[code]
    assert sentence.format(**breach.facts)
    for text in (sentence, remedy):
        assert text in chinese()
        assert chinese()[text].format(**breach.facts)


def test_every_code_with_a_sentence_is_found_by_a_test() -> None:
    found_by_the_gate = {"tie_out_difference"}  # tests/flows/test_close_period.py
    assert {code for code, _ in BREACHES} == set(SENTENCES) - found_by_the_gate


def test_just_in_time_is_not_late() -> None:
    waiting = replace(WAITING, sent_on=date(2026, 6, 1))
    assert run_checks(replace(CLEAN, waiting=[waiting]), ["unanswered"]) == []
    assert run_checks(replace(CLEAN, unapplied=[replace(UNAPPLIED, received_on=date(2026, 5, 16))]), CHECKS) == []
    assert run_checks(replace(CLEAN, backup=BackupFact(date(2026, 6, 13), None)), CHECKS) == []


def test_a_gap_names_the_missing_numbers() -> None:
    [breach] = run_checks(
        replace(CLEAN, documents=documents("A001", "A002", "A004", "A007", "A008", "A009", "A010", "A011", "A012",
                                           "A013", "A014", "A015", "A016", "A017")),
        ["number_gaps"],
    )  # fmt: skip
    assert breach.facts["ranges"] == ["A003", "A005–A006"]
    assert breach.facts["missing"] == 3


def test_only_the_named_checks_run() -> None:
    seeded = replace(CLEAN, audit=AuditFact(7, 8, "event changed"), sent=[replace(SENT, ties=False)])
    assert [b.check for b in run_checks(seeded, ["audit_chain"])] == ["audit_chain"]
