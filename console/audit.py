"""`tieout audit`: the tamper-evident trail."""

from typing import Annotated, Any

import typer
from rich.console import Console

from console.check import chosen_companies
from console.context import Context, run_command
from console.speech import say
from services.verify_audit import verify_audit

app = typer.Typer(help="The audit trail.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The audit trail."""


@app.command("verify")
def verify(
    company: Annotated[str | None, typer.Option(help="Code of one company; all of them without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check that no event was changed, swapped, left out or cut off; exits with 1 when the trail is broken.

    Example: tieout audit verify --company ACME
    """
    verdicts: list[bool] = []

    async def work(context: Context) -> dict[str, Any]:
        results = [await verify_audit(context.engine, one) for one in await chosen_companies(context, company)]
        verdicts.append(all(result["holds"] for result in results))
        return {"holds": verdicts[-1], "companies": results}

    run_command(work, as_json=as_json, show=_show)
    if not all(verdicts):
        raise typer.Exit(1)


def _show(console: Console, answer: dict[str, Any]) -> None:
    for result in answer["companies"]:
        if result["holds"]:
            console.print(say("{company}: {events} events, the trail holds", **_values(result)))
        else:
            values = {**_values(result), **result["break"], "reason": say(result["break"]["reason"])}
            console.print(say("{company}: BROKEN at event {number}: {reason}", **values))


def _values(result: dict[str, Any]) -> dict[str, Any]:
    return {"company": result["company"], "events": result["events"]}
