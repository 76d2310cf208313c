"""`tieout balance`: what customers owe, as of a date and as known at an instant."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.given import day, instant
from console.speech import say
from services.add_company import company_by_code
from services.report_balance import report_balance

MAX_SHOWN = 40
"""Customers on the screen; --json has all of them."""


def balance(
    company: Annotated[str, typer.Option(help="Company code.")],
    as_of: Annotated[str, typer.Option("--as-of", help="Business date, 2012-06-30.")],
    as_known: Annotated[
        str | None, typer.Option("--as-known", help="Instant: only what had been recorded by then counts.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="One customer's code.")] = None,
    aging: Annotated[str | None, typer.Option(help="Name of an aging policy instead of the company's own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Balances and aging by currency and customer.

    Example: tieout balance --company ACME --as-of 2012-06-30 --json
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        known = instant(as_known, found) if as_known is not None else None
        return await report_balance(context.engine, found, day(as_of), known, customer, aging)

    run_command(work, as_json=as_json, show=_show)


def _show(console: Console, answer: dict[str, Any]) -> None:
    for currency, sums in answer["currencies"].items():
        table = Table(title=f"{currency} · {answer['as_of']}", title_justify="left")
        for name in (say("Customer"), *(_bucket(label) for label in sums["buckets"]), say("Open")):
            table.add_column(name, justify="right")
        table.add_row("", *sums["buckets"].values(), sums["open"], style="bold")
        rows = [row for row in answer["customers"] if row["currency"] == currency]
        for row in rows[:MAX_SHOWN]:
            table.add_row(row["customer"], *row["buckets"].values(), row["open"])
        console.print(table)
        if len(rows) > MAX_SHOWN:
            console.print(f"… {len(rows) - MAX_SHOWN}")
    if not answer["currencies"]:
        console.print(say("Nothing is open."))


def _bucket(label: str) -> str:
    return say({"not_due": "Not due", "credits": "Credits"}.get(label, label))
