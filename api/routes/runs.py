"""Runs: the board of a period's stages with progress, and the form that starts one."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.context import House, HouseOf, Viewer, back_to, need_role, page
from services.close_period import Closing
from services.report_run import STAGES, list_runs, report_run
from services.request_run import request_run
from services.start_run import FORMS, period_of
from storage.database import transaction
from storage.page_runs import StageProgress, prefect_link, progress_of, runs_progress
from storage.sessions import SignedIn
from words.refusal import Refusal

router = APIRouter(include_in_schema=False)

STARTERS = ("clerk", "manager", "administrator")


async def _board(known: House, viewer: SignedIn, run_id: UUID) -> dict[str, Any]:
    run = await report_run(known.engine, viewer.company, run_id)
    async with transaction(known.engine, viewer.company.id) as session:
        progress = await progress_of(session, viewer.company.id, run_id)
    return {
        "run": run, "stages": _stages(run, progress),
        "prefect": prefect_link(known.settings.prefect_api_url, run["prefect_run_id"]),
    }  # fmt: skip


def _stages(run: dict[str, Any], progress: dict[str, StageProgress]) -> list[dict[str, Any]]:
    """Every stage in order: what it came to, how far it is, whether it is the running one."""
    figures = {stage["stage"]: stage for stage in run["stages"]}
    counts = {status: one["count"] for status, one in run["statements"].items()}
    if counts:
        whole, undecided = sum(counts.values()), counts.get("draft", 0) + counts.get("in_review", 0)
        progress = {**progress, "review": StageProgress(whole, whole - undecided, 0, None)}
    reached = len(STAGES) if run["stage"] == "closed" else STAGES.index(run["stage"])
    return [
        {
            "name": stage,
            "state": "done" if place < reached else "running" if place == reached else "waiting",
            "figures": figures.get(stage, {}),
            "progress": progress.get(stage),
        }
        for place, stage in enumerate(STAGES)
    ]


@router.get("/runs")
async def list_all(request: Request, known: HouseOf, viewer: Viewer, before: UUID | None = None) -> Response:
    """All runs, newest first."""
    runs = await list_runs(known.engine, viewer.company, before)
    async with transaction(known.engine, viewer.company.id) as session:
        progress = await runs_progress(session, viewer.company.id)
    may_start = bool(viewer.roles.intersection(STARTERS))
    return page(
        request, "runs.html", runs=runs, progress=progress, forms=FORMS, may_start=may_start, stages=STAGES,
        problem="", given={},
    )  # fmt: skip


@router.post("/runs")
async def start(
    known: HouseOf, viewer: Viewer, period: Annotated[str, Form(max_length=40)],
    form: Annotated[str, Form(max_length=20)] = "OPEN_ITEM", as_of: Annotated[str, Form(max_length=10)] = "",
) -> Response:  # fmt: skip
    """Starts the run of a period, or leads to the one there is."""
    need_role(viewer, *STARTERS)
    closing = Closing(period_of(period.strip()), form, as_of=_day(as_of), started_by=viewer.user_id)
    run_id = await request_run(known.engine, viewer.company, closing)
    return back_to(f"/runs/{run_id}")


class DayInvalid(Refusal):
    """Not a date."""

    code = "day_invalid"
    sentence = "{value} is not a date."
    remedy = "Write it as 2026-06-30."


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise DayInvalid(value=text) from None


@router.get("/runs/{run_id}")
async def show(request: Request, known: HouseOf, viewer: Viewer, run_id: UUID) -> Response:
    """One run with its board."""
    return page(request, "run.html", **await _board(known, viewer, run_id))


@router.get("/runs/{run_id}/board")
async def board(request: Request, known: HouseOf, viewer: Viewer, run_id: UUID) -> Response:
    """The board alone, for the page's polling."""
    return page(request, "run_board.html", **await _board(known, viewer, run_id))
