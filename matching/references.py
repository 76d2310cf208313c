"""Document numbers as two ledgers write the same one: one key for all its spellings, in Python and as a Polars column.

Full width, case, separators and leading zeros do not matter; letters do: INV-7 and CN-7 are two documents.
"""

import re
import unicodedata

import polars as pl

_STEPS = (
    (r"\.0+$", ""),  # the tail of a number that went through a spreadsheet
    (r"[\W_]+", "-"),
    (r"[号號]$", ""),
    (r"(^|[^0-9])0+([0-9])", r"$1$2"),
    (r"([^0-9])-", r"$1"),
    (r"-([^0-9])", r"$1"),
    (r"^-|-$", ""),
)
"""In order; both engines of regular expressions read them alike."""

_COMPILED = tuple((re.compile(pattern), by.replace("$", "\\")) for pattern, by in _STEPS)


def reference_key(text: str) -> str:
    """What is compared of a number: "ＩＮＶ－000123", "inv 123" and "INV/0123" are all "INV123"; "" when nothing is."""
    key = unicodedata.normalize("NFKC", text).strip().upper()
    for pattern, by in _COMPILED:
        key = pattern.sub(by, key)
    return key


def reference_keys(column: pl.Expr) -> pl.Expr:
    """`reference_key` of a whole column."""
    key = column.str.normalize("NFKC").str.strip_chars().str.to_uppercase()
    for pattern, by in _STEPS:
        key = key.str.replace_all(pattern, by.replace("$1", "${1}").replace("$2", "${2}"))
    return key
