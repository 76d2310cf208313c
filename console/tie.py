"""`tieout tie`: the tie-out gate alone."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.given import day
from console.speech import say
from services.add_company import company_by_code
from services.start_run import period_of
from services.tie_out import tie_out

EQUATIONS = {
    "opening_plus_movements_is_closing": "opening + movements = closing",
    "closing_is_open_items": "closing = open items",
    "open_items_are_buckets": "open items = aging buckets",
    "opening_is_prior_items": "opening = items open before",
    "statements_are_subledger": "statements = subledger",
    "subledger_is_control_account": "subledger = control account",
}

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
    table.add_column("")
    table.add_column(say("Equation"))
    for name in ("Left side", "Right side", "Difference"):
        table.add_column(say(name), justify="right")
    for line in answer["equations"]:
        mark = "[green]=[/]" if line["ties"] else "[red]≠[/]"
        table.add_row(
            mark,
            f"{line['currency']} {say(EQUATIONS[line['equation']])}",
            line["left"],
            line["right"],
            line["difference"],
        )
    for line in answer["breaches"]:
        table.add_row(
            "[red]≠[/]", f"{line['customer']} {line['currency']}", line["left"], line["right"], line["difference"]
        )
    console.print(table)
