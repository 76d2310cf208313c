"""Runs contenders in turn, each as a process of its own, and keeps what each run took."""

import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

KIB_PER_MIB = 1024

PEERS_PYTHON = os.environ.get("TIEOUT_BENCH_PEERS", sys.executable)
"""A Python in which peers are installed that the house does not need: pandas, WeasyPrint, openpyxl."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line asks of every part: rounds, and each part's size times each of `scales`."""

    rounds: int = 3
    scales: Sequence[float] = (1, 10)
    peers: bool = True

    def sizes(self, one: int) -> list[int]:
        """A part's own size at 1 ×, made larger by every scale."""
        return [max(1, round(one * scale)) for scale in self.scales]


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to do the work: a command, what must be set right before each run, and its part in the comparison.

    `times_itself`: the process calls `timed` around its work, so that neither its start nor its input count.
    """

    name: str
    command: Sequence[str]
    role: str  # "ours", "peer" or "limit"
    prepare: Callable[[], None] = lambda: None
    times_itself: bool = False
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """What the runs of one contender took."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    told: dict[str, list[float]] = field(default_factory=dict)
    """What a contender that times itself measured besides, under its label: "p99 ms"."""

    @property
    def median_cpu(self) -> float:
        """CPU seconds of the middle run, never nothing."""
        return max(statistics.median(self.cpu), 1 / TICKS_PER_SECOND)

    @property
    def median_wall(self) -> float:
        """Wall seconds of the middle run."""
        return statistics.median(self.wall)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of docs/performance.md at one size: the same `title` at two sizes gives an exponent."""

    title: str
    work: int
    unit: str
    contenders: Sequence[Contender]
    results: dict[str, Figures]
    wanted: str = ""
    absent: Sequence[str] = ()

    @property
    def ours(self) -> Figures:
        """Of the first contender that is ours."""
        return self.results[next(one.name for one in self.contenders if one.role == "ours")]


def compare(
    title: str,
    work: int,
    unit: str,
    contenders: Sequence[Contender],
    given: Given,
    *,
    server_pid: int | None = None,
    wanted: str = "",
    absent: Sequence[str] = (),
) -> Comparison:
    """Every contender once per round, in turn. CPU includes the database server's when its pid is given."""
    chosen = [one for one in contenders if given.peers or one.role != "peer"]
    results = {contender.name: Figures() for contender in chosen}
    for number in range(given.rounds):
        for contender in chosen:
            told = f"  {title}, {work:,} {unit}, round {number + 1}/{given.rounds}: {contender.name}"
            print(told, file=sys.stderr, flush=True)
            contender.prepare()
            _run(contender, results[contender.name], server_pid)
    return Comparison(title, work, unit, chosen, results, wanted, absent)


def is_there(module: str) -> bool:
    """Whether a peer's module can be imported by `PEERS_PYTHON`."""
    return subprocess.run([PEERS_PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


def timed(work: Callable[[], object]) -> None:
    """Runs the work and tells the parent what it alone took; for contenders that time themselves.

    Work that answers a dict of figures has those told too.
    """
    before, started = _own_cpu(), time.perf_counter()
    found = work()
    taken: dict[str, object] = {"wall": time.perf_counter() - started, "cpu": _own_cpu() - before}
    taken["told"] = found if isinstance(found, dict) else {}
    sys.stdout.write("\n" + json.dumps(taken) + "\n")


def _own_cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _run(contender: Contender, figures: Figures, server_pid: int | None) -> None:
    before, started = server_cpu(server_pid), time.perf_counter()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
        environment = {**os.environ, **contender.environment}
        process = subprocess.Popen(list(contender.command), stdout=said, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        cpu = usage.ru_utime + usage.ru_stime + server_cpu(server_pid) - before
        if process.returncode != 0:
            errors.seek(0)
            message = f"{contender.name} failed with {process.returncode}: {errors.read().decode(errors='replace')}"
            raise RuntimeError(message)
        if contender.times_itself:
            said.seek(0)
            taken = json.loads(said.read().splitlines()[-1])
            cpu += taken["cpu"] - usage.ru_utime - usage.ru_stime  # the server's share stays
            wall = taken["wall"]
            for label, value in taken["told"].items():
                figures.told.setdefault(label, []).append(value)
    figures.wall.append(wall)
    figures.cpu.append(cpu)
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


def exponent(small: Comparison, large: Comparison, name: str) -> float:
    """How CPU time of one contender grows with the work: 1 is in proportion."""
    grown = large.results[name].median_cpu / small.results[name].median_cpu
    return math.log(grown) / math.log(large.work / small.work)
