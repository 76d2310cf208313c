"""`tieout keys`: the keys that seal attachments."""

from typing import Annotated, Any

import typer
from rich.console import Console

from console.context import Context, run_command
from console.speech import say
from services.keep_attachment import key_file_of
from services.rotate_keys import rotate_keys

app = typer.Typer(help="Keys that seal attachments.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keys that seal attachments."""


@app.command("rotate")
def rotate(
    go_on: Annotated[bool, typer.Option("--continue", help="Add no key; finish what was interrupted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Add a fresh key to the key file and seal every attachment under it; earlier keys stay for earlier backups.

    Example: tieout keys rotate
    """

    async def work(context: Context) -> dict[str, Any]:
        return dict(await rotate_keys(context.engine, key_file_of(context.settings), fresh=not go_on))

    run_command(work, as_json=as_json, show=_show)


def _show(console: Console, answer: dict[str, Any]) -> None:
    console.print(say("{count} attachments are sealed under {key} now.", count=answer["resealed"], key=answer["key"]))
    console.print(
        say("Copy the key file to where you keep the backups' keys: a backup alone does not open attachments.")
    )
