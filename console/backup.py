"""`tieout backup` and `tieout restore`: the whole database in one file, proved before it is trusted."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from console.context import Context, run_command
from console.speech import say
from services.back_up import back_up
from services.restore import restore

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def backup_command(
    file: Annotated[Path, typer.Argument(help="The new file; its figures go beside it as FILE.json.")],
    as_json: AsJson = False,
) -> None:
    """Back the whole database up into one file.

    Example: tieout backup /var/backups/tieout-2026-06-30.dump
    """

    async def work(context: Context) -> dict[str, Any]:
        return await back_up(context.engine, context.url, file)

    run_command(work, as_json=as_json, show=_show_backup)


def _show_backup(console: Console, answer: dict[str, Any]) -> None:
    rows = sum(answer["totals"]["rows"].values())
    console.print(
        say("Saved {path}: {bytes} bytes, {rows} rows.", path=answer["path"], bytes=answer["bytes"], rows=rows)
    )
    console.print(say("Prove it now and then with: tieout restore {path} --drill", path=answer["path"]))


def restore_command(
    file: Annotated[Path, typer.Argument(help="A file made by tieout backup.")],
    replace: Annotated[bool, typer.Option(help="Put it in the place of a database that holds companies.")] = False,
    drill: Annotated[bool, typer.Option(help="Restore beside, verify, and leave everything as it is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup: loaded beside the database, its figures and audit chains verified, then swapped in.

    Example: tieout restore /var/backups/tieout-2026-06-30.dump --drill
    """

    async def work(context: Context) -> dict[str, Any]:
        return await restore(context.engine, context.url, file, replace=replace, drill=drill)

    run_command(work, as_json=as_json, show=_show_restore)


def _show_restore(console: Console, answer: dict[str, Any]) -> None:
    for code, events in answer["chains"].items():
        console.print(say("{company}: {events} audit events hold.", company=code, events=events))
    if answer["drill"]:
        console.print(say("The backup holds. Nothing was changed."))
    else:
        console.print(say("Restored. The former database is kept as {name}.", name=answer["kept"]))
