"""How comparisons are shown: a table on the terminal as each one ends, Markdown for docs/performance.md."""

import os
import platform
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.bench.measure import Comparison, Contender, exponent

COLUMNS = ("contender", "role", "wall s", "cpu s", "peak MiB", "per cpu s", "ours / this (cpu)")
KIB_PER_GIB = 1024**2

BEGIN, END = "<!-- bench: {name} -->", "<!-- end: {name} -->"
"""Between these marks the bench writes what it measured; the text around them is a person's."""


def show(comparison: Comparison) -> None:
    """Median wall and CPU seconds, peak memory, work per CPU second, and our ratio to each of the others."""
    table = Table(title=f"{comparison.title}: {comparison.work:,} {comparison.unit}", caption=_caption(comparison))
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in COLUMNS[:2] else "right")
    for row in _rows(comparison):
        table.add_row(*row)
    Console().print(table)


def show_growth(comparisons: Sequence[Comparison]) -> None:
    """The exponent of each contender between the smallest and the largest size of a title."""
    for title, name, grown in _growth(comparisons):
        Console().print(f"{title}: {name} grows with the power {grown:.2f}", highlight=False)


def write(path: Path, name: str, command: str, comparisons: Sequence[Comparison]) -> None:
    """Puts a part's figures between its marks in the page, or at its end when it has none yet."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    block = "\n".join([begin, "", *_markdown(command, comparisons), "", end])
    page = path.read_text() if path.is_file() else "# Performance\n"
    before, found, rest = page.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    path.write_text(f"{before.rstrip()}\n\n{block}\n{after.lstrip()}" if not found else f"{before}{block}{after}")


def _markdown(command: str, comparisons: Sequence[Comparison]) -> Iterator[str]:
    yield f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}: `{command}`"
    for one in comparisons:
        yield f"\n**{one.title}, {one.work:,} {one.unit}**" + (f" (to reach: {one.wanted})" if one.wanted else "")
        yield "\n| " + " | ".join(COLUMNS) + " |"
        yield "|---|---|" + "---:|" * (len(COLUMNS) - 2)
        yield from (f"| {' | '.join(row)} |" for row in _rows(one))
        if one.absent:
            yield f"\nNot measured, because not installed: {', '.join(one.absent)}."
    grown = [f"{title}: {name} {power:.2f}" for title, name, power in _growth(comparisons)]
    if grown:
        yield f"\nGrowth (1 is in proportion): {'; '.join(grown)}."


def _machine() -> str:
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / KIB_PER_GIB
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _caption(comparison: Comparison) -> str | None:
    told = [f"to reach: {comparison.wanted}"] if comparison.wanted else []
    told += [f"not installed: {', '.join(comparison.absent)}"] if comparison.absent else []
    return "; ".join(told) or None


def _rows(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    ours = comparison.ours.median_cpu
    for contender in comparison.contenders:
        yield _row(comparison, contender, ours)


def _row(comparison: Comparison, contender: Contender, ours: float) -> tuple[str, ...]:
    figures = comparison.results[contender.name]
    cpu = figures.median_cpu
    told = [f"{label} {statistics.median(values):,.2f}" for label, values in figures.told.items()]
    return (
        ", ".join([contender.name, *told]), contender.role, f"{figures.median_wall:.2f}", f"{cpu:.2f}",
        f"{max(figures.peak_mib):.0f}", f"{comparison.work / cpu:,.0f}", f"{ours / cpu:.2f}",
    )  # fmt: skip


def _growth(comparisons: Sequence[Comparison]) -> Iterator[tuple[str, str, float]]:
    by_title: dict[str, list[Comparison]] = defaultdict(list)
    for one in comparisons:
        by_title[one.title].append(one)
    for title, sizes in by_title.items():
        small, large = min(sizes, key=lambda one: one.work), max(sizes, key=lambda one: one.work)
        if small.work < large.work:
            for contender in large.contenders:
                if contender.name in small.results:
                    yield title, contender.name, exponent(small, large, contender.name)
