"""`tieout control`: balances of the general ledger that the tie-out compares with."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from console.context import Context, run_command
from console.imports import existing_file
from console.speech import say
from services.add_company import company_by_code
from services.load_control_balance import load_control_balance

app = typer.Typer(help="Control account balances.", no_args_is_help=True)


@app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX: as_of, currency, amount, account.")],
    company: Annotated[str, typer.Option(help="Company code.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Load the general ledger's receivable balances per currency and day.

    Example: tieout control load balances.csv --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        content = existing_file(file).read_bytes()
        found = await company_by_code(context.engine, company)
        return await load_control_balance(context.engine, found, file.name, content)

    run_command(work, as_json=as_json, show=_show)


def _show(console: Console, answer: dict[str, Any]) -> None:
    console.print(
        say("{loaded} balances loaded, {unchanged} unchanged.", loaded=answer["loaded"], unchanged=answer["unchanged"])
    )
