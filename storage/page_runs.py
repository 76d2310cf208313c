"""How far the stages of a run are, read from its batches."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, case, func, select

from storage.database import Session
from storage.schema import run_batch


@dataclass(frozen=True, slots=True)
class StageProgress:
    """Customers done of all, batches that failed, and the seconds that the rest will take at the same pace."""

    customers: int
    done: int
    failed: int
    seconds_left: int | None


async def progress_of(session: Session, company_id: UUID, run_id: UUID) -> dict[str, StageProgress]:
    """Per stage that has batches."""
    size = func.cardinality(run_batch.c.customer_ids)
    done = func.coalesce(func.sum(case((run_batch.c.state == "done", size), else_=0)), 0).cast(Integer)
    elapsed = func.extract(
        "epoch",
        func.coalesce(func.max(run_batch.c.finished_at), func.clock_timestamp()) - func.min(run_batch.c.claimed_at),
    )
    rows = await session.execute(
        select(
            run_batch.c.stage, func.sum(size).cast(Integer).label("customers"), done.label("done"),
            func.count().filter(run_batch.c.state == "failed").label("failed"), elapsed.label("elapsed"),
        )
        .where(run_batch.c.company_id == company_id, run_batch.c.run_id == run_id)
        .group_by(run_batch.c.stage)
    )  # fmt: skip
    return {row.stage: _progress(row) for row in rows}


def _progress(row: Any) -> StageProgress:  # noqa: ANN401 - a row of mixed columns
    left = None
    if 0 < row.done < row.customers and row.elapsed is not None:
        left = round(float(row.elapsed) * (row.customers - row.done) / row.done)
    return StageProgress(row.customers, row.done, row.failed, left)


async def runs_progress(session: Session, company_id: UUID) -> dict[str, tuple[int, int]]:
    """Per run: customers done of all in the stage that has batches and is not through."""
    size = func.cardinality(run_batch.c.customer_ids)
    rows = await session.execute(
        select(
            run_batch.c.run_id,
            func.sum(case((run_batch.c.state == "done", size), else_=0)).cast(Integer),
            func.sum(size).cast(Integer),
        )
        .where(run_batch.c.company_id == company_id)
        .group_by(run_batch.c.run_id)
    )
    return {str(row[0]): (row[1], row[2]) for row in rows}


def prefect_link(api_url: str | None, prefect_run_id: str | None) -> str:
    """The flow run's page of a Prefect server of one's own; empty when there is none to link to."""
    if not api_url or not prefect_run_id:
        return ""
    return f"{api_url.rstrip('/').removesuffix('/api')}/runs/flow-run/{prefect_run_id}"
