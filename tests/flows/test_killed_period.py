"""The short form of the period's fault trial: killed from import to reminder, it ends like an undisturbed one."""

from pathlib import Path

import pytest

from scripts.faults.period_trial import PeriodTrial, run_period_trial


@pytest.mark.slow
async def test_a_killed_period_ends_like_an_undisturbed_one(database: str, tmp_path: Path) -> None:
    """Statements, approvals, mails, answers, disputes, reminders, tasks and the audit trail are the same."""
    trial = PeriodTrial(15)
    counts = await run_period_trial(trial, database, tmp_path, seed=3)
    assert trial.differences == []
    assert (counts["lost"], counts["repeated"], counts["unresolved"]) == (0, 0, 0)
    assert counts["ended by itself with an error"] == 0
    assert counts["kills"] >= 15
    assert counts["mails arrived"] == counts["mails per period"] * counts["periods"]
