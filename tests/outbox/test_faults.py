"""The short form of `make faults`: relays killed at failpoints and at any moment, one paused past its lease."""

from pathlib import Path

import pytest

from scripts.faults import MESSAGES_PER_KILL, Trial, run_trial


@pytest.mark.slow
@pytest.mark.parametrize("with_archive", [True, False])
async def test_killed_relays_lose_nothing(database: str, tmp_path: Path, *, with_archive: bool) -> None:
    """With the archive nothing is lost, repeated or unresolved; without, nothing is lost."""
    kills = 20 if with_archive else 6
    trial = Trial(kills, kills * MESSAGES_PER_KILL, pauses=1, with_archive=with_archive)
    counts = await run_trial(trial, database, tmp_path, seed=7)
    assert sum(number for what, number in trial.done.items() if what.startswith("killed")) >= kills
    assert counts["arrived"] == counts["messages"]
    assert counts["lost"] == counts["said accepted, not there"] == 0
    if with_archive:
        assert (counts["repeated"], counts["unresolved"]) == (0, 0)
    else:
        assert counts["repeated"] <= counts["attempts written down"] - counts["messages"]
