"""`tieout profile`: column maps as data."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, fail, run_command
from console.imports import existing_file
from console.speech import command_language, print_answer, say
from services.add_company import company_by_code
from services.add_profile import add_profile, profiles_of
from services.guess_profile import guess_profile
from storage.companies import Company
from words.refusal import Refusal

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


@app.command("guess")
def guess(
    file: Annotated[Path, typer.Argument(help="A ledger file.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Propose a profile for a file, to be corrected and added. Reads the file only; no database is needed.

    Example: tieout profile guess ledger.csv > mine.toml
    """
    try:
        answer = asyncio.run(guess_profile(existing_file(file), command_language()))
    except Refusal as refusal:
        fail(refusal, command_language())
    print_answer(answer, as_json=as_json, show=_show_guess)


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


def _show_guess(console: Console, answer: dict[str, Any]) -> None:
    console.print(answer["profile"], markup=False, highlight=False, soft_wrap=True, end="")
    for question in answer["questions"]:
        console.print(f"# {question}", markup=False, highlight=False)


def _show_one(console: Console, answer: dict[str, Any]) -> None:
    console.print(say("Profile {name} added.", name=answer["name"]), markup=False)


def _show_all(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Name"), say("Version"))
    for each in answer["profiles"]:
        table.add_row(each["name"], say("for all companies") if each["for_all"] else str(each["version"]))
    console.print(table)
