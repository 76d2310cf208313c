"""The short form of `make faults`: relays killed at every failpoint and at any moment, and their database too."""

import os
from pathlib import Path

import pytest

from notifications.failpoints import FAILPOINTS
from scripts.faults.calls_trial import CallsTrial, run_calls_trial
from scripts.faults.relay_trial import RelayTrial, run_relay_trial
from scripts.faults.servers import own_server
from scripts.faults.table import table

KILLS = int(os.environ.get("TIEOUT_KILLS", "2000"))
"""10,000 in a nightly run; `make faults` takes the same number with `--kills`."""

KILLS_WITHOUT_ARCHIVE = KILLS // 20

CALLS, SILENT = KILLS // 20, 0.5
"""`make faults` decides 5,000 and swallows 5 %: so many fewer need a larger share to see it happen at all."""

ENOUGH_FOR_ALL = 1_000
"""From so many kills on, every failpoint must have killed: fewer leave the rare ones to luck."""


@pytest.mark.slow
async def test_killed_relays_lose_and_repeat_nothing() -> None:
    """With an archive to ask nothing is lost, repeated or unresolved, though PostgreSQL is killed as well."""
    trial = RelayTrial(KILLS, seed=7, pauses=2, restarts=KILLS // 500)
    with own_server() as own:
        counts = await run_relay_trial(trial, own.url, own.folder, restart=own.restart_immediately)
    _check(trial, counts)
    assert KILLS < ENOUGH_FOR_ALL or all(trial.points[point] for point in FAILPOINTS), trial.points


@pytest.mark.slow
async def test_without_an_archive_repeats_stay_inside_the_window(database: str, tmp_path: Path) -> None:
    """An ambiguous message goes once more, after the quiet period, then to a person; nothing else repeats."""
    trial = RelayTrial(KILLS_WITHOUT_ARCHIVE, seed=8, with_archive=False)
    _check(trial, await run_relay_trial(trial, database, tmp_path))


async def test_calls_that_fail_or_keep_silent_repeat_no_effect(database: str, tmp_path: Path) -> None:
    """Every n-th call is cut, some commits are done without an answer: each decision has its effects once."""
    trial = CallsTrial(CALLS, seed=9, silent=SILENT)
    counts = await run_calls_trial(trial, database, tmp_path)
    told = f"seed {trial.seed}\n{table(trial.done, counts)}"
    assert trial.holds(counts), told
    assert trial.done["commits done, their answers swallowed"], told
    assert trial.done["clicks answered from the first one's record"], told


def _check(trial: RelayTrial, counts: dict[str, int]) -> None:
    told = f"seed {trial.seed}\n{table(trial.points, trial.done, counts)}"
    assert trial.holds(counts), told
    assert trial.killed >= trial.kills, told
    assert counts["arrived"] > 0, told
