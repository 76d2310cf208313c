"""`tieout match`: cash application on a file, without a database."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.speech import command_language, fail, print_answer, say
from matching.cash_application import apply_cash
from matching.problem import answer, read_problem
from words.refusal import Refusal

MAX_SHOWN = 60
"""Applications on the screen; --json and --out have all of them."""

LARGEST_FILE = 200_000_000
"""Bytes; half a million payments. The whole document is held in memory."""


class ProblemUnreadable(Refusal):
    """No JSON document there."""

    code = "problem_unreadable"
    sentence = "{path} cannot be read as JSON: {why}."
    remedy = "Give a JSON file with invoices, payments and remittance_lines."


def match_command(
    problem: Annotated[Path, typer.Argument(help="JSON file with invoices, payments and remittance_lines.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write the answer's JSON document here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Which payment settles which invoice, how sure that is and why; nothing is posted.

    Example: tieout match problem.json --out answer.json
    """
    language = command_language()
    try:
        found = read_problem(_document(problem))
        result = answer(found, apply_cash(found.documents, found.receipts), language)
        if out is not None:
            _write(out, result)
    except Refusal as refusal:
        fail(refusal, language)
    print_answer(result, as_json=as_json, show=_show)


def _document(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ProblemUnreadable(path=path, why=f"> {LARGEST_FILE:,} bytes")
        return json.loads(path.read_text("utf-8-sig"), parse_float=Decimal, parse_constant=str)
    except (OSError, ValueError, RecursionError) as error:
        raise ProblemUnreadable(path=path, why=str(error) or type(error).__name__) from error


def _write(path: Path, result: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise ProblemUnreadable(path=path, why=error.strerror or str(error)) from error


def _show(console: Console, result: dict[str, Any]) -> None:
    rows = result["applications"]
    table = Table(title_justify="left")
    for name in ("Payment", "Document", "Amount", "Band", "Reason"):
        table.add_column(say(name), justify="right" if name == "Amount" else "left")
    for row in rows[:MAX_SHOWN]:
        band = say("posts by itself") if row["band"] == "auto" else say("waits for a person")
        table.add_row(row["payment_id"], row["invoice_id"], row["applied_amount"], band, row["reason"])
    console.print(table)
    if len(rows) > MAX_SHOWN:
        console.print(f"… {len(rows) - MAX_SHOWN}")
    console.print(
        say(
            "{applications} applications; left over: {payments} payments and {invoices} documents.",
            applications=len(rows),
            payments=len(result["unmatched_payments"]),
            invoices=len(result["unapplied_invoices"]),
        )
    )
