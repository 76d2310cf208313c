"""Runs contenders in turn, each as a process of its own, and prints medians and ratios."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to do the work: a command, what must be set right before each run, and its part in the comparison."""

    name: str
    command: Sequence[str]
    role: str  # "ours", "peer" or "limit"
    prepare: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Figures:
    """What the runs of one contender took."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)


def measure(contenders: Sequence[Contender], rounds: int, server_pid: int | None = None) -> dict[str, Figures]:
    """Every contender once per round, in turn. CPU includes the database server's when its pid is given."""
    results = {contender.name: Figures() for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            print(f"  round {number + 1}/{rounds}: {contender.name}", file=sys.stderr, flush=True)
            contender.prepare()
            _run(contender, results[contender.name], server_pid)
    return results


def _run(contender: Contender, figures: Figures, server_pid: int | None) -> None:
    before = server_cpu(server_pid)
    started = time.perf_counter()
    process = subprocess.Popen(list(contender.command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        message = f"{contender.name} failed with {process.returncode}: {errors!r}"
        raise RuntimeError(message)
    figures.wall.append(time.perf_counter() - started)
    figures.cpu.append(usage.ru_utime + usage.ru_stime + server_cpu(server_pid) - before)
    figures.peak_mib.append(usage.ru_maxrss / KIB_PER_MIB)


def server_cpu(pid: int | None) -> float:
    """CPU seconds of a PostgreSQL server: its own, its living children's and those it has waited for."""
    if pid is None:
        return 0.0
    own = _ticks(pid, with_dead_children=True)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (own + sum(_ticks(int(child)) for child in children)) / TICKS_PER_SECOND


def _ticks(pid: int, *, with_dead_children: bool = False) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    user, system, dead_user, dead_system = (int(value) for value in fields[11:15])
    return user + system + (dead_user + dead_system if with_dead_children else 0)


def show(title: str, contenders: Sequence[Contender], results: dict[str, Figures], work: int) -> None:
    """Median wall and CPU seconds, peak memory, work per CPU second, and our ratio to each of the others."""
    table = Table(title=title)
    for column in ("contender", "role", "wall s", "cpu s", "peak MiB", "per cpu s", "ours / this (cpu)"):
        table.add_column(column, justify="left" if column in {"contender", "role"} else "right")
    ours = next(contender for contender in contenders if contender.role == "ours")
    ours_cpu = statistics.median(results[ours.name].cpu)
    for contender in contenders:
        figures = results[contender.name]
        cpu = statistics.median(figures.cpu)
        table.add_row(
            contender.name,
            contender.role,
            f"{statistics.median(figures.wall):.2f}",
            f"{cpu:.2f}",
            f"{max(figures.peak_mib):.0f}",
            f"{work / cpu:,.0f}",
            f"{ours_cpu / cpu:.2f}",
        )
    Console().print(table)
