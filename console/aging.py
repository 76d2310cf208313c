"""`tieout aging`: the policies by which items age."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from services.add_company import company_by_code
from services.publish_aging_policy import AgingPolicyInvalid, aging_policies, publish_aging_policy

app = typer.Typer(help="Aging policies.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name; “default” is what a company ages by.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON with basis, credits, upper_bounds.")],
    company: Annotated[str, typer.Option(help="Company code.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Publish a version of a policy.

    Example: tieout aging add default policy.json --company ACME, where the file holds
    {"basis": "due_date", "credits": "netted", "upper_bounds": [0, 30, 60, 90]}
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        policy = await publish_aging_policy(context.engine, found, name, _read(name, file))
        return {"name": policy.name, "version": policy.version, "labels": list(policy.labels), **policy.body}

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(answer["name"], answer["version"]))


@app.command("list")
def list_(
    company: Annotated[str, typer.Option(help="Company code.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List the versions of all policies.

    Example: tieout aging list --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        policies = await aging_policies(context.engine, found)
        return {
            "policies": [
                {"name": one.name, "version": one.version, "labels": list(one.labels), **one.body} for one in policies
            ]
        }

    run_command(work, as_json=as_json, show=_show)


def _read(name: str, file: Path) -> dict[str, Any]:
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AgingPolicyInvalid(name=name, reason=str(error)) from error
    if not isinstance(body, dict):
        raise AgingPolicyInvalid(name=name, reason="not an object")
    return body


def _show(console: Console, answer: dict[str, Any]) -> None:
    table = Table("name", "version", "basis", "credits", "buckets")
    for one in answer["policies"]:
        table.add_row(one["name"], str(one["version"]), one["basis"], one["credits"], " ".join(one["labels"]))
    console.print(table)
