"""`tieout doctor`: examines the system and says what to do about what is missing."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from console.context import PERSON_ERROR
from console.speech import command_language, print_answer, say
from services.examine_system import examine_system
from services.settings import Settings
from storage.database import engine_for
from storage.embedded import database_url, start_embedded

ASSETS = Path(__file__).resolve().parent.parent / "assets"

MARKS = {"ok": "[green]✓[/green]", "notice": "[yellow]•[/yellow]", "fault": "[red]✗[/red]"}


def doctor_command(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Examine database, migrations, row security, mail, chat, Prefect, disk, clock, fonts and backups.

    Changes nothing; exits with 2 when something is at fault.

    Example: tieout doctor --json
    """
    answer = asyncio.run(_examine(Settings()))
    print_answer(answer, as_json=as_json, show=_show)
    if answer["faults"]:
        raise typer.Exit(PERSON_ERROR)


async def _examine(settings: Settings) -> dict[str, Any]:
    url = settings.database_url or database_url(await asyncio.to_thread(start_embedded, settings.home))
    engine = engine_for(url)
    try:
        found = await examine_system(settings, url, engine, ASSETS)
    finally:
        await engine.dispose()
    faults = sum(one.state == "fault" for one in found)
    return {
        "healthy": faults == 0, "faults": faults, "examined": [one.as_json(command_language()) for one in found]
    }  # fmt: skip


def _show(console: Console, answer: dict[str, Any]) -> None:
    for one in answer["examined"]:
        console.print(f"{MARKS[one['state']]} {escape(one['message'])}")
        if one["remedy"]:
            console.print(f"    {escape(one['remedy'])}")
    console.print(say("{count} faults.", count=answer["faults"]))
