"""`tieout user`: the people of a company, their roles, and leavers."""

from typing import Annotated, Any
from uuid import UUID

import typer

from console.context import Context, run_command
from services.add_company import company_by_code
from services.add_user import add_user, change_roles, disable_user
from services.fire_approval_timers import recheck_people
from storage.people import ROLES

app = typer.Typer(help="Users.", no_args_is_help=True)

CompanyCode = Annotated[str, typer.Option(help="Company code.")]
Roles = Annotated[list[str], typer.Option("--role", help=f"One of {', '.join(ROLES)}; may be repeated.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command("add")
def add(
    email: Annotated[str, typer.Argument(help="Address, with which the person signs in.")],
    company: CompanyCode,
    name: Annotated[str, typer.Option(help="Full name.")],
    role: Roles,
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, envvar="TIEOUT_NEW_PASSWORD", help="12 to 128 characters.")
    ],
    language: Annotated[str, typer.Option(help="zh or en.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Add a user; the password is asked for.

    Example: tieout user add alice@acme.example --company ACME --name "Alice Wu" --role reviewer --language zh
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        user_id = await add_user(
            context.engine, found.id, email, name, frozenset(role), password=password, language=language
        )
        await _recheck(context, found.id, role)
        return {"id": str(user_id)}

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(answer["id"]))


@app.command("roles")
def roles(
    email: Annotated[str, typer.Argument(help="Address of the user.")],
    company: CompanyCode,
    role: Roles,
    as_json: AsJson = False,
) -> None:
    """Replace a user's roles.

    Example: tieout user roles alice@acme.example --company ACME --role reviewer --role manager
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        await change_roles(context.engine, found.id, email, frozenset(role))
        return {"email": email, "roles": sorted(role), "rechecked": await _recheck(context, found.id, list(ROLES))}

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(", ".join(answer["roles"])))


@app.command("disable")
def disable(
    email: Annotated[str, typer.Argument(help="Address of the user.")], company: CompanyCode, as_json: AsJson = False
) -> None:
    """End a leaver's access: no sign-in, no links, no decisions.

    Example: tieout user disable alice@acme.example --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        await disable_user(context.engine, found.id, email)
        return {"email": email, "rechecked": await _recheck(context, found.id, list(ROLES))}

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(answer["email"]))


async def _recheck(context: Context, company_id: UUID, roles_changed: list[str]) -> int:
    return sum([await recheck_people(context.engine, company_id, role) for role in roles_changed])
