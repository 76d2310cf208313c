"""Entry point of the `tieout` command."""

import gc
import json
import os
import sys
import tempfile
from traceback import format_exception
from types import TracebackType

from typer.main import get_command

from console.commands import ALONE, COMMANDS, GROUPS, command_line
from words.catalog import translate

DETAILS = "This is our fault, not yours. Please send us the file {file}."

YOUNG_OBJECTS = 50_000
"""New objects between two searches for garbage: at Python's 700 they take a tenth of a command with many rows."""


def main() -> None:
    """Runs the command that the arguments name; without a known one, the whole command line answers."""
    sys.excepthook = tell_our_error
    gc.set_threshold(YOUNG_OBJECTS)
    asked = [" ".join(sys.argv[1 : 1 + words]) for words in (2, 1)]
    app = command_line(next((name for name in asked if name in {*ALONE, *GROUPS, *COMMANDS}), None))
    gc.freeze()  # what is imported by now stays
    get_command(app)()  # calling `app` itself would put typer's hook in the place of ours


def tell_our_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """One JSON line for people and programs; the traceback goes to a file that can be sent."""
    with tempfile.NamedTemporaryFile("w", prefix="tieout-error-", suffix=".txt", delete=False) as file:
        file.writelines(format_exception(kind, error, trace))
    told = f"{kind.__name__}: {error}".splitlines()[0]
    remedy = translate(DETAILS, os.environ.get("TIEOUT_LANGUAGE", "en"), file=file.name)
    answer = {"error": {"code": "internal_error", "message": told, "remedy": remedy}}
    sys.stderr.write(json.dumps(answer, ensure_ascii=False) + "\n")
