"""`tieout run`: closing a period, and what runs and jobs have done."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from console.context import Context, run_command
from console.speech import say
from services.add_company import company_by_code
from services.close_period import Closing, close_period
from services.report_run import GONE_OUT, list_jobs, list_runs, report_run
from services.run_batches import Progress as StageProgress
from services.run_batches import Report
from services.start_run import period_of
from storage.companies import Company

app = typer.Typer(help="Statement runs: the close of a period.", no_args_is_help=True)

CompanyCode = Annotated[str, typer.Option("--company", help="Company code.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]

WAIT_LOOK_SECONDS = 1.0
"""How often `--wait` looks whether decisions and mails have moved the run."""


@app.command("close")
def close(
    company: CompanyCode,
    period: Annotated[str, typer.Option(help="2012-06, 2012-Q2, 2012 or 2012-06-01..2012-06-15.")],
    form: Annotated[str, typer.Option(help="OPEN_ITEM, BALANCE_FORWARD or DETAILED.")] = "OPEN_ITEM",
    segment: Annotated[str, typer.Option(help="Only customers whose attribute `segment` is this.")] = "all",
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Instead of the period's end.")] = None,
    again: Annotated[bool, typer.Option(help="Read the books once more: what has changed gets new versions.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait until people have decided and every mail is settled.")] = False,
    as_json: AsJson = False,
) -> None:
    """Close a period: collect, reconcile, draft, tie out, open approvals, send what is approved.

    Ends at the gate: decisions and a worker (tieout up) do the rest. Repeated, it continues and sends nothing twice.

    Example: tieout run close --company ACME --period 2026-06
    """

    async def work(context: Context) -> dict[str, Any]:
        owner = await company_by_code(context.engine, company)
        closing = Closing(period_of(period), form, segment, as_of.date() if as_of else None, again=again)
        with _shown(as_json=as_json) as report:
            answer = await close_period(context.engine, owner, closing, report)
        if wait:
            answer |= await _until_closed(context, owner, UUID(answer["run_id"]))
        return answer

    run_command(work, as_json=as_json, show=_show_close)


@app.command("show")
def show(
    run: Annotated[str, typer.Argument(help="Run id.")],
    company: CompanyCode,
    as_json: AsJson = False,
) -> None:
    """Show a run: stages, figures, where its statements stand.

    Example: tieout run show 0199… --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        owner = await company_by_code(context.engine, company)
        return await report_run(context.engine, owner, _run_id(run))

    run_command(work, as_json=as_json, show=_show_run)


@app.command("list")
def list_all(company: CompanyCode, as_json: AsJson = False) -> None:
    """List the runs of a company, newest first.

    Example: tieout run list --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        owner = await company_by_code(context.engine, company)
        return {"runs": await list_runs(context.engine, owner)}

    run_command(work, as_json=as_json, show=_show_list)


@app.command("jobs")
def jobs(company: CompanyCode, as_json: AsJson = False) -> None:
    """List what the clock made due, newest first, and how it went.

    Example: tieout run jobs --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        owner = await company_by_code(context.engine, company)
        return {"jobs": await list_jobs(context.engine, owner)}

    run_command(work, as_json=as_json, show=_show_jobs)


def _run_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(say("{text} is not a run's id.", text=text)) from None


async def _until_closed(context: Context, company: Company, run_id: UUID) -> dict[str, Any]:
    while True:
        answer = await report_run(context.engine, company, run_id)
        if answer["stage"] == "closed":
            return answer
        await asyncio.sleep(WAIT_LOOK_SECONDS)


@contextmanager
def _shown(*, as_json: bool) -> Iterator[Report | None]:
    """A bar per stage on a terminal; nothing where a program reads."""
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[money]}"), TextColumn("{task.fields[left]}"))  # fmt: skip
    with Progress(*columns, console=console) as bars:
        known: dict[str, TaskID] = {}

        def report(progress: StageProgress) -> None:
            if progress.stage not in known:
                known[progress.stage] = bars.add_task(say(progress.stage), total=progress.total, money="", left="")
            money = "  ".join(f"{currency} {amount}" for currency, amount in progress.money.items())
            seconds = progress.seconds_left
            left = "" if not seconds else say("{seconds} s left", seconds=round(seconds))
            bars.update(known[progress.stage], completed=progress.done, total=progress.total, money=money, left=left)

        yield report


def _show_close(console: Console, answer: dict[str, Any]) -> None:
    _show_run(console, answer)
    new = answer["new"]
    if answer["continued"] and not new["statements"] and not new["sent"]:
        console.print(say("This period was closed before. Nothing was drafted and nothing was sent again."))
    else:
        console.print(
            say("New: {statements} statements drafted, {sent} sent.", statements=new["statements"], sent=new["sent"])
        )
    if answer["newer_records"]:
        sentence = "{count} documents or allocations were recorded since the run read the books; add --again for them."
        console.print(say(sentence, count=answer["newer_records"]))


def _show_run(console: Console, answer: dict[str, Any]) -> None:
    console.print(
        say("Run {run} of {company}, {period}: {stage}", run=answer["run_id"], company=answer["company"],
            period=answer["period"], stage=say(answer["stage"]))
    )  # fmt: skip
    stages = Table(say("Stage"), say("Customers"), say("Money"), say("Findings"), say("Seconds"))
    for one in answer["stages"]:
        money = "\n".join(f"{currency} {amount}" for currency, amount in one.get("money", {}).items())
        figures = (str(one.get("customers", "")), money, str(one.get("findings", "")), str(one.get("seconds", "")))
        stages.add_row(say(one["stage"]), *figures)
    console.print(stages)
    for status, one in answer["statements"].items():
        money = ", ".join(f"{currency} {amount}" for currency, amount in one["money"].items())
        mark = "✓" if status in GONE_OUT else "•"
        console.print(f"  {mark} {say(status)}: {one['count']}  {money}")
    for one in next((stage.get("blocked", []) for stage in answer["stages"] if stage["stage"] == "review"), []):
        sentence = "The run waits at the gate: {equation} in {currency}, {left} against {right}."
        values = {key: one[key] for key in ("equation", "currency", "left", "right")}
        console.print(f"[red]{say(sentence, **values)}[/red]")


def _show_list(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Run"), say("Period"), say("Form"), say("Stage"), say("Started"))
    for one in answer["runs"]:
        table.add_row(one["run_id"], one["period"], one["form"], say(one["stage"]), one["started_at"][:16])
    console.print(table)


def _show_jobs(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Job"), say("Occasion"), say("State"), say("Tries"), say("Error"))
    for one in answer["jobs"]:
        table.add_row(one["name"], one["period"], say(one["state"]), str(one["tries"]), one["error"] or "")
    console.print(table)
