"""Reads one bank file and says what is in it; nothing is kept or posted, and no database is needed."""

from pathlib import Path
from typing import Any

from connectors.bank.findings import BankFileRefusedError, Finding
from connectors.bank.layouts import Layout, parse_map
from connectors.bank.read import file_as_json, read_bank_content
from connectors.bank.statement import BankFile
from connectors.container import read_file
from connectors.findings import FileRefusedError
from words.refusal import Refusal


class BankFileRefused(Refusal):
    """The whole bank file is refused; nothing was written."""

    code = "bank_file_refused"
    sentence = "The bank file {filename} cannot be read."
    remedy = "See the finding."

    def __init__(self, filename: str, finding: Finding) -> None:
        """Carries the finding; the refusal has its code."""
        self.finding = finding
        self.filename = filename
        super().__init__(filename=filename)
        self.code = finding.code

    def text(self, language: str) -> str:
        """The finding's sentence, with file, line and what was found."""
        told = self.finding.as_json(language)
        place = f":{told['row']}" if told["row"] else ""
        raw = f" [{told['raw']}]" if told["raw"] else ""
        return f"{self.filename}{place}: {told['message']}{raw}"

    def remedy_text(self, language: str) -> str:
        """The finding's remedy."""
        return str(self.finding.as_json(language)["remedy"])

    def answer(self, language: str) -> dict[str, Any]:
        """What `tieout bank read --json` prints beside the error: a file without statements, and why."""
        return {
            "format": None, "version": "", "layout": "", "ties": None, "held": False, "statements": [],
            "findings": [self.finding.as_json(language)], "finding_counts": {self.finding.code: 1},
        }  # fmt: skip


def read_bank_file(path: Path, language: str, map_path: Path | None = None) -> dict[str, Any]:
    """The answer of `tieout bank read --json`. Raises BankFileRefused, MapInvalid."""
    saved = parse_map(map_path.read_text(encoding="utf-8")) if map_path is not None else None
    try:
        content = read_file(path)
    except FileRefusedError as error:
        raise BankFileRefused(path.name, Finding("bank_file_large", path.name)) from error
    return file_as_json(bank_file_of(path.name, content, saved), language)


def bank_file_of(filename: str, content: bytes, saved: Layout | None = None) -> BankFile:
    """The file read and checked. Raises BankFileRefused."""
    try:
        return read_bank_content(content, saved)
    except BankFileRefusedError as error:
        raise BankFileRefused(filename, error.finding) from error
