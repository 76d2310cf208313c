"""`tieout reconcile`: two ledgers of one account held against each other."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from connectors.container import read_file
from connectors.findings import FileRefusedError
from connectors.profiles import DATE_FORMS, Profile, parse_profile
from connectors.their_columns import FIELDS, SETTINGS, ColumnMap
from console.context import PERSON_ERROR, connected, fail
from console.given import day
from console.imports import existing_file
from console.speech import command_language, print_answer, say
from ledger.money import known_currencies
from matching.two_sided.report import LISTED
from matching.two_sided.terms import Rules
from services.reconcile_ledgers import LedgerFile, LedgerRefused, reconcile_files, shared_profile
from words.figures import amount_text
from words.refusal import Refusal

SHOWN = 20
"""Differences of one class printed for people; `--json` lists all."""

PERIOD_GIVEN = "The period ends on {day}."
PERIOD_FOUND = "Bookings are shifted over {day}, which is taken as the period's end."


class MapInvalid(Refusal):
    """Not a field with its header, or not a setting of the file."""

    code = "map_invalid"
    sentence = "{given} is not a column or a form of the file."
    remedy = (
        "Write FIELD=HEADER with one of {fields}; or dates= with one of {dates}; decimal=. or decimal=,; "
        "currency=CNY; sheet=NAME; header_row=3."
    )


class SignInvalid(Refusal):
    """Neither of the two ways in which their ledger may be signed."""

    code = "sign_invalid"
    sentence = "{given} is not a way to sign their ledger."
    remedy = "Write same (they show what they owe as positive) or mirrored (as negative)."


def reconcile_command(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    ours: Annotated[Path, typer.Argument(help="Our ledger: CSV, TSV, XLSX or XLS, also in ZIP, .gz or .zst.")],
    theirs: Annotated[Path, typer.Argument(help="The customer's ledger of the same account.")],
    profile: Annotated[
        str | None, typer.Option(help="Import profile that fits our file (TOML file, or name of an added one).")
    ] = None,
    their_profile: Annotated[str | None, typer.Option(help="The same for their file.")] = None,
    ours_map: Annotated[
        list[str] | None,
        typer.Option(help="Corrects a column of ours: FIELD=HEADER; also dates=, decimal=, currency=."),
    ] = None,
    their_map: Annotated[list[str] | None, typer.Option(help="The same for their file.")] = None,
    period_end: Annotated[str | None, typer.Option(help="Rows after this day belong to the next period.")] = None,
    their_sign: Annotated[
        str | None, typer.Option(help="same or mirrored: how they write what they owe; found out unless given.")
    ] = None,
    listed: Annotated[int, typer.Option(help="Rows listed per class in the JSON; all are counted.")] = LISTED,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Hold two ledgers of one account against each other: differences by class, and the bridge between the balances.

    No database is needed. Example: tieout reconcile ours.csv theirs.xlsx --their-map number="Supplier invoice" --json
    """
    language = command_language()
    try:
        rules = Rules(day(period_end) if period_end else None, _mirrored(their_sign))
        our_file = _file(ours, ours_map or (), profile)
        their_file = _file(theirs, their_map or (), their_profile)
        answer = reconcile_files(our_file, their_file, rules, language, listed)
    except LedgerRefused as refusal:
        _fail_with_findings(refusal, language)
    except Refusal as refusal:
        fail(refusal, language)
    print_answer(answer, as_json=as_json, show=_show)


def _fail_with_findings(refusal: LedgerRefused, language: str) -> None:
    error = {
        "code": refusal.code, "message": refusal.text(language), "remedy": refusal.remedy_text(language),
        "file": refusal.filename, "findings": refusal.as_json(language),
    }  # fmt: skip
    sys.stderr.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
    raise typer.Exit(PERSON_ERROR)


def _file(path: Path, wishes: Sequence[str], profile: str | None) -> LedgerFile:
    try:
        content = read_file(existing_file(path))
    except FileRefusedError as error:
        raise LedgerRefused(path.name, [error.finding]) from error
    return LedgerFile(path.name, content, wished(wishes), _profile(profile) if profile is not None else None)


