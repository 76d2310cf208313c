"""`tieout bank`: bank files read and checked, imported into receipts, accepted by a person; maps of tables."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from console.bank_read import read, show_findings
from console.context import Context, run_command
from console.imports import existing_file
from console.speech import command_language, say
from services.accept_bank_file import accept_bank_file, discard_bank_file
from services.add_company import company_by_code
from services.add_user import UserUnknown
from services.import_bank_file import BankOrder, import_bank_path
from services.read_bank_file import BankFileRefused
from services.save_bank_layout import bank_layout_names, save_bank_layout
from storage.audit import Actor
from storage.companies import Company
from storage.database import transaction
from storage.people import find_person_by_email

app = typer.Typer(help="Bank files: MT940, camt, BAI2, OFX, tables of banks and wallets.", no_args_is_help=True)
app.command("read")(read)

CompanyCode = Annotated[str, typer.Option(help="Company code.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
FILE_ID = typer.Argument(help="Id of the file, as its import printed it.")
WHO = typer.Option("--as", help="E-mail address of the person who decides.")
REASON = typer.Option(help="Why, for the audit trail.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The bank's or wallet's file; its kind is found by its content.")],
    company: CompanyCode,
    layout: Annotated[str, typer.Option("--map", help="Name of a saved map; the known tables need none.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a bank file into receipts. The same file twice, or an overlapping one, adds nothing twice.

    Example: tieout bank import june.mt940 --company ACME --json
    """

    async def work(context: Context) -> dict[str, Any]:
        order = BankOrder("", b"", layout, language=command_language(), dry_run=dry_run)
        found = await company_by_code(context.engine, company)
        try:
            return await import_bank_path(context.engine, found, existing_file(file), order)
        except BankFileRefused as refusal:
            if as_json:
                sys.stdout.write(json.dumps(refusal.answer(command_language()), ensure_ascii=False) + "\n")
            raise

    run_command(work, as_json=as_json, show=_show_import)


@app.command("accept")
def accept(
    file_id: Annotated[UUID, FILE_ID], company: CompanyCode, as_email: Annotated[str, WHO],
    reason: Annotated[str, REASON], as_json: AsJson = False,
) -> None:  # fmt: skip
    """Post a file that was held because it does not tie.

    Example: tieout bank accept 0198c0de-0000-7000-8000-000000000000 --company ACME --as ann@example.com --reason "…"
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        actor = await _person(context, found, as_email)
        return await accept_bank_file(context.engine, found, file_id, actor, reason)

    run_command(work, as_json=as_json, show=_show_counts)


@app.command("discard")
def discard(
    file_id: Annotated[UUID, FILE_ID], company: CompanyCode, as_email: Annotated[str, WHO],
    reason: Annotated[str, REASON], as_json: AsJson = False,
) -> None:  # fmt: skip
    """Leave out a file that was held; it can be imported again.

    Example: tieout bank discard 0198c0de-0000-7000-8000-000000000000 --company ACME --as ann@example.com --reason "…"
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        await discard_bank_file(context.engine, found, file_id, await _person(context, found, as_email), reason)
        return {"file_id": str(file_id), "state": "discarded"}

    run_command(work, as_json=as_json, show=_show_counts)


@app.command("add-map")
def add_layout(
    name: Annotated[str, typer.Argument(help="Name under which imports use it.")],
    file: Annotated[Path, typer.Argument(help="The map as TOML.")],
    company: CompanyCode,
    as_json: AsJson = False,
) -> None:
    """Save a map for tables of a bank that is not known, or replace it.

    Example: tieout bank add-map village-bank village-bank.toml --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        body = existing_file(file).read_text(encoding="utf-8")
        return await save_bank_layout(context.engine, await company_by_code(context.engine, company), name, body)

    run_command(work, as_json=as_json, show=_show_counts)


@app.command("list-maps")
def list_layouts(company: CompanyCode, as_json: AsJson = False) -> None:
    """List the saved maps.

    Example: tieout bank list-maps --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        return {"maps": await bank_layout_names(context.engine, await company_by_code(context.engine, company))}

    run_command(work, as_json=as_json, show=_show_counts)


async def _person(context: Context, company: Company, email: str) -> Actor:
    async with transaction(context.engine, company.id) as session:
        person = await find_person_by_email(session, company.id, email)
    if person is None:
        raise UserUnknown(email=email)
    return Actor("user", person.id)


def _show_import(console: Console, answer: dict[str, Any]) -> None:
    console.print(f"{answer['format']}  {say(STATES[answer['state']])}  {answer['file_id'] or ''}", markup=False)
    _show_counts(console, {name: answer[name] for name in COUNTS if name in answer})
    for one in answer.get("untied", []):
        sides = f"{one['opening'] or '–'} + {one['moved']} ≠ {one['closing'] or '–'} ({one['difference']})"
        console.print(f"{one['account']} {one['currency']} {one['number']}: {sides}", markup=False)
    show_findings(console, answer["findings"])


STATES = {"posted": "Posted", "held": "Held: a person has to accept it", "discarded": "Discarded"}
COUNTS = {
    "statements": "Statements", "lines": "Lines", "posted": "Receipts posted", "unassigned": "Without a customer",
    "outgoing": "Money out", "known": "Already here", "allocations": "Allocations",
}  # fmt: skip


def _show_counts(console: Console, answer: dict[str, Any]) -> None:
    table = Table(show_header=False)
    for name, value in answer.items():
        table.add_row(say(COUNTS.get(name, name)), f"{value:,}" if isinstance(value, int) else str(value))
    console.print(table, markup=False)
