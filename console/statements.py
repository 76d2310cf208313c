"""`tieout statements`: builds a period's drafts, lists statements, shows one."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.given import day
from console.speech import say
from ledger.money import decimal_text
from reports.statement_pdf import render_pdf
from reports.statement_workbook import render_workbook
from services.add_company import company_by_code
from services.build_statements import build_counted, head_of_customer
from services.show_statement import find_statement
from services.start_run import period_of
from storage.database import transaction
from storage.statements import statements_page

app = typer.Typer(help="Statements of account.", no_args_is_help=True)

MAX_SHOWN = 60
"""Lines on the screen; --json has all of them."""

LEFT_OUT = {
    "nothing_to_say": "no movement and nothing open",
    "disabled": "disabled",
    "in_group": "on the statement of their group",
}

STATUS_NAMES = {
    "draft": "Draft",
    "in_review": "In review",
    "approved": "Approved",
    "sent": "Sent",
    "confirmed": "Confirmed",
    "disputed": "Disputed",
    "settled": "Settled",
    "returned": "Returned",
    "rejected": "Rejected",
    "void": "Void",
    "superseded": "Superseded",
}

CompanyOption = Annotated[str, typer.Option("--company", help="Company code.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command("build")
def build(
    company: CompanyOption,
    period: Annotated[str, typer.Option(help="2012-06, 2012-Q2, 2012 or 2012-06-01..2012-06-15.")],
    form: Annotated[str, typer.Option(help="OPEN_ITEM, BALANCE_FORWARD or DETAILED.")] = "OPEN_ITEM",
    customer: Annotated[str | None, typer.Option(help="One customer's code.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Business date instead of the period's end.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Build the drafts of a period; what is unchanged stays as it is.

    Example: tieout statements build --company ACME --period 2012-06 --form DETAILED
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        dated = day(as_of) if as_of is not None else None
        heads = [await head_of_customer(context.engine, found, customer)] if customer is not None else None
        built = await build_counted(context.engine, found, period_of(period), form.upper(), heads, as_of=dated)
        return {
            "period": period,
            "statements": built.statements,
            "new": sum(line["new"] for line in built.statements),
            "left_out": built.left_out,
            "ties": all(line["ties"] for line in built.statements),
        }

    run_command(work, as_json=as_json, show=_show_built)


@app.command("list")
def list_(
    company: CompanyOption,
    period: Annotated[str | None, typer.Option(help="Label of one period.")] = None,
    status: Annotated[str | None, typer.Option(help="draft, in_review, approved, sent …")] = None,
    after: Annotated[str | None, typer.Option(help="The last number of the page before.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Statements on one page.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List statement versions by number.

    Example: tieout statements list --company ACME --period 2012-06 --status sent
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        async with transaction(context.engine, found.id) as session:
            rows = await statements_page(session, found.id, period=period, status=status, after=after, limit=limit)
        return {
            "statements": [
                {
                    "number": row.number, "customer": code, "name": name, "currency": row.currency,
                    "status": row.status, "closing": decimal_text(row.closing, 0, row.currency), "ties": row.ties,
                    "digest": row.digest,
                }
                for row, code, name in rows
            ]
        }  # fmt: skip

    run_command(work, as_json=as_json, show=_show_list)


@app.command("show")
def show(
    number: Annotated[str, typer.Argument(help="2012-06/C00123/USD/v1, or the statement's id.")],
    company: Annotated[str | None, typer.Option(help="Company code, where two have the same number.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write the PDF here.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write the workbook here.")] = None,
    language: Annotated[str | None, typer.Option(help="zh or en; the customer's own without it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """One statement: its canonical content, and its PDF and workbook on request.

    Example: tieout statements show 2012-06/C00123/USD/v1 --pdf statement.pdf --xlsx statement.xlsx
    """

    async def work(context: Context) -> dict[str, Any]:
        _, view = await find_statement(context.engine, number, company)
        spoken = language if language is not None else view.content["customer"]["language"]
        if pdf is not None:
            pdf.write_bytes(render_pdf(view.content, spoken))
        if xlsx is not None:
            xlsx.write_bytes(render_workbook(view.content, spoken))
        return view.content

    run_command(work, as_json=as_json, show=_show_one)


def _show_built(console: Console, answer: dict[str, Any]) -> None:
    table = Table(title=answer["period"])
    table.add_column(say("Number"), no_wrap=True)
    for name in ("Opening", "Debits", "Credits", "Closing"):
        table.add_column(say(name), justify="right")
    table.add_column(say("Status"))
    table.add_column("")
    for line in answer["statements"][:MAX_SHOWN]:
        mark = "[green]=[/]" if line["ties"] else "[red]≠[/]"
        figures = (line["opening"], line["debits"], line["credits"], line["closing"])
        table.add_row(line["number"], *figures, say(STATUS_NAMES[line["status"]]) + (" *" if line["new"] else ""), mark)
    console.print(table)
    count, new = len(answer["statements"]), answer["new"]
    console.print(say("{count} statements, {new} new (*)", count=count, new=new))
    for reason, number in answer["left_out"].items():
        console.print(say("{number} customers left out: {reason}", number=number, reason=say(LEFT_OUT[reason])))


def _show_list(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Number"), say("Customer"), say("Closing"), say("Status"), "")
    for line in answer["statements"]:
        table.add_row(
            line["number"],
            line["name"],
            line["closing"],
            say(STATUS_NAMES[line["status"]]),
            "=" if line["ties"] else "≠",
        )
    console.print(table)


def _show_one(console: Console, content: dict[str, Any]) -> None:
    console.print(f"[bold]{content['number']}[/] {content['customer']['name']} {content['as_of']} {content['form']}")
    names = ("Opening", "Debits", "Credits", "Closing", "Overdue")
    figures = "  ".join(f"{say(name)} {content[name.lower()]}" for name in names)
    console.print(figures)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "Date", "Number", "Due", "Amount", "Open", "Balance", "Age"):
        right = name in {"Amount", "Open", "Balance"}
        table.add_column(say(name) if name else "", justify="right" if right else "left", no_wrap=True)
    for line in [*content["lines"], *content["unapplied"]["lines"]]:
        table.add_row(
            str(line["line"]), line["document_date"], line["number"],
            line["due_date"] if line["due_date_given"] else "", line["amount"], line["open"], line["balance"] or "",
            line["bucket"] or "",
        )  # fmt: skip
    console.print(table)
    aging = Table(box=SIMPLE_HEAD, pad_edge=False)
    for bucket in content["aging"]:
        aging.add_column(bucket["bucket"], justify="right")
    aging.add_row(*(bucket["amount"] for bucket in content["aging"]))
    console.print(aging)
