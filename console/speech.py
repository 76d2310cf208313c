"""The command line's own language: sentences in zh or en by the setting."""

import json
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from rich.console import Console

from services.settings import Settings
from words.catalog import translate


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
