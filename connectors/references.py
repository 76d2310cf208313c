"""Which document numbers a text names, exactly: whole words after normalising, never parts of words."""

import re
import unicodedata
from collections.abc import Iterator

SHORTEST_NAMED = 4
"""In free text a shorter number ("12", "Q3") is more often something else than a document."""

_BETWEEN = re.compile(r"[\s,;，；、|]+")
_EDGES = "()[]{}<>\"'“”‘’.:。：#№"


def normal_number(text: str) -> str:
    """A document number as it is compared: full-width, case, and marks around it do not matter; zeros do."""
    return unicodedata.normalize("NFKC", text).casefold().strip().strip(_EDGES)


def named_in_field(text: str) -> list[str]:
    """The numbers in a reference field: the whole of it, then its parts."""
    whole = normal_number(text)
    return list(dict.fromkeys([whole, *(normal_number(part) for part in _BETWEEN.split(text))])) if whole else []


def named_in_text(text: str) -> Iterator[str]:
    """The words of a free text that could be document numbers: with a digit, not too short."""
    for word in dict.fromkeys(normal_number(part) for part in _BETWEEN.split(text)):
        if len(word) >= SHORTEST_NAMED and any(letter.isdigit() for letter in word):
            yield word
