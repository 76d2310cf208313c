"""Feeds damaged files to every parser: whatever comes must end in an answer or a refusal, within five seconds.

python -m scripts.fuzz_parsers --minutes 10 --parser mt940 --parser camt.053
"""

import argparse
import io
import math
import random
import signal
import sys
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import xlsxwriter

from connectors.bank.findings import BankFileRefusedError
from connectors.bank.movements import movements
from connectors.bank.read import file_as_json, read_bank_content
from connectors.findings import FileRefusedError
from connectors.read import read_table
from scripts.bank_samples import WRITERS, example

SLOWEST_SECONDS = 5.0
"""What one file may take; a person who uploads it waits for the answer."""

KEPT_FAILURES = 20
"""Files kept per parser: after so many the first ones are to be mended."""

INSIDE_SHARE = 0.8
"""Of damaged workbooks whose ZIP is whole: a ZIP with a false checksum never reaches the reader of cells."""

LONGEST = 400_000
"""Bytes of a mutated file: enough for what grows faster than the file."""

TOKENS = (
    b":61:", b":86:", b":60F:", b":62F:", b":20:", b":28C:", b"-\r\n", b":\r\n", b"{4:", b"RC", b",", b"/", b"\n",
    b"\r\n", b"\t", b'"', b"<", b">", b"</Ntry>", b"<Ntry>", b"<Amt>", b"<![CDATA[", b"&a;",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"&#0;", b"<STMTTRN>", b"</STMTTRN>", b"<LEDGERBAL>", b"<TRNAMT>", b"16,", b"88,", b"49,", b"99,", b"D,999999999,",
    b"S,", b"V,", b"0", b"9" * 30, b"-", b"1e400", b"NaN", b"\xd9\xa1", b"\xef\xbc\x91", b"\xc2\xb2", b"\x00",
    b"\xff\xfe", b"\xef\xbb\xbf", "合计".encode(), "收入".encode(), "共99999999999笔记录".encode(), "交易时间".encode(),
    "¥".encode("gb18030"), b'="x"', b"20260230",
)  # fmt: skip
"""Pieces of every format, and what trips readers of text and numbers."""


class TooSlowError(Exception):
    """The parser was still at work when its time was up."""


@dataclass(slots=True)
class Tally:
    """What fuzzing one parser came to."""

    parser: str
    files: int = 0
    answered: int = 0
    refused: int = 0
    slowest: float = 0.0
    failures: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def line(self) -> str:
        """One line for people."""
        return (
            f"{self.parser:<12} {self.files:>8} files  {self.answered:>8} answered  {self.refused:>8} refused  "
            f"slowest {self.slowest:.2f} s  {len(self.failures)} failures"
        )


def read_as_bank_file(content: bytes) -> None:
    """The whole way of a bank file: read, checked, told in both languages, cut into movements."""
    file = read_bank_content(content)
    for language in ("en", "zh"):
        file_as_json(file, language)
    movements(file)


def read_as_ledger(content: bytes) -> None:
    """The reader of ledger files, without a profile."""
    read_table("ledger", content, None)


