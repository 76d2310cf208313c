"""`tieout demo`: the sample company, to look at and to try things on."""

from typing import Annotated, Any

import typer
from rich.console import Console

from console.context import Context, run_command
from console.speech import say
from services.make_sample_company import PASSWORD, make_sample_company

DEFAULT_CUSTOMERS = 120
"""Enough for every page to have something on it, made within a minute or two."""


def demo_command(
    seed: Annotated[int, typer.Option(help="Same seed, same books.")] = 1,
    customers: Annotated[int, typer.Option(min=20, help="How many customers.")] = DEFAULT_CUSTOMERS,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Make the sample company: a year of books, months sent and answered, one run that waits in the inbox.

    Deterministic by seed; killed, it goes on where it stopped; complete, it does nothing.

    Example: tieout demo --seed 7 --customers 300
    """

    async def work(context: Context) -> dict[str, Any]:
        return await make_sample_company(context.engine, context.settings, seed=seed, customers=customers)

    run_command(work, as_json=as_json, show=_show)


def _show(console: Console, answer: dict[str, Any]) -> None:
    values = {key: answer.get(key, 0) for key in ("company", "customers", "items", "statements")}
    sentence = "The sample company {company}: {customers} customers, {items} documents, {statements} statements."
    console.print(say(sentence, **values))
    console.print(
        say(
            "Sign in as {reviewer}, {manager} or {clerk} with the password {password}",
            reviewer="alice@demo.example", manager="chen@demo.example", clerk="bob@demo.example", password=PASSWORD,
        )
    )  # fmt: skip
