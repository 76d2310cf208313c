"""`tieout company`: the companies that keep their receivables here."""

from typing import Annotated, Any

import typer
from rich.console import Console

from console.context import Context, run_command
from services.add_company import add_company

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

    run_command(work, as_json=as_json, show=_show)


def _show(console: Console, answer: dict[str, Any]) -> None:
    console.print(f"Company added: {answer['id']}")
