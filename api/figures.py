"""Pictures and pages of figures: the aging bar's rectangles, a page of a statement's lines."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

BAR_WIDTH = 1000
"""The bar's own units; the page scales it."""

CREDITS_TONE = 6


def aging_bar(aging: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One part per bucket that holds anything; widths follow what is owed, credits have none."""
    owed = sum((max(Decimal(0), Decimal(bucket["amount"])) for bucket in aging), Decimal(0))
    parts, x = [], 0
    for place, bucket in enumerate(aging):
        amount = Decimal(bucket["amount"])
        if amount == 0:
            continue
        width = int(BAR_WIDTH * max(Decimal(0), amount) / owed) if owed else 0
        tone = CREDITS_TONE if bucket["bucket"] == "credits" else min(place, CREDITS_TONE - 1)
        parts.append({"bucket": bucket["bucket"], "amount": bucket["amount"], "x": x, "width": width, "tone": tone})
        x += width
    return parts


def lines_page(
    lines: Iterable[Mapping[str, Any]], *, after: int, limit: int, words: str = "", order: str = ""
) -> tuple[list[Mapping[str, Any]], int | None, int]:
    """Lines after a place in the chosen order, the place to go on from, and how many there are in all."""
    wanted = words.casefold().strip()
    found = [line for line in lines if not wanted or wanted in _text(line)]
    if order == "amount":
        found.sort(key=lambda line: (-Decimal(line["open"] or line["amount"]), line["line"]))
    elif order == "due":
        found.sort(key=lambda line: (line["due_date"] or "", line["line"]))
    elif order == "date":
        found.sort(key=lambda line: (line["document_date"] or "", line["line"]))
    chosen = found[after : after + limit]
    more = after + limit if after + limit < len(found) else None
    return chosen, more, len(found)


def _text(line: Mapping[str, Any]) -> str:
    return f"{line['number']} {line['description']} {line['kind']} {line['account']}".casefold()
