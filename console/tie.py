"""`tieout tie`: the tie-out gate alone."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.given import day
from services.add_company import company_by_code
from services.start_run import period_of
from services.tie_out import tie_out

DOES_NOT_TIE = 1
"""Exit status of a gate that found a breach: scripts stop here."""


def tie(
    company: Annotated[str, typer.Option(help="Company code.")],
    period: Annotated[str, typer.Option(help="2012-06, 2012-Q2, 2012 or 2012-06-01..2012-06-15.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="Business date instead of the period's end.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Every equation of the tie-out gate with both sides; exits 1 when one does not hold.

    Example: tieout tie --company ACME --period 2012-06 --json
    """
    ties: list[bool] = []

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        answer = await tie_out(context.engine, found, period_of(period), day(as_of) if as_of is not None else None)
        ties.append(answer["ties"])
        return answer

    run_command(work, as_json=as_json, show=_show)
    if not all(ties):
        raise typer.Exit(DOES_NOT_TIE)


def _show(console: Console, answer: dict[str, Any]) -> None:
    table = Table(title=f"{answer['period']} · {answer['as_of']}", title_justify="left")
    for name in ("", "equation", "left", "right", "difference"):
        table.add_column(name, justify="left" if name in {"", "equation"} else "right")
    for line in answer["equations"]:
        mark = "[green]=[/]" if line["ties"] else "[red]≠[/]"
        table.add_row(mark, f"{line['currency']} {line['equation']}", line["left"], line["right"], line["difference"])
    for line in answer["breaches"]:
        table.add_row(
            "[red]≠[/]", f"{line['customer']} {line['currency']}", line["left"], line["right"], line["difference"]
        )
    console.print(table)
