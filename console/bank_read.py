"""`tieout bank read`: one bank file read and held against itself, without a database."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.speech import command_language, fail, print_answer, say
from services.read_bank_file import BankFileRefused, read_bank_file
from words.refusal import Refusal

app = typer.Typer(help="Bank files: MT940, camt, BAI2, OFX, tables of banks and wallets.", no_args_is_help=True)

SHOWN_LINES = 20
"""Lines printed for people per statement; `--json` lists all."""

SHOWN_FINDINGS = 30
"""Findings printed for people; `--json` lists all."""


class BankFileMissing(Refusal):
    """No such file on this machine."""

    code = "file_unknown"
    sentence = "There is no file {path}."
    remedy = "Check the path."


@app.command("read")
def read(
    file: Annotated[Path, typer.Argument(help="The bank's or wallet's file; its kind is found by its content.")],
    layout: Annotated[
        Path | None, typer.Option("--map", help="A map (TOML) that says which column of a table is which.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Read one bank file and hold it against itself. Nothing is posted and no database is needed.

    Example: tieout bank read june.mt940 --json
    """
    language = command_language()
    try:
        for path in filter(None, (file, layout)):
            if not path.is_file():
                raise BankFileMissing(path=str(path))
        answer = read_bank_file(file, language, layout)
    except BankFileRefused as refusal:
        if as_json:
            sys.stdout.write(json.dumps(refusal.answer(language), ensure_ascii=False) + "\n")
        fail(refusal, language)
    except Refusal as refusal:
        fail(refusal, language)
    print_answer(answer, as_json=as_json, show=_show)


def _show(console: Console, answer: dict[str, Any]) -> None:
    words = {True: say("ties"), False: say("does not tie"), None: say("nothing to check against")}
    console.print(f"{answer['format']} {answer['version']}  {words[answer['ties']]}", markup=False)
    for statement in answer["statements"]:
        title = f"{statement['account']} {statement['currency']} {statement['number']}".strip()
        table = Table(title=title, title_justify="left")
        for name in ("Row", "Date", "Amount", "Reference", "Counterparty", "Text"):
            table.add_column(say(name), justify="right" if name == "Amount" else "left")
        for line in statement["lines"][:SHOWN_LINES]:
            table.add_row(
                str(line["row"] or ""), line["date"] or "–", line["amount"] or "–", line["reference"],
                line["counterparty"], line["text"],
            )  # fmt: skip
        console.print(table, markup=False)
        if len(statement["lines"]) > SHOWN_LINES:
            console.print(say("and {count} more", count=len(statement["lines"]) - SHOWN_LINES))
        sides = f"{statement['opening'] or '–'} + {statement['sum']} = {statement['closing'] or '–'}"
        shown = f"  ({say('difference')} {statement['difference']})" if statement["ties"] is False else ""
        console.print(f"{sides}  {words[statement['ties']]}{shown}", markup=False)
    show_findings(console, answer["findings"])


def show_findings(console: Console, findings: list[dict[str, Any]]) -> None:
    """The gravest findings, for people."""
    for finding in findings[:SHOWN_FINDINGS]:
        place = f"{finding['row']}: " if finding["row"] else ""
        console.print(f"{finding['severity']:<10} {place}{finding['message']} {finding['raw']!r}", markup=False)
        if finding["remedy"]:
            console.print(f"           {finding['remedy']}", markup=False)
    if len(findings) > SHOWN_FINDINGS:
        console.print(say("and {count} more", count=len(findings) - SHOWN_FINDINGS))
