"""Collect: a ledger as a workbook, read and validated; beside unpacking it and parsing its XML, and openpyxl."""

import io
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from xml.parsers import expat

import polars as pl

from connectors.collect import collect
from connectors.limits import MAX_WORKBOOK_XML_BYTES
from connectors.profiles import parse_profile
from connectors.read import read_table
from scripts.bench.house import ROOT
from scripts.bench.ledger_file import write_ledger
from scripts.bench.measure import PEERS_PYTHON, Comparison, Contender, Given, compare, is_there, timed

LINES = 5_000
"""At 1 ×. A workbook of more than 50 MB of XML is refused, which is some 100,000 lines: more comes as CSV."""

PEER = "openpyxl"
_READ_BY_PEER = (
    "import sys, time, json, openpyxl, resource\n"
    "def cpu():\n    used = resource.getrusage(resource.RUSAGE_SELF)\n    return used.ru_utime + used.ru_stime\n"
    "before, started = cpu(), time.perf_counter()\n"
    "for _ in openpyxl.load_workbook(sys.argv[1], read_only=True).active.iter_rows(values_only=True): pass\n"
    "print(json.dumps({'wall': time.perf_counter() - started, 'cpu': cpu() - before}))\n"
)
TODAY = date(2026, 7, 1)


def bench(given: Given) -> Iterator[Comparison]:
    """Sizes that would be refused are left out."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        there = is_there(PEER)
        for lines in given.sizes(LINES):
            file = Path(folder, "ledger.xlsx")
            if write_workbook(file, lines) > MAX_WORKBOOK_XML_BYTES:
                sys.stderr.write(f"  {lines:,} lines are more XML than is taken\n")
                continue
            contenders = [
                _contender("workbook to records", "ours", file), _contender("unzip and parse XML", "limit", file),
            ]  # fmt: skip
            if there:
                command = [PEERS_PYTHON, "-c", _READ_BY_PEER, str(file)]
                contenders.append(Contender(PEER, command, "peer", times_itself=True))
            yield compare(
                "workbook to records", lines, "lines", contenders, given, wanted="1.25 × unzip and parse",
                absent=[] if there else [PEER],
            )  # fmt: skip


def _contender(name: str, role: str, file: Path) -> Contender:
    return Contender(name, [sys.executable, "-m", "scripts.bench.workbooks", name, str(file)], role, times_itself=True)


def write_workbook(path: Path, lines: int) -> int:
    """The ledger file of that many lines as a workbook; answers the bytes of its XML."""
    table = path.with_suffix(".csv")
    write_ledger(table, lines)
    rows = pl.read_csv(table, try_parse_dates=True, schema_overrides={"reference": pl.String})
    rows.write_excel(path, autofit=False)
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _records(file: Path) -> None:
    profile = parse_profile((ROOT / "examples/profiles/standard.toml").read_text())
    collected = collect(read_table(file.name, file.read_bytes(), profile), profile, TODAY, "UTC")
    if collected.items.height != collected.table.rows:
        raise RuntimeError(f"{collected.items.height} of {collected.table.rows} lines")


def _unpack_and_parse(file: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        for name in archive.namelist():
            expat.ParserCreate().Parse(archive.read(name), True)  # noqa: FBT003 - positional only


WORK: dict[str, Callable[[Path], None]] = {"workbook to records": _records, "unzip and parse XML": _unpack_and_parse}

if __name__ == "__main__":
    timed(lambda: WORK[sys.argv[1]](Path(sys.argv[2])))
