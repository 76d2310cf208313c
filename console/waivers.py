"""`tieout approvals findings` and `waive`: what may be waived, and asking two others to waive it."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.speech import command_language, say
from services.add_company import company_by_code
from services.add_user import UserUnknown
from services.ask_waiver import ask_waiver
from services.waiver_subjects import WAIVERS, finding_sentence
from storage.database import transaction
from storage.findings import list_findings
from storage.people import find_person_by_email
from storage.waivers import open_waivers

CompanyCode = Annotated[str, typer.Option(help="Company code.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def findings(company: CompanyCode, as_json: AsJson = False) -> None:
    """List open differences and findings, each with its id and the request for its waiver, if one is open.

    Example: tieout approvals findings --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        async with transaction(context.engine, found.id) as session:
            rows = await list_findings(session, found.id)
            asked = await open_waivers(session, found.id, WAIVERS)
        return {
            "findings": [
                {"id": str(row.id), "check": row.check, "code": row.code, "severity": row.severity,
                 "message": finding_sentence(row.code, row.subject_id, row.facts, command_language()),
                 "facts": row.facts, "request": str(asked[row.id]) if row.id in asked else None}
                for row in rows
            ]
        }  # fmt: skip

    run_command(work, as_json=as_json, show=_show_findings)


def waive(
    finding: Annotated[UUID, typer.Argument(help="Id of the finding.")],
    company: CompanyCode,
    as_whom: Annotated[str, typer.Option("--as", help="E-mail address of the person who asks.")],
    reason: Annotated[str, typer.Option(help="Why the company can live with it.")],
    as_json: AsJson = False,
) -> None:
    """Ask that a finding be waived; two other people decide, under the policy `waivers`.

    Example: tieout approvals waive 0198a1c2-… --company ACME --as carl@acme.example --reason "rounding of the source"
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        async with transaction(context.engine, found.id) as session:
            person = await find_person_by_email(session, found.id, as_whom)
        if person is None or person.disabled:
            raise UserUnknown(email=as_whom)
        return {"request": str(await ask_waiver(context.engine, found, finding, reason, person.id))}

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(answer["request"]))


def _show_findings(console: Console, answer: dict[str, Any]) -> None:
    table = Table("id", say("Check"), say("Finding"), say("Waiver"))
    for one in answer["findings"]:
        table.add_row(one["id"], one["check"], one["message"], one["request"] or "")
    console.print(table)
