"""The command line's own language: sentences in zh or en by the setting."""

import json
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

import typer
from rich.console import Console

from services.settings import Settings
from words.catalog import translate
from words.refusal import Refusal

PERSON_ERROR = 2
"""Exit status of a person's mistake; 1 is ours."""


@cache
def command_language() -> str:
    """Language of the command line."""
    return Settings().language


def say(sentence: str, **values: object) -> str:
    """`sentence` in the command line's language."""
    return translate(sentence, command_language(), **values)


def print_answer(answer: dict[str, Any], *, as_json: bool, show: Callable[[Console, dict[str, Any]], None]) -> None:
    """One JSON document, or what `show` draws for people."""
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
    else:
        show(Console(), answer)


def fail(refusal: Refusal, language: str) -> NoReturn:
    """Says on stderr what was refused and what to do, as JSON, and exits with 2."""
    error = {"code": refusal.code, "message": refusal.text(language), "remedy": refusal.remedy_text(language)}
    sys.stderr.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
    raise typer.Exit(PERSON_ERROR)
