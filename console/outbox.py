"""`tieout outbox` and `tieout deliveries`: what is queued, what was given up, what became of a statement's mails."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from console.context import Context, run_command
from console.speech import say
from notifications.labels import ATTEMPTS, EVENTS, STATES
from services.add_company import company_by_code
from services.cancel_message import cancel_message
from services.confirm_arrival import confirm_arrival
from services.lift_suppression import lift_address
from services.retry_message import retry_message
from services.show_deliveries import show_deliveries
from storage.database import transaction
from storage.holds import suppressed_addresses
from storage.outbox import OutboxRow, count_states, list_rows

app = typer.Typer(help="Messages that wait, were given up, or arrived.", no_args_is_help=True)

CompanyOption = Annotated[str, typer.Option("--company", help="Company code.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document.")]
HIDDEN = ("frozen", "lease_token", "age")
"""Not for print: bytes with links in them, and machinery."""


@app.command("list")
def list_messages(
    company: CompanyOption,
    state: Annotated[
        str | None,
        typer.Option(help="pending, sending, accepted, uncertain, suppressed, dead or cancelled."),
    ] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List messages.

    Example: tieout outbox list --company ACME --state dead
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        async with transaction(context.engine, found.id) as session:
            rows = await list_rows(session, found.id, state=state, limit=limit)
            counts = await count_states(session, found.id)
        return {"counts": counts, "messages": [_plain(row) for row in rows]}

    run_command(work, as_json=as_json, show=_show_list)


@app.command("retry")
def retry(
    message: Annotated[UUID, typer.Argument(help="The message's id.")],
    company: CompanyOption,
    as_json: JsonOption = False,
) -> None:
    """Send a given-up message again, with the same Message-ID.

    Example: tieout outbox retry 0198a1b2-… --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        return _plain(await retry_message(context.engine, found.id, message))

    run_command(work, as_json=as_json, show=lambda console, row: console.print(say("Queued again: {id}", id=row["id"])))


@app.command("cancel")
def cancel(
    message: Annotated[UUID, typer.Argument(help="The message's id.")],
    company: CompanyOption,
    as_json: JsonOption = False,
) -> None:
    """Call a waiting or given-up message off.

    Example: tieout outbox cancel 0198a1b2-… --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        return _plain(await cancel_message(context.engine, found.id, message)) | {"state": "cancelled"}

    run_command(work, as_json=as_json, show=lambda console, row: console.print(say("Called off: {id}", id=row["id"])))


@app.command("arrived")
def arrived(
    message: Annotated[UUID, typer.Argument(help="The message's id.")],
    company: CompanyOption,
    as_json: JsonOption = False,
) -> None:
    """Say of an uncertain message that it arrived: it is not sent again.

    Example: tieout outbox arrived 0198a1b2-… --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        return _plain(await confirm_arrival(context.engine, found.id, message)) | {"state": "accepted"}

    run_command(work, as_json=as_json, show=lambda console, row: console.print(say("It arrived: {id}", id=row["id"])))


@app.command("suppressed")
def suppressed(company: CompanyOption, as_json: JsonOption = False) -> None:
    """List the addresses that nothing goes to, with the words that said so.

    Example: tieout outbox suppressed --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        async with transaction(context.engine, found.id) as session:
            return {"addresses": [asdict(one) for one in await suppressed_addresses(session, found.id)]}

    run_command(work, as_json=as_json, show=_show_suppressed)


@app.command("lift")
def lift(
    address: Annotated[str, typer.Argument(help="The suppressed address.")],
    company: CompanyOption,
    as_json: JsonOption = False,
) -> None:
    """Let messages go to a suppressed address again.

    Example: tieout outbox lift ap@northwind.example --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        return {"address": address, "reason": await lift_address(context.engine, found.id, address)}

    def show(console: Console, row: dict[str, Any]) -> None:
        console.print(escape(say("Messages go to {address} again.", address=row["address"])))

    run_command(work, as_json=as_json, show=show)


def deliveries(
    company: CompanyOption,
    statement: Annotated[str, typer.Option(help="The statement's number.")],
    as_json: JsonOption = False,
) -> None:
    """Show what became of a statement's messages.

    Example: tieout deliveries --company ACME --statement 2026-06/C00123/CNY/v1
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        return await show_deliveries(context.engine, found.id, statement)

    run_command(work, as_json=as_json, show=_show_deliveries)


def _plain(row: OutboxRow) -> dict[str, Any]:
    return {key: value for key, value in asdict(row).items() if key not in HIDDEN}


def _show_list(console: Console, answer: dict[str, Any]) -> None:
    counts = "  ".join(f"{say(STATES[state])}: {count}" for state, count in sorted(answer["counts"].items()))
    console.print(counts or say("No messages."))
    table = Table(*(say(name) for name in ("Id", "Message", "Recipient", "State", "Tries", "The server's words")))
    for row in answer["messages"]:
        table.add_row(
            str(row["id"]), f"{row['kind']} ({row['channel']})", escape(row["recipient"]), say(STATES[row["state"]]),
            str(row["tries"]), escape(row["answer"] or ""),
        )  # fmt: skip
    if answer["messages"]:
        console.print(table)


def _show_suppressed(console: Console, answer: dict[str, Any]) -> None:
    table = Table(*(say(name) for name in ("Address", "Since", "The server's words")))
    for one in answer["addresses"]:
        table.add_row(escape(one["address"]), f"{one['since']:%Y-%m-%d %H:%M}", escape(one["reason"]))
    console.print(table if answer["addresses"] else say("No address is suppressed."))


def _show_deliveries(console: Console, answer: dict[str, Any]) -> None:
    table = Table(
        *(say(name) for name in ("When", "Event", "Recipient", "The server's words")), title=answer["statement"]
    )
    for event in answer["events"]:
        table.add_row(
            f"{event['at']:%Y-%m-%d %H:%M:%S}", say(EVENTS.get(event["kind"], event["kind"])),
            escape(event["recipient"]), escape(str(event["facts"].get("answer", ""))),
        )  # fmt: skip
    console.print(table)
    for message in answer["messages"]:
        tries = ", ".join(
            f"{say(ATTEMPTS.get(one['outcome'], one['outcome']))} ({one['answer']})" for one in message["attempts"]
        )
        told = say("{id} to {recipient}: {state}", id=message["message_id"], recipient=message["recipient"],
                   state=say(STATES[message["state"]]))  # fmt: skip
        console.print(escape(f"{told}; {tries}" if tries else told))