def workbook() -> bytes:
    """A small bank table as XLSX."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        rows: list[list[str | float]] = [
            ["账号：", "123"], ["交易日期", "摘要", "收入金额", "支出金额", "账户余额", "对方户名"],
            ["2026-06-03", "INV-7", 250.0, "", 1250.0, "杭州测试有限公司"],
            ["2026-06-04", "fee", "", 12.5, 1237.5, "Bank"],
        ]  # fmt: skip
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return buffer.getvalue()


def parsers() -> dict[str, tuple[Callable[[bytes], None], list[bytes]]]:
    """Each parser with the files that its fuzzing starts from; all of them are written here."""
    seeds = {name: [write([example()]), write([example(), example()])] for name, write in WRITERS.items()}
    found: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {}
    found |= {name: (read_as_bank_file, files) for name, files in seeds.items()}
    found["workbook"] = (read_as_bank_file, [workbook()])
    found["ledger"] = (read_as_ledger, [*seeds["table"], *seeds["icbc"], workbook()])
    return found


def mutated(content: bytes, luck: random.Random, tokens: Sequence[bytes] = TOKENS) -> bytes:
    """The content after one to eight damages; of a workbook mostly the parts inside, packed again."""
    if content.startswith(b"PK") and luck.random() < INSIDE_SHARE:
        return _repacked(content, luck, tokens)
    data = bytearray(content)
    for _ in range(luck.randint(1, 8)):
        luck.choice(_DAMAGES)(data, luck, tokens)
        del data[LONGEST:]
    return bytes(data)


def _repacked(content: bytes, luck: random.Random, tokens: Sequence[bytes]) -> bytes:
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
            names = old.namelist()
            damaged = luck.choice([name for name in names if name.endswith(".xml")] or names)
            for name in dict.fromkeys(names):
                new.writestr(name, mutated(old.read(name), luck, tokens) if name == damaged else old.read(name))
    except (zipfile.BadZipFile, ValueError, OSError, zlib.error, NotImplementedError, RuntimeError, IndexError):
        return content
    return buffer.getvalue()


def _place(data: bytearray, luck: random.Random) -> int:
    return luck.randrange(len(data) + 1)


def _flip(data: bytearray, luck: random.Random, _tokens: Sequence[bytes]) -> None:
    for _ in range(luck.randint(1, 10)):
        if data:
            data[luck.randrange(len(data))] = luck.randrange(256)


def _insert(data: bytearray, luck: random.Random, tokens: Sequence[bytes]) -> None:
    at = _place(data, luck)
    data[at:at] = luck.choice(tokens)


def _repeat(data: bytearray, luck: random.Random, tokens: Sequence[bytes]) -> None:
    at = _place(data, luck)
    data[at:at] = luck.choice(tokens) * luck.choice((3, 50, 2_000, 20_000))


def _cut(data: bytearray, luck: random.Random, _tokens: Sequence[bytes]) -> None:
    at = _place(data, luck)
    del data[at : at + luck.choice((1, 8, 100, len(data)))]


def _double(data: bytearray, luck: random.Random, _tokens: Sequence[bytes]) -> None:
    at = _place(data, luck)
    part = bytes(data[at : at + luck.choice((10, 200, 2_000))])
    data[at:at] = part * luck.choice((1, 5, 300))


def _lines(data: bytearray, luck: random.Random, _tokens: Sequence[bytes]) -> None:
    lines = bytes(data).split(b"\n")
    luck.shuffle(lines)
    data[:] = b"\n".join(lines)


_DAMAGES = (_flip, _insert, _insert, _repeat, _cut, _double, _lines)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Ends what takes more seconds of CPU with TooSlowError: others may share the machine."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def try_one(tally: Tally, read: Callable[[bytes], None], content: bytes) -> None:
    """Reads one file and counts how it ended."""
    started = time.process_time()
    try:
        with deadline(SLOWEST_SECONDS * 2):
            read(content)
        tally.answered += 1
    except (BankFileRefusedError, FileRefusedError):
        tally.refused += 1
    except Exception:  # noqa: BLE001 - whatever else comes is what is looked for
        tally.failures.append((traceback.format_exc(), content))
    took = time.process_time() - started
    tally.files += 1
    tally.slowest = max(tally.slowest, took)
    if took > SLOWEST_SECONDS:
        tally.failures.append((f"{took:.1f} s", content))


def fuzz(parser: str, seed: int, *, seconds: float = math.inf, files: float = math.inf) -> Tally:
    """Damaged files for so long or so many; what survives unrefused becomes a seed of further damage."""
    read, seeds = parsers()[parser]
    luck, tally = random.Random(seed), Tally(parser)  # noqa: S311 - repeatable, not secret
    pool = list(seeds)
    until = time.monotonic() + seconds
    while time.monotonic() < until and tally.files < files and len(tally.failures) < KEPT_FAILURES:
        content = mutated(luck.choice(pool), luck)
        answered = tally.answered
        try_one(tally, read, content)
        if tally.answered > answered and len(pool) < 200 and luck.random() < 0.1:  # noqa: PLR2004 - a small pool
            pool.append(content)
    return tally


def main() -> None:
    """Fuzzes the parsers that are asked for; failures are kept as files, and end the command with 1."""
    names = sorted(parsers())
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--minutes", type=float, default=1.0, help="per parser")
    options.add_argument("--parser", action="append", choices=names, help="only this one; may be repeated")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for files that failed")
    given = options.parse_args()
    failed = False
    for name in given.parser or names:
        tally = fuzz(name, given.seed, seconds=given.minutes * 60)
        sys.stdout.write(tally.line + "\n")
        for number, (reason, content) in enumerate(tally.failures):
            failed = True
            given.keep.mkdir(parents=True, exist_ok=True)
            path = given.keep / f"{name}-{given.seed}-{number}"
            path.write_bytes(content)
            sys.stdout.write(f"{path}: {reason}\n")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