def _profile(given: str) -> Profile:
    path = Path(given)
    if path.is_file():
        return parse_profile(path.read_text(encoding="utf-8"))

    async def added() -> Profile:
        async with connected() as context:
            return await shared_profile(context.engine, given)

    return asyncio.run(added())


def wished(pairs: Sequence[str]) -> ColumnMap:
    """What was said of a file's columns and forms. Raises MapInvalid."""
    wish = ColumnMap()
    for pair in pairs:
        name, sign, value = pair.partition("=")
        known = name in {*FIELDS, *SETTINGS} and bool(sign) and bool(value)
        better = _with_wish(wish, name, value) if known else None
        if better is None:
            raise MapInvalid(given=pair, fields=", ".join(FIELDS), dates=" / ".join(DATE_FORMS))
        wish = better
    return wish


def _with_wish(wish: ColumnMap, name: str, value: str) -> ColumnMap | None:
    if name == "currency" and value in known_currencies():
        return replace(wish, currency=value)
    if name in FIELDS:
        return replace(wish, columns={**wish.columns, name: value})
    if name == "dates":
        return replace(wish, dates=(value,)) if value in DATE_FORMS else None
    if name == "decimal":
        return replace(wish, decimal=value) if value in {".", ","} else None
    if name == "header_row":
        return replace(wish, header_row=int(value)) if value.isdecimal() and int(value) > 0 else None
    return replace(wish, sheet=value)


def _mirrored(given: str | None) -> bool | None:
    if given not in {None, "same", "mirrored"}:
        raise SignInvalid(given=given)
    return None if given is None else given == "mirrored"


def _show(console: Console, answer: dict[str, Any]) -> None:
    for side, name in (("ours", "Our ledger"), ("theirs", "Their ledger")):
        _show_file(console, answer[side], say(name))
    if answer["mirrored"]:
        console.print(say("Their ledger shows what they owe as negative; it is turned here."), markup=False)
    if answer["period_end"]:
        told = PERIOD_GIVEN if answer["period_end_given"] else PERIOD_FOUND
        console.print(say(told, day=answer["period_end"]), markup=False)
    _show_classes(console, answer)
    for currency, rows in answer["bridge"].items():
        table = Table(currency, say("Amount"))
        table.columns[1].justify = "right"
        for row in rows:
            total = row["step"].endswith("_closing")
            table.add_row(row["name"], amount_text(row["amount"], "en"), style="bold" if total else None)
        console.print(table)
    agreed = "The two ledgers agree." if answer["agrees"] else "The two ledgers do not agree; the bridge says why."
    console.print(say(agreed), markup=False)


def _show_file(console: Console, side: dict[str, Any], name: str) -> None:
    columns = ", ".join(f"{field}={header}" for field, header in side["map"]["columns"].items())
    console.print(f"{name}: {side['file']} ({side['rows']:,}) · {columns}", markup=False, soft_wrap=True)
    if side["currency"] == "XXX":
        console.print(say("It names no currency; amounts are compared as they stand."), markup=False)
    for row in side["left_out"][:SHOWN]:
        console.print(say("Row {row} is left out: totals or bare text.", row=row["row"]), markup=False)


def _show_classes(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Class"), say("How many"), say("Our rows"), say("Their rows"))
    for one in answer["classes"].values():
        if one["count"]:
            table.add_row(one["name"], f"{one['count']:,}", f"{one['our_rows']:,}", f"{one['their_rows']:,}")
    console.print(table)
    for name, links in answer["differences"].items():
        for link in links[:SHOWN]:
            places = [
                f"{say(side)}: {', '.join(str(row['row']) for row in link[key])}"
                for key, side in (("ours", "Our rows"), ("theirs", "Their rows"))
                if link[key]
            ]
            console.print(f"{answer['classes'][name]['name']} ({'; '.join(places)}): {link['why']}", markup=False)
        if len(links) > SHOWN:
            console.print(say("and {count} more", count=answer["classes"][name]["count"] - SHOWN), markup=False)
