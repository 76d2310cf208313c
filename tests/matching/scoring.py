"""Scores an answer of `tieout match` against a problem's truth."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matching.cash_application import apply_cash
from matching.facts import Application
from matching.problem import Problem, answer, read_problem


@dataclass(frozen=True, slots=True)
class Score:
    """Figures between 0 and 1, and what the auto band got wrong."""

    f1: float
    unmatched_f1: float
    auto_share: float
    wrong_in_auto: tuple[tuple[str, str, str], ...]
    wrong_amounts: tuple[tuple[str, str], ...]


def solved(given: dict[str, Any]) -> tuple[Problem, list[Application]]:
    """The problem as a file would give it, and its applications."""
    problem = read_problem(json.loads(json.dumps(given, default=str), parse_float=Decimal))
    return problem, apply_cash(problem.documents, problem.receipts)


def score(given: dict[str, Any], result: dict[str, Any] | None = None) -> Score:
    """The score of `result`, or of what our rules answer."""
    if result is None:
        problem, applications = solved(given)
        result = answer(problem, applications, "en")
    truth = {(row["payment_id"], row["invoice_id"]): row for row in given["ground_truth"]["applications"]}
    ours = {(row["payment_id"], row["invoice_id"]): row for row in result["applications"]}
    both = truth.keys() & ours.keys()
    auto = {key: row for key, row in ours.items() if row["band"] == "auto"}
    return Score(
        _f1(len(both), len(truth), len(ours)),
        _f1(
            len(set(given["ground_truth"]["unmatched_payments"]) & set(result["unmatched_payments"])),
            len(given["ground_truth"]["unmatched_payments"]),
            len(result["unmatched_payments"]),
        ),
        len(auto) / max(len(ours), 1),
        tuple((*key, row["reason"]) for key, row in auto.items() if key not in truth),
        tuple(
            key for key in both
            if Decimal(ours[key]["applied_amount"]) != Decimal(str(truth[key]["applied_amount"]))
        ),
    )  # fmt: skip


def _f1(both: int, wanted: int, found: int) -> float:
    return 2 * both / (wanted + found) if wanted + found else 1.0
