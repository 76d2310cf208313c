"""What a table says about itself above or below its rows: numbers of lines and sums, held against the rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.bank.grid import plain_header
from connectors.bank.statement import NEUTRAL, VOID, Control, Line, total
from connectors.values import parse_amount

_ALL = re.compile(r"共\s*[:：]?\s*(\d{1,9})\s*笔(?:记录|交易)?", re.ASCII)
_GROUP = re.compile(
    r"(?<!待)(收入|支出|不计收支|中性交易)(?:合计)?\s*[:：]\s*(\d{1,9})\s*笔\s*[,，]?\s*共?\s*[+]?(-?[\d,]+(?:\.\d+)?)\s*元",
    re.ASCII,
)
_MERCHANT = re.compile(r"交易合计\s*[:：]\s*(\d{1,9})\s*笔\s*[,，]\s*商家实收共\s*(-?[\d,.]+)\s*元", re.ASCII)
_SUM_WORD = re.compile(r"合计|总计|小计|^total", re.IGNORECASE)
_KINDS = frozenset({"all", "net", "income", "expense", "neutral", "amount"})

MAX_FIGURES = 40
"""Figures compared: bills state up to ten, and a table of several parts repeats them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`name` says of which lines: "all", "income", "expense", "neutral", "net", or a column's plain header."""

    name: str
    count: int | None
    amount: Decimal | None
    row: int | None = None


@dataclass(slots=True)
class Stated:
    """Every figure found, with the cells of columns whose sums are stated."""

    figures: list[Figure] = field(default_factory=list)


def stated_totals(preamble: str, headers: list[str], trailer: Sequence[tuple[int, list[str]]]) -> Stated:
    """The figures above and below the rows."""
    stated = Stated()
    below = "\n".join(" ".join(filter(None, cells)) for _, cells in trailer)
    for text in (preamble, below):
        stated.figures += _in_words(text)
    stated.figures += _summary_rows(headers, trailer)
    return stated


def _in_words(text: str) -> Iterator[Figure]:
    text = " ".join(text.split())
    names = {"收入": "income", "支出": "expense", "不计收支": "neutral", "中性交易": "neutral"}
    for match in _GROUP.finditer(text):
        yield Figure(names[match[1]], int(match[2]), _number(match[3]))
    merchant = _MERCHANT.search(text)
    if merchant is not None:
        yield Figure("net", int(merchant[1]), _number(merchant[2]))
        return
    every = _ALL.search(text)
    if every is not None and not _GROUP.search(every[0]):
        yield Figure("all", int(every[1]), None)


def _summary_rows(headers: list[str], trailer: Sequence[tuple[int, list[str]]]) -> Iterator[Figure]:
    """A row of sums below its columns, or a second header of totals with its row."""
    titles: list[str] = []
    for row, cells in trailer:
        plain = [plain_header(cell) for cell in cells]
        if "总交易单数" in plain:
            titles = plain
            continue
        if titles:
            yield from _titled(titles, headers, row, cells)
            titles = []
        elif _SUM_WORD.search(next((cell for cell in cells if cell), "")):
            for place, cell in enumerate(cells[: len(headers)]):
                figure = _number(cell)
                if figure is not None and place:
                    yield Figure(headers[place], None, figure, row)


def _titled(titles: list[str], headers: list[str], row: int, cells: list[str]) -> Iterator[Figure]:
    for title, cell in zip(titles, cells, strict=False):
        figure = _number(cell)
        if figure is None:
            continue
        if title == "总交易单数":
            yield Figure("all", int(figure), None, row)
            continue
        column = title.replace("总", "", 1)
        name = next((name for name in (column, column.removesuffix("金额")) if name in headers), None)
        if name is not None:
            yield Figure(name, None, figure, row)


def _number(text: str) -> Decimal | None:
    return parse_amount(text, ".", ",").value if text else None


def controls_of(stated: Stated, lines: Sequence[tuple[str, Line]], used: Mapping[str, str]) -> tuple[Control, ...]:
    """Each stated figure beside what the rows give.

    `lines` are (word of direction, line); `used` says which header was read as income, expense or amount. A wallet
    counts closed trades or not, as it likes: either reading may hold.
    """
    found: list[Control] = []
    readings: dict[str, list[tuple[Decimal, Decimal]]] = {}
    for figure in stated.figures[:MAX_FIGURES]:
        kind = used.get(figure.name, figure.name)
        if kind not in _KINDS:
            continue
        if kind not in readings:
            mine = [line for word, line in lines if _belongs(kind, word, line)]
            counted = [line for line in mine if line.status != VOID]
            readings[kind] = [(Decimal(len(some)), _measure(kind, some)) for some in (mine, counted)]
        counts, sums = ([reading[place] for reading in readings[kind]] for place in (0, 1))
        if figure.count is not None:
            found.append(_nearest("control_count", Decimal(figure.count), counts, figure.row))
        if figure.amount is not None:
            amount = figure.amount if kind in {"net", "amount"} else abs(figure.amount)
            found.append(_nearest("control_sum", amount, sums, figure.row))
    return tuple(found)


def _belongs(kind: str, word: str, line: Line) -> bool:
    if kind in {"all", "net", "amount"}:
        return True
    if kind == "neutral":
        return line.status == NEUTRAL
    if line.status == NEUTRAL:
        return False
    if plain_header(word) in {"收入", "支出"}:
        return (kind == "income") == (plain_header(word) == "收入")
    return (line.amount or 0) > 0 if kind == "income" else (line.amount or 0) < 0


def _measure(kind: str, lines: Sequence[Line]) -> Decimal:
    if kind == "neutral":
        return total(line.stated for line in lines)
    if kind in {"net", "amount"}:
        return total(line.amount for line in lines)
    return abs(total(line.amount for line in lines))


def _nearest(code: str, figure: Decimal, candidates: list[Decimal], row: int | None) -> Control:
    return Control(code, figure, figure if figure in candidates else candidates[0], row)
