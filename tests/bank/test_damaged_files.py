"""Damaged files: an answer or a refusal with its sentence in both languages, never a traceback, never a long wait."""

import contextlib
import io
import re
import zipfile
from pathlib import Path

import pytest

from connectors.bank.findings import RULES, BankFileRefusedError
from connectors.bank.layouts import FIELDS
from connectors.bank.read import file_as_json, read_bank_content
from connectors.limits import MAX_CELL_CHARACTERS
from scripts.bank_samples import WRITERS, camt053, example, mt940, plain_table
from scripts.fuzz_parsers import SLOWEST_SECONDS, fuzz, parsers, read_as_bank_file, workbook
from words.catalog import chinese

HAN = re.compile(r"[\u4e00-\u9fff]")
FILES_PER_PARSER = 60
"""The corpus in CI; `python -m scripts.fuzz_parsers --minutes 10` is the long form."""


@pytest.mark.parametrize("parser", sorted(parsers()))
def test_seed_corpus(parser: str) -> None:
    """Sixty damaged files of each parser, always the same ones."""
    tally = fuzz(parser, seed=20260630, files=FILES_PER_PARSER)
    assert tally.files == FILES_PER_PARSER
    assert tally.failures == []
    assert tally.slowest < SLOWEST_SECONDS


@pytest.mark.parametrize("parser", sorted(WRITERS))
def test_every_place_to_break_off(parser: str) -> None:
    """A download that stopped anywhere."""
    content = WRITERS[parser]([example()])
    for end in range(1, len(content), 7):
        with contextlib.suppress(BankFileRefusedError):
            read_as_bank_file(content[:end])


@pytest.mark.parametrize("parser", ["mt940", "bai2"])
def test_a_file_that_ends_early_is_held(parser: str) -> None:
    """Without its closing balance or record, lines may be missing."""
    lines = WRITERS[parser]([example()]).splitlines(keepends=True)
    file = read_bank_content(b"".join(lines[:-2]))
    assert file.held
    assert {"balance_missing", "control_missing"} & {finding.code for finding in file.findings}


def _zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, camt053([example()]))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bank_file_empty"),
        (b" \r\n\t", "bank_file_empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "file_kind"),
        (b"<html><body>please sign in</body></html>", "file_kind_false"),
        (b"<?xml version='1.0'?><Invoice/>", "bank_file_unknown"),
        (b"hello\nworld\n", "bank_columns_unclear"),
        (camt053([example()])[:400], "bank_file_damaged"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><Document><BkToCstmrStmt/></Document>", "bank_file_doctype"),
        (b"<OFX><STATUS><CODE>2000<SEVERITY>ERROR<MESSAGE>Down</STATUS></OFX>", "bank_reports_error"),
        (b":NS:\n", "bank_file_without_statement"),
        (plain_table([example()]) + b'"' + b"x" * (MAX_CELL_CHARACTERS + 10), "table_quote"),
        (_zipped("a.xml", "b.xml"), "archive_many"),
        (workbook()[:300], "file_damaged"),
    ],
)  # fmt: skip
def test_refusals(content: bytes, code: str) -> None:
    """Each by its kind; the sentence and what to do in both languages."""
    with pytest.raises(BankFileRefusedError) as refused:
        read_bank_content(content)
    finding = refused.value.finding
    assert (finding.code, finding.severity) in {(code, "file"), (f"bank_{code}", "file")}
    for language in ("en", "zh"):
        told = finding.as_json(language)
        assert bool(HAN.search(told["message"] + told["remedy"])) is (language == "zh")


def test_packed_files_are_opened() -> None:
    """One statement in a ZIP, as banks send it."""
    assert read_bank_content(_zipped("june.xml")).format == "camt.053"


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_finding_speaks_chinese(code: str) -> None:
    """Sentence and remedy."""
    for sentence in filter(None, (RULES[code].sentence, RULES[code].remedy)):
        assert HAN.search(chinese().get(sentence, "")), sentence


def test_findings_name_their_line() -> None:
    """The line of the file, from 1, in front of what a person is told."""
    lines = mt940([example()]).decode().split("\r\n")
    broken = next(place for place, line in enumerate(lines) if line.startswith(":61:"))
    lines[broken] = ":61:this is no line"
    file = read_bank_content("\r\n".join(lines).encode())
    told = file_as_json(file, "zh")["findings"]
    assert [(one["code"], one["row"]) for one in told if one["code"] == "line_unreadable"] == [
        ("line_unreadable", broken + 1)
    ]
    assert file.ties is False
    assert len(file.statements[0].lines) == len(example().bookings)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_finding_is_in_the_handbook(language: str) -> None:
    """By its code, on the page of bank files or on that of ledger files."""
    folder = Path(__file__).resolve().parents[2] / "docs" / "handbook" / language
    text = "".join((folder / f"{name}.md").read_text(encoding="utf-8") for name in ("bank-files", "your-own-ledger"))
    assert [code for code in RULES if f"`{code}`" not in text] == []
    assert [name for name in FIELDS if f"`{name}`" not in text] == []


def test_a_statement_that_was_not_closed_ends_where_the_next_begins() -> None:
    """Its lines are its own: read for each statement around them, a small file would bring hundreds of thousands."""
    one = "<STMTRS><CURDEF>EUR<BANKTRANLIST><STMTTRN><DTPOSTED>20260601<TRNAMT>1.00<FITID>1</STMTTRN>"
    file = read_bank_content(f"OFXHEADER:100\n\n<OFX>{one * 5}</OFX>".encode())
    assert [len(statement.lines) for statement in file.statements] == [1] * 5
