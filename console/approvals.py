"""`tieout approvals`: what waits, what was decided, and what a policy would do."""

import json
import secrets
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from console.context import Context, run_command
from console.policies import draft, publish
from console.waivers import findings, waive
from services.add_company import company_by_code
from services.add_user import UserUnknown
from services.decide_approval import RequestUnknown, decide
from services.edit_policies import parsed
from services.publish_policy import PolicyInvalid
from services.show_approval import policy_named, show_approval, show_approvals, simulate_policy
from services.show_inbox import inbox
from storage.approvals import read_request
from storage.companies import Company
from storage.database import transaction
from storage.people import find_person_by_email

app = typer.Typer(help="Requests for approval.", no_args_is_help=True)
app.command("findings")(findings)
app.command("waive")(waive)
app.command("draft")(draft)
app.command("publish")(publish)

CompanyCode = Annotated[str, typer.Option(help="Company code.")]
AsWhom = Annotated[str, typer.Option("--as", help="E-mail address of the person who decides.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command("list")
def list_(
    company: CompanyCode,
    state: Annotated[str | None, typer.Option(help="open, approved, rejected, returned … ; all when absent.")] = None,
    as_whom: Annotated[str | None, typer.Option("--as", help="Only what waits for this person (e-mail).")] = None,
    as_json: AsJson = False,
) -> None:
    """List requests, newest first; with --as, what waits for a person, oldest first.

    Example: tieout approvals list --company ACME --as alice@acme.example
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        language = context.settings.language
        async with transaction(context.engine, found.id) as session:
            if as_whom is None:
                return {"requests": await show_approvals(session, found.id, state, language)}
            person = await find_person_by_email(session, found.id, as_whom)
            if person is None:
                raise UserUnknown(email=as_whom)
            waiting = await inbox(session, found, person.id, language=language)
        return {
            "requests": [
                {"id": str(card.request_id), "title": card.title, "state": "open", "stage": card.stage,
                 "round": card.round, "opened_at": card.opened_at.isoformat(), "for": card.for_whom,
                 "figures": list(card.figures)}
                for card in waiting.cards
            ]
        }  # fmt: skip

    run_command(work, as_json=as_json, show=_show_list)


@app.command("show")
def show(
    request: Annotated[UUID, typer.Argument(help="Id of the request.")], company: CompanyCode, as_json: AsJson = False
) -> None:
    """Show one request with its whole trail.

    Example: tieout approvals show 0198a1c2-… --company ACME --json
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        async with transaction(context.engine, found.id) as session:
            view = await show_approval(session, found.id, request, context.settings.language)
        return view.as_json()

    run_command(work, as_json=as_json, show=_show_one)


@app.command("approve")
def approve(
    request: Annotated[UUID, typer.Argument(help="Id of the request.")],
    company: CompanyCode,
    as_whom: AsWhom,
    comment: Annotated[str, typer.Option(help="In words, where the policy asks for it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Approve a request as it stands.

    Example: tieout approvals approve 0198a1c2-… --company ACME --as alice@acme.example
    """
    _decide(request, company, as_whom, "approve", comment, as_json)


@app.command("reject")
def reject(
    request: Annotated[UUID, typer.Argument(help="Id of the request.")],
    company: CompanyCode,
    as_whom: AsWhom,
    comment: Annotated[str, typer.Option(help="Why; the default policy asks for it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Reject a request: a veto, it ends.

    Example: tieout approvals reject 0198a1c2-… --company ACME --as alice@acme.example --comment "wrong customer"
    """
    _decide(request, company, as_whom, "reject", comment, as_json)


@app.command("return")
def return_(
    request: Annotated[UUID, typer.Argument(help="Id of the request.")],
    company: CompanyCode,
    as_whom: AsWhom,
    comment: Annotated[str, typer.Option(help="What should be changed.")] = "",
    as_json: AsJson = False,
) -> None:
    """Return a request to its preparer for another round.

    Example: tieout approvals return 0198a1c2-… --company ACME --as alice@acme.example --comment "line 3 is paid"
    """
    _decide(request, company, as_whom, "return", comment, as_json)


@app.command("simulate")
def simulate(
    policy: Annotated[str, typer.Argument(help="Name of the policy in force, or a JSON file with another.")],
    company: CompanyCode,
    facts: Annotated[str | None, typer.Option(help='Facts of a subject, as JSON: {"currency": "CNY", …}.')] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a policy means, what is wrong with it, and what it would do.

    Example: tieout approvals simulate statements --company ACME --facts '{"currency": "CNY", "closing_whole": 9000}'
    """
    file = Path(policy)
    own = _read(file.read_text(encoding="utf-8")) if file.is_file() else None

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        async with transaction(context.engine, found.id) as session:
            chosen = parsed(own) if own is not None else await policy_named(session, found.id, policy)
            given = _read(facts) if facts is not None else None
            return await simulate_policy(session, found.id, chosen, given, context.settings.language)

    run_command(work, as_json=as_json, show=_show_simulated)


def _decide(request: UUID, company: str, as_whom: str, command: str, comment: str, as_json: bool) -> None:
    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        return await _decide_as_it_stands(context, found, request, as_whom, command, comment)

    run_command(work, as_json=as_json, show=lambda console, answer: console.print(f"{answer['state']}"))


async def _decide_as_it_stands(
    context: Context, company: Company, request_id: UUID, as_whom: str, command: str, comment: str
) -> dict[str, Any]:
    async with transaction(context.engine, company.id) as session:
        person = await find_person_by_email(session, company.id, as_whom)
        stored = await read_request(session, company.id, request_id)
    if person is None:
        raise UserUnknown(email=as_whom)
    if stored is None:
        raise RequestUnknown
    seen = stored.request
    outcome = await decide(
        context.engine, company.id, request_id, command, actor_id=person.id, round=seen.round, stage=seen.stage,
        digest=seen.digest, comment=comment, key=f"console/{secrets.token_hex(16)}", channel="console",
    )  # fmt: skip
    return {
        "request": outcome.request_id, "state": outcome.state, "stage": outcome.stage, "round": outcome.round,
        "acts": list(outcome.acts), "at": outcome.at,
    }  # fmt: skip


def _read(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyInvalid(problem=str(error)) from error
    if not isinstance(document, dict):
        raise PolicyInvalid(problem="an object is expected")
    return document


def _show_list(console: Console, answer: dict[str, Any]) -> None:
    table = Table("id", "document", "state", "stage", "opened")
    for one in answer["requests"]:
        table.add_row(one["id"], one["title"], one["state"], str(one["stage"]), one["opened_at"][:16])
    console.print(table)


def _show_one(console: Console, answer: dict[str, Any]) -> None:
    console.print(f"{answer['title']}: {answer['state']} {answer['reason']}")
    table = Table("#", "act", "by", "for", "channel", "stage", "at")
    for act in answer["acts"]:
        table.add_row(
            str(act["number"]), act["kind"], act["by"], act["for"], act["channel"], str(act["stage"]), act["at"][:19]
        )
    console.print(table)


def _show_simulated(console: Console, answer: dict[str, Any]) -> None:
    for sentence in answer["words"]:
        console.print(sentence)
    for fault in answer["faults"]:
        console.print(f"! {fault['severity']}: {fault['code']} (stage {fault['stage']}): {fault['detail']}")
    if answer["simulated"] is not None:
        console.print_json(json.dumps(answer["simulated"]))
    changed = len(answer["history"]["changed"])
    console.print(f"{changed} of {answer['history']['requests']} requests of the last quarter would differ.")
