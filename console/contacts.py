"""`tieout contacts`: who at a customer gets the statements."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from console.context import Context, run_command
from console.imports import existing_file
from console.speech import command_language, say
from services.add_company import company_by_code
from services.add_contact import add_contacts

app = typer.Typer(help="Customers' contacts.", no_args_is_help=True)


@app.command("import")
def import_contacts(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX: customer, name, email, language, purpose.")],
    company: Annotated[str, typer.Option(help="Company code.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Add or correct contacts from a file; the same file twice changes nothing.

    Example: tieout contacts import contacts.csv --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        content = existing_file(file).read_bytes()
        found = await company_by_code(context.engine, company)
        return await add_contacts(context.engine, found, file.name, content, language=command_language())

    run_command(work, as_json=as_json, show=_show)


def _show(console: Console, answer: dict[str, Any]) -> None:
    console.print(
        say(
            "{added} added, {updated} corrected, {unchanged} unchanged, {rejected} refused.",
            added=answer["added"], updated=answer["updated"], unchanged=answer["unchanged"],
            rejected=answer["rejected"],
        )
    )  # fmt: skip
    for finding in answer["findings"]:
        line = f"{finding['row']} {finding['column']}: {finding['message']} {finding['raw']!r} {finding['remedy']}"
        console.print(line, markup=False)
