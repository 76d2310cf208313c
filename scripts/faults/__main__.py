"""`make faults`: kills, pauses and cuts relays while they send, then whole periods, and counts what came out."""

import argparse
import asyncio
import logging
import sys

from scripts.faults.calls_trial import CallsTrial, run_calls_trial
from scripts.faults.disk_trial import NoSmallDisk, disk_trial_holds, run_disk_trial, small_disk
from scripts.faults.period_trial import PeriodTrial, run_period_trial
from scripts.faults.relay_trial import RelayTrial, run_relay_trial
from scripts.faults.servers import own_server
from scripts.faults.table import table

PERIOD_KILLS, CALLS = 200, 5_000


def _relay_trial(asked: argparse.Namespace) -> bool:
    trial = RelayTrial(asked.kills, asked.seed, asked.pauses, asked.restarts, not asked.no_archive)
    with own_server() as own:
        counts = asyncio.run(run_relay_trial(trial, own.url, own.folder, restart=own.restart_immediately))
    print(f"Relays, killed, paused and cut (seed {trial.seed})")
    print(table(trial.points, dict(sorted(trial.done.items())), counts))
    return trial.holds(counts)


def _period_trial(asked: argparse.Namespace) -> bool:
    trial = PeriodTrial(asked.period_kills)
    with own_server() as own:
        counts = asyncio.run(run_period_trial(trial, own.url, own.folder, asked.seed))
    print(f"Whole periods, killed from import to reminder (seed {asked.seed})")
    print(table(trial.sink_faults(), counts))
    for difference in trial.differences:
        print(difference)
    return trial.holds()


def _calls_trial(asked: argparse.Namespace) -> bool:
    trial = CallsTrial(asked.calls, asked.seed)
    with own_server() as own:
        counts = asyncio.run(run_calls_trial(trial, own.url, own.folder))
    print(f"Decisions and messages over calls that fail or keep silent (seed {trial.seed})")
    print(table(trial.done, counts))
    return trial.holds(counts)


def _disk_trial(_asked: argparse.Namespace) -> bool:
    print("A full disk under PostgreSQL")
    try:
        with small_disk() as disk, own_server(disk) as own:
            counts = asyncio.run(run_disk_trial(own.url, disk))
    except NoSmallDisk as why:
        print(f"not tried, no small disk can be mounted here: {why}")
        return True
    print(table(counts))
    return disk_trial_holds(counts)


TRIALS = {"relay": _relay_trial, "period": _period_trial, "calls": _calls_trial, "disk": _disk_trial}


def main() -> int:
    """Runs the trials on PostgreSQLs of their own; exit status 1 when something was lost, repeated or left open."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--only", choices=TRIALS, help="one of the trials")
    parser.add_argument("--kills", type=int, default=2_000, help="of relays")
    parser.add_argument("--period-kills", type=int, default=PERIOD_KILLS, help="of whole periods")
    parser.add_argument("--calls", type=int, default=CALLS, help="decisions over a connection that lies")
    parser.add_argument("--pauses", type=int, default=4, help="SIGSTOP longer than lease and quiet period")
    parser.add_argument("--restarts", type=int, default=8, help="pg_ctl -m immediate while relays run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--no-archive", action="store_true", help="nobody can be asked: repeats only inside the window are allowed"
    )
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # that a database or a server is away is the point of it all
    fine = [run(asked) for name, run in TRIALS.items() if asked.only in {None, name}]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
