"""`tieout match`: one document in, one out, no database; bad input is refused with what and where."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.matching.problem_maker import make_problem
from tests.matching.scoring import score


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, without any database in reach."""
    return subprocess.run(
        [sys.executable, "-m", "console", "match", *map(str, arguments)],
        capture_output=True, text=True, check=False,
        env={"PATH": "", "TIEOUT_HOME": "/nowhere/at/all", "TIEOUT_LANGUAGE": "en", **environment},
    )  # fmt: skip


def test_answers_with_one_document(tmp_path: Path) -> None:
    """On the screen's place with --json, and in the file that --out names."""
    problem, out = tmp_path / "problem.json", tmp_path / "answer.json"
    given = make_problem(3, 60, "hard")
    problem.write_text(json.dumps(given, default=str), "utf-8")
    done = run(problem, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer == json.loads(out.read_text("utf-8"))
    assert set(answer) >= {"applications", "unmatched_payments", "unapplied_invoices"}
    assert set(answer["applications"][0]) >= {"payment_id", "invoice_id", "applied_amount", "band", "reason"}
    assert score(given, answer).wrong_in_auto == ()
    assert "applications; left over" in run(problem).stdout
    assert "核销" in run(problem, TIEOUT_LANGUAGE="zh").stdout


INVOICE = {"invoice_id": "A", "customer_id": "C", "amount": 1}
PAYMENT = {"payment_id": "P", "payer_name": "C", "amount": 1}


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("{", "problem_unreadable", "Expecting"),
        ("[" * 100_000, "problem_unreadable", "recursion"),
        ("[]", "problem_invalid", "an object is expected"),
        ('{"invoices": {}, "payments": []}', "problem_invalid", "invoices"),
        ('{"invoices": [1], "payments": []}', "problem_invalid", "invoices[0]"),
        (json.dumps({"invoices": [{**INVOICE, "amount": "ten"}], "payments": []}), "problem_invalid", "amount 'ten'"),
        ('{"invoices": [{"invoice_id": "A", "amount": NaN}], "payments": []}', "problem_invalid", "NaN"),
        ('{"invoices": [{"invoice_id": "A", "amount": 1e400}], "payments": []}', "problem_invalid", "amount"),
        (json.dumps({"invoices": [INVOICE, INVOICE], "payments": []}), "problem_repeated", "A"),
        (json.dumps({"invoices": [], "payments": [{**PAYMENT, "payment_date": "1.2"}]}), "problem_invalid", "1.2"),
        (json.dumps({"invoices": [], "payments": [{**PAYMENT, "currency": "XQQ"}]}), "problem_invalid", "XQQ"),
        (json.dumps({"invoices": [], "payments": [{"amount": 1}]}), "problem_invalid", "payment_id"),
    ],
    ids=range(12),
)  # fmt: skip
def test_bad_input_is_refused(tmp_path: Path, text: str, code: str, where: str) -> None:
    """Exit 2, nothing on stdout, and the error says what and where."""
    problem = tmp_path / "problem.json"
    problem.write_text(text, "utf-8")
    done = run(problem, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    error = json.loads(done.stderr)["error"]
    assert error["code"] == code
    assert where.lower() in error["message"].lower()
    assert error["remedy"]


def test_missing_and_unknown_keys_are_no_obstacle(tmp_path: Path) -> None:
    """No advice, no dates, no names, amounts as text, a remittance line of nobody."""
    problem = tmp_path / "problem.json"
    given = {
        "invoices": [{"invoice_id": "A-1001", "customer_name": "Harbor Optical", "amount": "1,200.50", "extra": {}}],
        "payments": [{"payment_id": "P", "payer_name": "Harbor Optical", "amount": 1200.5, "reference_info": None}],
        "remittance_lines": [{"payment_id": "Q", "invoice_ref": "A-1001", "amount": None}],
    }
    problem.write_text("\ufeff" + json.dumps(given), "utf-8")
    answer = json.loads(run(problem, "--json").stdout)
    assert [(row["invoice_id"], row["applied_amount"]) for row in answer["applications"]] == [("A-1001", "1200.50")]
    assert answer["stray_remittance_lines"] == 1
    problem.write_text('{"invoices": [], "payments": []}', "utf-8")
    assert json.loads(run(problem, "--json").stdout)["applications"] == []
