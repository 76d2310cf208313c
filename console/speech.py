"""The command line's own language: sentences in zh or en by the setting."""

from functools import cache

from services.settings import Settings
from words.catalog import translate


@cache
def command_language() -> str:
    """Language of the command line."""
    return Settings().language


def say(sentence: str, **values: object) -> str:
    """`sentence` in the command line's language."""
    return translate(sentence, command_language(), **values)
