"""`tieout confirmations`: rounds of confirmation letters 询证函, from the sample to the worksheet."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.confirmation_labels import CONFIRMATION_STATES
from console.context import Context, run_command
from console.given import day
from console.speech import command_language, say
from services.add_company import company_by_code
from services.add_user import UserUnknown
from services.close_confirmations import close_round, discard_round, release_round
from services.confirmation_desk import Desk
from services.confirmation_worksheet import worksheet_file
from services.draw_confirmations import REMIND_AFTER, REPLY_DAYS, Wish, draw_round
from services.examine_later_receipts import examine_later_receipts, worksheet_json
from services.keep_attachment import keyring_of
from services.prove_auditor import proved_desk
from services.send_confirmations import Sent, remind_round, send_round
from services.show_confirmations import letter_json, round_json, show_round, show_rounds, summary_json
from services.sign_letters import keep_signing_key
from statements.confirmation_sample import method_of
from storage.database import transaction
from storage.people import find_person_by_email

app = typer.Typer(help="Confirmation letters.", no_args_is_help=True)

CompanyCode = Annotated[str, typer.Option(help="Company code.")]
Whom = Annotated[str, typer.Option("--as", help="E-mail address of the person who acts.")]
Code = Annotated[str, typer.Option(help="Digits of the authenticator app; an auditor needs them.")]
Number = Annotated[str, typer.Argument(help="Number of the round, 2026-06-30/1.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


async def _desk(context: Context, company: str, as_whom: str, code: str) -> Desk:
    found = await company_by_code(context.engine, company)
    async with transaction(context.engine, found.id) as session:
        person = await find_person_by_email(session, found.id, as_whom)
    if person is None or person.disabled:
        raise UserUnknown(email=as_whom)
    return await proved_desk(context.engine, found, person, code, datetime.now(UTC))


@app.command("sample")
def sample(  # noqa: PLR0913, PLR0917 - a round has a day, a form, a mode, a method with its figures, and two terms
    company: CompanyCode,
    as_whom: Whom,
    as_of: Annotated[str, typer.Option(help="Day of the balances, 2026-06-30.")],
    method: Annotated[str, typer.Option(help="all, largest, coverage, random or stratified.")] = "all",
    count: Annotated[str, typer.Option(help="Customers per currency, for largest and random.")] = "",
    percent: Annotated[str, typer.Option(help="Share of the absolute balance per currency, for coverage.")] = "",
    seed: Annotated[str, typer.Option(help="Any text; the same seed draws the same customers.")] = "",
    strata: Annotated[str, typer.Option(help="From which amount how many, “0:5, 10000:20, 100000:all”.")] = "",
    form: Annotated[str, typer.Option(help="positive, negative or blank.")] = "positive",
    mode: Annotated[str, typer.Option(help="commercial, or audit as its auditor.")] = "commercial",
    language: Annotated[str, typer.Option(help="zh, en or de for all letters; empty: each customer's own.")] = "",
    reply_days: Annotated[int, typer.Option(help="Working days to reply.")] = REPLY_DAYS,
    remind_after: Annotated[int, typer.Option(help="Working days until the second request.")] = REMIND_AFTER,
    code: Code = "",
    as_json: AsJson = False,
) -> None:
    """Draw a round of letters; nothing is sent yet.

    Example: tieout confirmations sample --company ACME --as bob@acme.example --as-of 2026-06-30 --method all
    """

    async def work(context: Context) -> dict[str, Any]:
        desk = await _desk(context, company, as_whom, code)
        chosen = method_of(method, count=count, percent=percent, seed=seed, strata=strata)
        drawn = await draw_round(desk, Wish(day(as_of), chosen, form, mode, language, reply_days, remind_after))
        return {
            "number": drawn.number, "letters": drawn.letters, "customers": list(drawn.sample.customers),
            "population": drawn.sample.population, "population_sha256": drawn.sample.population_sha256,
            "sample_sha256": drawn.sample.sample_sha256,
        }  # fmt: skip

    run_command(work, as_json=as_json, show=_show_drawn)


@app.command("send")
def send(number: Number, company: CompanyCode, as_whom: Whom, code: Code = "", as_json: AsJson = False) -> None:
    """Send a drawn round: as a second person, or as the auditor whose round it is.

    Example: tieout confirmations send 2026-06-30/1 --company ACME --as alice@acme.example
    """

    async def work(context: Context) -> dict[str, Any]:
        return _sent(await send_round(await _desk(context, company, as_whom, code), number))

    run_command(work, as_json=as_json, show=_show_sent)


@app.command("remind")
def remind(number: Number, company: CompanyCode, as_whom: Whom, code: Code = "", as_json: AsJson = False) -> None:
    """Send the second request now to whoever has not replied; the clock does it by itself after the set days.

    Example: tieout confirmations remind 2026-06-30/1 --company ACME --as bob@acme.example
    """

    async def work(context: Context) -> dict[str, Any]:
        return _sent(await remind_round(await _desk(context, company, as_whom, code), number))

    run_command(work, as_json=as_json, show=_show_sent)


@app.command("close")
def close(number: Number, company: CompanyCode, as_whom: Whom, code: Code = "", as_json: AsJson = False) -> None:
    """Take no more replies; whoever has not replied was silent.

    Example: tieout confirmations close 2026-06-30/1 --company ACME --as bob@acme.example
    """
    _end(number, company, as_whom, code, "closed", as_json=as_json)


@app.command("release")
def release(number: Number, company: CompanyCode, as_whom: Whom, code: Code = "", as_json: AsJson = False) -> None:
    """Open an audit's closed round to the company, for good; only its auditor can.

    Example: tieout confirmations release 2026-06-30/1 --company ACME --as vera@auditor.example --code 123456
    """
    _end(number, company, as_whom, code, "released", as_json=as_json)


@app.command("discard")
def discard(number: Number, company: CompanyCode, as_whom: Whom, code: Code = "", as_json: AsJson = False) -> None:
    """Put aside a round that was drawn and not sent.

    Example: tieout confirmations discard 2026-06-30/1 --company ACME --as bob@acme.example
    """
    _end(number, company, as_whom, code, "discarded", as_json=as_json)


_ENDS = {"closed": close_round, "released": release_round, "discarded": discard_round}


def _end(number: str, company: str, as_whom: str, code: str, state: str, *, as_json: bool) -> None:
    async def work(context: Context) -> dict[str, Any]:
        await _ENDS[state](await _desk(context, company, as_whom, code), number)
        return {"number": number, "state": state}

    run_command(
        work, as_json=as_json, show=lambda console, one: console.print(f"{one['number']} {_state(one['state'])}")
    )


@app.command("list")
def list_command(
    company: CompanyCode,
    as_whom: Whom,
    number: Annotated[str, typer.Option(help="One round with its letters and figures.")] = "",
    code: Code = "",
    as_json: AsJson = False,
) -> None:
    """List rounds, or one round with its letters, replies and coverage, as far as this person may see them.

    Example: tieout confirmations list --company ACME --as bob@acme.example --number 2026-06-30/1
    """

    async def work(context: Context) -> dict[str, Any]:
        desk = await _desk(context, company, as_whom, code)
        if not number:
            return {"rounds": [round_json(one) for one in await show_rounds(desk)]}
        shown = await show_round(desk, number)
        return {
            **round_json(shown.round), "closed_to_you": shown.closed_to, "summary": summary_json(shown.summary),
            "letters": [letter_json(one) for one in shown.letters],
        }  # fmt: skip

    run_command(work, as_json=as_json, show=_show_letters if number else _show_rounds)


@app.command("worksheet")
def worksheet(
    number: Number,
    company: CompanyCode,
    as_whom: Whom,
    xlsx: Annotated[Path | None, typer.Option(help="Write the worksheet to this file.")] = None,
    code: Code = "",
    as_json: AsJson = False,
) -> None:
    """Alternative procedures: for each letter without a reply its open items and what came in for them later.

    Example: tieout confirmations worksheet 2026-06-30/1 --company ACME --as bob@acme.example --xlsx worksheet.xlsx
    """

    async def work(context: Context) -> dict[str, Any]:
        sheet = await examine_later_receipts(await _desk(context, company, as_whom, code), number)
        if xlsx is not None:
            found = await company_by_code(context.engine, company)
            xlsx.write_bytes(worksheet_file(found, sheet, command_language()))
        return {"number": number, "letters": worksheet_json(sheet)}

    run_command(work, as_json=as_json, show=_show_worksheet)


@app.command("key")
def key(
    file: Annotated[Path, typer.Argument(help="PKCS#12 file with key and certificate.", exists=True, dir_okay=False)],
    company: CompanyCode,
    passphrase: Annotated[
        str, typer.Option(prompt=True, hide_input=True, envvar="TIEOUT_KEY_PASSPHRASE", help="Opens the file.")
    ],
    as_json: AsJson = False,
) -> None:
    """Keep a key, sealed, with which the company's letters are signed (PAdES); the passphrase is asked for.

    Example: tieout confirmations key acme.p12 --company ACME
    """

    async def work(context: Context) -> dict[str, Any]:
        found = await company_by_code(context.engine, company)
        keyring = keyring_of(context.settings)
        return {"subject": keep_signing_key(context.settings, found, keyring, file.read_bytes(), passphrase)}

    run_command(work, as_json=as_json, show=lambda console, one: console.print(one["subject"]))


def _show_drawn(console: Console, one: dict[str, Any]) -> None:
    console.print(say("{number}: {count} letters", number=one["number"], count=one["letters"]))


def _sent(sent: Sent) -> dict[str, Any]:
    return {"number": sent.number, "by_email": sent.by_email, "by_post": sent.by_post}


def _show_sent(console: Console, one: dict[str, Any]) -> None:
    console.print(
        say("{email} by e-mail, {post} to be printed and posted", email=one["by_email"], post=one["by_post"])
    )  # fmt: skip


def _state(state: str) -> str:
    return say(CONFIRMATION_STATES[state])


def _show_rounds(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Number"), say("As of"), say("Form"), say("Mode"), say("Status"), say("Reply by"))
    for one in answer["rounds"]:
        table.add_row(one["number"], one["as_of"], one["form"], one["mode"], _state(one["state"]), one["reply_by"])
    console.print(table)


def _show_letters(console: Console, answer: dict[str, Any]) -> None:
    if answer["closed_to_you"]:
        console.print(say("The letters of this audit are open to its auditor only, until they are released."))
        return
    table = Table(say("Customer"), say("Balance"), say("Status"), say("Difference"))
    for one in answer["letters"]:
        differences = one["reply"]["differences"] if one["reply"] else {}
        balances, differing = (
            " ".join(f"{c} {a}" for c, a in amounts.items()) for amounts in (one["balances"], differences)
        )
        table.add_row(f"{one['customer']} {one['name']}", balances, _state(one["state"]), differing)
    console.print(table)


def _show_worksheet(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Customer"), say("Currency"), say("Coverage %"))
    for one in answer["letters"]:
        for currency, share in one["coverage_percent"].items():
            table.add_row(f"{one['customer']} {one['name']}", currency, share)
    console.print(table)
