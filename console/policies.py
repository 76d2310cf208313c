"""`tieout approvals draft` and `publish`: a policy from a file, in force once a second person says so."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from approvals.request import CONSUMED
from console.context import Context, run_command
from services.add_company import company_by_code
from services.add_user import UserUnknown
from services.edit_policies import read_document
from services.publish_policy import EDITORS, EditorNeeded, draft_policy, publish_policy
from storage.companies import Company
from storage.database import transaction
from storage.people import find_person_by_email

CompanyCode = Annotated[str, typer.Option(help="Company code.")]
AsWhom = Annotated[str, typer.Option("--as", help="E-mail address of the person who does it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def draft(
    file: Annotated[Path, typer.Argument(help="The policy, as JSON or TOML.")], company: CompanyCode, as_whom: AsWhom,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Keep a new version of a policy, not in force yet.

    Example: tieout approvals draft statements.toml --company ACME --as mona@acme.example
    """
    if not file.is_file():
        raise typer.BadParameter(f"{file} is not a file")
    text = file.read_text(encoding="utf-8")

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        person = await _person(context, found, as_whom)
        return {"policy": str(await draft_policy(context.engine, found.id, read_document(text), person))}

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(answer["policy"]))


def publish(
    policy: Annotated[UUID, typer.Argument(help="Id of the draft.")], company: CompanyCode, as_whom: AsWhom,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Put a draft in force; who drafted it cannot.

    Example: tieout approvals publish 0198a1c2-… --company ACME --as dora@acme.example
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        state = await publish_policy(context.engine, found.id, policy, await _person(context, found, as_whom))
        return {"policy": str(policy), "state": "published" if state == CONSUMED else state}

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(answer["state"]))


async def _person(context: Context, company: Company, email: str) -> UUID:
    async with transaction(context.engine, company.id) as session:
        person = await find_person_by_email(session, company.id, email)
    if person is None or person.disabled:
        raise UserUnknown(email=email)
    if not person.roles.intersection(EDITORS):
        raise EditorNeeded(roles=", ".join(EDITORS))
    return person.id
