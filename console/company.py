"""`tieout company`: the companies that keep their receivables here, and what each has chosen for itself."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.speech import say
from services.add_company import add_company, company_by_code
from services.change_company import SETTINGS, change_company, company_settings
from storage.audit import SYSTEM
from storage.companies import list_companies
from storage.database import owner_transaction

app = typer.Typer(help="Companies.", no_args_is_help=True)


@app.command("add")
def add(
    code: Annotated[str, typer.Argument(help="Short code, used everywhere else.")],
    name: Annotated[str, typer.Option(help="Full name.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")],
    timezone: Annotated[str, typer.Option(help="IANA time zone.")],
    language: Annotated[str, typer.Option(help="zh or en.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Add a company.

    Example: tieout company add ACME --name "Acme Trading" --currency CNY --timezone Asia/Shanghai
    """

    async def work(context: Context) -> dict[str, Any]:
        return {"id": str(await add_company(context.engine, code, name, currency, timezone, language))}

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(answer["id"]))


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """List the companies.

    Example: tieout company list
    """

    async def work(context: Context) -> dict[str, Any]:
        async with owner_transaction(context.engine) as session:
            found = await list_companies(session)
        rows = [
            {"code": one.code, "name": one.name, "currency": one.currency, "timezone": one.timezone} for one in found
        ]
        return {"companies": rows}

    run_command(work, as_json=as_json, show=_show_companies)


@app.command("show")
def show(
    code: Annotated[str, typer.Argument(help="Company code.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show what a company has chosen; a dash where the house's default counts.

    Example: tieout company show ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        return {"code": code, "settings": company_settings(await company_by_code(context.engine, code))}

    run_command(work, as_json=as_json, show=_show_settings)


@app.command("set")
def set_(
    code: Annotated[str, typer.Argument(help="Company code.")],
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(SETTINGS)}.")],
    value: Annotated[str, typer.Argument(help="A word, or JSON; null takes it back to the default.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Change one setting of a company.

    Example: tieout company set ACME close '{"working_day": 3}'
    """

    async def work(context: Context) -> dict[str, Any]:
        company = await company_by_code(context.engine, code)
        changed = await change_company(context.engine, company, name, _value(value), SYSTEM)
        return {"code": code, "settings": company_settings(changed)}

    run_command(work, as_json=as_json, show=_show_settings)


def _value(written: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(written)
    except ValueError:
        return written


def _show_companies(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Code"), say("Name"), say("Currency"), say("Time zone"))
    for one in answer["companies"]:
        table.add_row(one["code"], one["name"], one["currency"], one["timezone"])
    console.print(table)


def _show_settings(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Setting"), say("Chosen"), say("What it is"))
    for name, value in answer["settings"].items():
        shown = "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        table.add_row(name, shown, say(SETTINGS[name].words))
    console.print(table)
