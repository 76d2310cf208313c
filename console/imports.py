"""`tieout import`: ledger files into open items."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from connectors.collect import Control
from console.context import Context, run_command
from console.speech import command_language, say
from services.add_company import company_by_code
from services.import_ledger import FileRefused, Options, import_path
from services.import_ledger import Progress as Tell
from words.refusal import Refusal

SHOWN_FINDINGS = 20
"""Findings printed for people; `--json` lists more, and held rows wait on the exceptions page."""

STEPS = {"read": "Reading", "check": "Checking", "post": "Writing", "done": "Done"}


class FileUnknown(Refusal):
    """No such file on this machine."""

    code = "file_unknown"
    sentence = "There is no file {path}."
    remedy = "Check the path."


class TotalInvalid(Refusal):
    """The announced total is not a number."""

    code = "total_invalid"
    sentence = "{given} is not an amount."
    remedy = "Write it in plain digits: 1234.56."


def import_command(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX or XLS, also in ZIP, .gz or .zst.")],
    company: Annotated[str, typer.Option(help="Company code.")],
    profile: Annotated[str, typer.Option(help="Profile that says which column is which.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    expect_total: Annotated[
        str | None, typer.Option(help="Control total of the amount column; another sum posts nothing.")
    ] = None,
    expect_rows: Annotated[int | None, typer.Option(help="Number of rows announced; another posts nothing.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Import a ledger file. The same file twice does nothing; held rows wait to be repaired.

    Example: tieout import ledger.csv --company ACME --profile ibm-ar --json
    """

    async def work(context: Context) -> dict[str, Any]:
        path = existing_file(file)
        control = Control(_total(expect_total), expect_rows)
        found = await company_by_code(context.engine, company)
        with _progress(shown=not as_json) as tell:
            try:
                options = Options(dry_run=dry_run, language=command_language(), progress=tell, control=control)
                return await import_path(context.engine, found, path, profile, options)
            except FileRefused as refusal:
                if as_json:
                    sys.stdout.write(json.dumps(refusal.answer, ensure_ascii=False) + "\n")
                raise

    run_command(work, as_json=as_json, show=_show)


def existing_file(path: Path) -> Path:
    """The path, or the refusal that there is no file."""
    if not path.is_file():
        raise FileUnknown(path=str(path))
    return path


def _total(given: str | None) -> Decimal | None:
    if given is None:
        return None
    try:
        total = Decimal(given)
    except InvalidOperation:
        raise TotalInvalid(given=given) from None
    if not total.is_finite():
        raise TotalInvalid(given=given)
    return total


@contextmanager
def _progress(*, shown: bool) -> Iterator[Tell | None]:
    if not shown or not sys.stderr.isatty():
        yield None
        return
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(say("Reading"), total=None, rows="")

        def tell(step: str, done: int, whole: int) -> None:
            elapsed = progress.tasks[0].elapsed or 0
            rate = f" · {done / elapsed:,.0f}/s" if done and elapsed else ""
            rows = f"{done:,}/{whole:,}{rate}" if whole else ""
            progress.update(
                task, description=say(STEPS[step]), completed=done, total=whole or None, rows=rows, refresh=True
            )

        yield tell


def _show(console: Console, answer: dict[str, Any]) -> None:
    table = Table(show_header=False)
    names = {
        "rows": "Rows", "accepted": "Accepted", "noticed": "Accepted with notice", "quarantined": "Quarantined",
        "rejected": "Rejected", "skipped": "Already here", "items": "Records written", "allocations": "Allocations",
    }  # fmt: skip
    for key, name in names.items():
        table.add_row(say(name), f"{answer[key]:,}")
    for currency, sums in answer["totals"].items():
        table.add_row(currency, f"{sums['debits']}  {sums['credits']}  = {sums['net']}")
    console.print(table)
    for finding in answer["findings"][:SHOWN_FINDINGS]:
        place = f"{finding['row']} {finding['column']}" if finding["row"] else finding["column"]
        console.print(f"{finding['severity']:<10} {place}: {finding['message']} {finding['raw']!r}", markup=False)
        if finding["remedy"]:
            console.print(f"           {finding['remedy']}", markup=False)
    if sum(answer["finding_counts"].values()) > SHOWN_FINDINGS:
        console.print(say("All findings by code:"), answer["finding_counts"], markup=False)
