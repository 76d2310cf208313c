"""`tieout profile`: column maps as data."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.imports import existing_file
from console.speech import say
from services.add_company import company_by_code
from services.add_profile import add_profile, profiles_of
from storage.companies import Company

app = typer.Typer(help="Profiles: which column of a file is which field.", no_args_is_help=True)


async def _company(context: Context, code: str | None) -> Company | None:
    return await company_by_code(context.engine, code) if code is not None else None


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name under which imports use it.")],
    file: Annotated[Path, typer.Argument(help="The profile as TOML.")],
    company: Annotated[str | None, typer.Option(help="For this company only; else for all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Add a profile, or its next version.

    Example: tieout profile add ibm-ar examples/profiles/ibm-ar.toml
    """

    async def work(context: Context) -> dict[str, Any]:
        body = existing_file(file).read_text(encoding="utf-8")
        return await add_profile(context.engine, name, body, await _company(context, company))

    run_command(work, as_json=as_json, show=_show_one)


@app.command("list")
def list_all(
    company: Annotated[str | None, typer.Option(help="Also this company's own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List the profiles.

    Example: tieout profile list --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        return {"profiles": await profiles_of(context.engine, await _company(context, company))}

    run_command(work, as_json=as_json, show=_show_all)


def _show_one(console: Console, answer: dict[str, Any]) -> None:
    console.print(say("Profile {name} added.", name=answer["name"]), markup=False)


def _show_all(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Name"), say("Version"))
    for each in answer["profiles"]:
        table.add_row(each["name"], say("for all companies") if each["for_all"] else str(each["version"]))
    console.print(table)
