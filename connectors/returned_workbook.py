"""A statement's workbook that comes back filled in: which version it is of, and what each line says."""

from dataclasses import dataclass

import polars as pl

from connectors.container import unwrap
from connectors.findings import FileRefusedError
from connectors.profiles import FileForm, Profile
from connectors.tables import Table
from connectors.workbook import read_workbook
from statements import answer_columns as words
from words.catalog import LANGUAGES, translate


@dataclass(frozen=True, slots=True)
class Mark:
    """One line as it was filled in: texts as typed, "" where nothing was."""

    row: int
    line: int
    answer: str
    reason: str
    amount: str
    remark: str
    open: str


@dataclass(frozen=True, slots=True)
class ReturnedWorkbook:
    """`digest` is of the content that the workbook was made from; `marks` are the lines that can be answered."""

    number: str
    digest: str
    marks: tuple[Mark, ...]


def read_returned(name: str, content: bytes) -> ReturnedWorkbook:
    """What a person filled in; sorting, filtering and other columns do no harm. Raises FileRefusedError."""
    inner = unwrap(name, content)
    if inner.kind != "xlsx":
        raise FileRefusedError("file_kind", name)
    about = _sheet(inner.content, words.ABOUT, 1)
    table = _sheet(inner.content, words.SHEET, words.HEAD_ROWS + 1)
    if table.broken:
        raise FileRefusedError(table.broken[0].code, table.broken[0].raw, row=table.broken[0].row)
    return ReturnedWorkbook(_fact(about, words.NUMBER), _fact(about, words.DIGEST), tuple(_marks(table)))


def _sheet(content: bytes, sentence: str, header_row: int) -> Table:
    """The sheet of that name in whichever language the workbook was made."""
    refused = FileRefusedError("sheet_missing", sentence)
    for language in LANGUAGES:
        form = FileForm(sheet=translate(sentence, language), header_row=header_row)
        try:
            return read_workbook(content, "xlsx", Profile("returned", form, {}, {}))
        except FileRefusedError as error:
            if error.finding.code != "sheet_missing":
                raise
            refused = error
    raise refused


def _fact(about: Table, sentence: str) -> str:
    """A value of the sheet of facts; "" when the row was taken away."""
    # The first fact is read as the header of this sheet.
    for row in about.frame.select("c0", "c1").iter_rows():
        if words.means(row[0], sentence):
            return str(row[1]).strip()
    return ""


def _marks(table: Table) -> list[Mark]:
    texts = [_column(table, name) for name in (words.LINE, words.ANSWER, words.REASON, words.AMOUNT, words.REMARK)]
    rows = table.frame.select("row", *texts, _column(table, words.OPEN), _column(table, words.SECTION)).rows()
    marks = []
    for row, line, answer, reason, amount, remark, open_, section in rows:
        if not line.isdecimal():
            raise FileRefusedError("number_malformed", line, row=row, column=words.LINE)
        if not words.means(section, words.UNAPPLIED):
            marks.append(Mark(row, int(line), answer, reason, amount, remark, open_))
    return marks


def _column(table: Table, sentence: str) -> pl.Expr:
    place = next((n for n, header in enumerate(table.headers) if words.means(header, sentence)), None)
    if place is None:
        raise FileRefusedError("header_missing", sentence, column=sentence)
    return pl.col(f"c{place}").str.strip_chars().alias(sentence)
