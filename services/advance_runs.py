"""Looks after every unfinished run: one whose worker died is worked on, one at the gate follows its decisions."""

from typing import Any

from services.close_period import continue_run
from services.run_stage import gate_name
from storage.companies import Company
from storage.database import Database, transaction
from storage.presence import somebody_in
from storage.runs import dead_runs, unfinished_runs

WORKED = frozenset({"collect", "reconcile", "draft"})
"""Stages in which a worker is busy; the later ones wait for people and mails."""


async def advance_runs(engine: Database, company: Company) -> dict[str, Any]:
    """Continues what can be continued; answers which runs were taken over and which moved on."""
    async with transaction(engine, company.id) as session:
        dead = set(await dead_runs(session, company.id))
        runs = await unfinished_runs(session, company.id)
        busy = {run.id for run in runs if await somebody_in(session, gate_name(run.id))}
    taken, moved = [], []
    for run in runs:
        if run.id in busy or (run.stage in WORKED and run.id not in dead):
            continue
        stage = await continue_run(engine, company, run.id)
        if run.id in dead:
            taken.append(str(run.id))
        elif stage != run.stage:
            moved.append({"run_id": str(run.id), "from": run.stage, "to": stage})
    return {"taken_over": taken, "moved": moved}
