"""`tieout check`: the compliance checks, now."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.speech import command_language, say
from services.add_company import company_by_code
from services.check_compliance import check_compliance, finding_text
from storage.companies import Company, list_companies
from storage.database import owner_transaction


def check(
    name: Annotated[str | None, typer.Option(help="One check only, for example audit_chain.")] = None,
    company: Annotated[str | None, typer.Option(help="Code of one company; all of them without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Run the compliance checks and keep their findings.

    Example: tieout check --company ACME --name duties_separated
    """

    async def work(context: Context) -> dict[str, Any]:
        results = []
        for one in await chosen_companies(context, company):
            today = datetime.now(ZoneInfo(one.timezone)).date()
            names = [name] if name else None
            channel = context.settings.slack_channel
            figures = await check_compliance(context.engine, one, today, names, slack_channel=channel)
            results.append({"company": one.code, **figures})
        return {"open": sum(result["open"] for result in results), "companies": results}

    run_command(work, as_json=as_json, show=_show)


async def chosen_companies(context: Context, code: str | None) -> list[Company]:
    """The company with the code, or all."""
    if code is not None:
        return [await company_by_code(context.engine, code)]
    async with owner_transaction(context.engine) as session:
        return await list_companies(session)


def _show(console: Console, answer: dict[str, Any]) -> None:
    language = command_language()
    for result in answer["companies"]:
        counts = {name: result[name] for name in ("company", "open", "opened", "fixed")}
        console.print(say("{company}: {open} open findings, {opened} new, {fixed} fixed", **counts))
        if not result["findings"]:
            continue
        table = Table(say("Severity"), say("Check"), say("Finding"), say("What now"))
        for finding in result["findings"]:
            message, remedy = finding_text(finding["code"], finding["facts"], language)
            table.add_row(say(finding["severity"]), finding["check"], message, remedy)
        console.print(table)
