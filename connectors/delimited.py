"""CSV and TSV, read strictly: decoded without guessing in silence, cut into cells line by line, oddities named.

Lines without a quotation mark are cut by Polars; only the few others, or a whole file with line breaks inside
quotes, go through Python's strict CSV reader.
"""

import csv
import io
from collections.abc import Iterator
from itertools import chain

import polars as pl

from connectors.findings import FileRefusedError, Finding
from connectors.limits import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_TEXT_ROWS, SAMPLE_ROWS
from connectors.profiles import DELIMITERS, Profile
from connectors.tables import HEADER_SEARCH_ROWS, Table, find_header, matches, plain_header

BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
UTF16_SHARE = 0.3
"""Of a Latin text in UTF-16 nearly half the bytes are NUL; no other text has any."""

RAW_CHARACTERS = 500
"""Of a broken row's text that is kept in its finding."""

QUOTE = '"'

WHITE_SPACE = " \t\r\n\f\v\u00a0\u3000"
"""A line of these and delimiters alone is blank."""

BLOCK_BYTES = 4 << 20
"""Text that is cut into cells at a time; the whole of a ledger at once would stand in memory five times."""

SAMPLE_BYTES = 4_096
"""Holds the rows that are shown when the encoding was found by trying."""


def read_delimited(content: bytes, profile: Profile | None) -> Table:
    """The table of a text file. Raises FileRefusedError."""
    content, findings = _decode(content, profile)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    count = content.count(b"\n") + 1
    if count > MAX_TEXT_ROWS:
        raise FileRefusedError("file_too_many_cells", str(count))
    head = content[: 1 << 16].decode(errors="ignore").split("\n")[:HEADER_SEARCH_ROWS]
    delimiter = _delimiter(head, profile)
    if QUOTE.encode() in content and any(_spans(lines) for lines in _line_blocks(content)):
        return _from_lists(_all_by_csv(content.decode(), delimiter), profile, findings)
    return _from_lines(_line_blocks(content), delimiter, profile, findings)


def _line_blocks(content: bytes) -> Iterator[pl.DataFrame]:
    """`row` and `line` of the whole text, some megabytes of it at a time."""
    start, row = 0, 1
    while start <= len(content):
        end = content.find(b"\n", start + BLOCK_BYTES)
        end = len(content) if end < 0 else end
        text = content[start:end].decode()
        lines = pl.Series("line", [text]).str.split("\n").explode(empty_as_null=False)
        rows = pl.int_range(row, row + len(lines), dtype=pl.Int32, eager=True).alias("row")
        yield pl.DataFrame([rows, lines])
        start, row = end + 1, row + len(lines)


def _spans(lines: pl.DataFrame) -> bool:
    """Whether a quoted cell goes on in the next line."""
    return bool((lines["line"].str.count_matches(QUOTE, literal=True) % 2 == 1).any())


def _decode(content: bytes, profile: Profile | None) -> tuple[bytes, list[Finding]]:
    """The text in UTF-8."""
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return _strict(content, encoding), []
    if profile is not None and profile.file.encoding is not None:
        return _strict(content, profile.file.encoding), []
    if content.count(b"\0") > UTF16_SHARE * len(content):
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        return _found(_strict(content, encoding), encoding)
    for encoding in ("utf-8", "gb18030", "utf-16-le"):
        try:
            text = _as_utf8(content, encoding)
        except UnicodeDecodeError:
            continue
        return (text, []) if encoding == "utf-8" else _found(text, encoding)
    raise FileRefusedError("encoding_unknown")


def _as_utf8(content: bytes, encoding: str) -> bytes:
    text = content.decode(encoding)
    return content if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else text.encode()


def _strict(content: bytes, encoding: str) -> bytes:
    try:
        return _as_utf8(content, encoding)
    except UnicodeDecodeError as error:
        raise FileRefusedError("encoding_unknown", encoding) from error


def _found(text: bytes, encoding: str) -> tuple[bytes, list[Finding]]:
    shown = "\n".join(text[:SAMPLE_BYTES].decode(errors="ignore").splitlines()[:SAMPLE_ROWS])
    return text, [Finding(None, "", f"{encoding}\n{shown}"[:RAW_CHARACTERS], "encoding_read_as")]


def _delimiter(head: list[str], profile: Profile | None) -> str:
    if profile is not None and profile.file.delimiter is not None:
        return profile.file.delimiter
    wanted = {plain_header(header) for header in profile.headers} if profile is not None else set()
    best, best_score = "", (0, 0, 0)
    for candidate in DELIMITERS.values():
        rows = [next(csv.reader([line], delimiter=candidate), []) for line in head]
        widths = [len(row) for row in rows if len(row) > 1]
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        score = (max((matches(row, wanted) for row in rows), default=0), widths.count(usual), usual)
        if score > best_score:
            best, best_score = candidate, score
    if not best:
        if any(line.strip() for line in head):
            return ","
        raise FileRefusedError("file_empty")
    return best


def _parse(line: str, row: int, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise FileRefusedError("quote_stray", line[:RAW_CHARACTERS], row=row) from error


def cut_line(line: str, width: int) -> list[str] | None:
    """The cells of one line with whichever delimiter gives `width` of them; None when none does."""
    for delimiter in DELIMITERS.values():
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        if len(cells) == width:
            return cells
    return None


def _quoted_by_csv(quoted: pl.DataFrame, delimiter: str) -> list[tuple[int, list[str]]]:
    return [(row, _parse(line, row, delimiter)) for row, line in quoted.iter_rows()]


def _all_by_csv(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Every record of a file with line breaks inside quotes; rows are records then, as a spreadsheet counts them."""
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    start = 1
    try:
        for number, cells in enumerate(reader, start=1):
            rows.append((number, cells))
            if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
                raise FileRefusedError("quote_open", cells[0][:RAW_CHARACTERS], row=number)
            start = reader.line_num + 1
    except csv.Error as error:
        code = "quote_open" if "unexpected end" in str(error) else "quote_stray"
        line = text.split("\n")[start - 1]
        raise FileRefusedError(code, line[:RAW_CHARACTERS], row=len(rows) + 1) from error
    return rows


def _from_lists(rows: list[tuple[int, list[str]]], profile: Profile | None, findings: list[Finding]) -> Table:
    index = find_header([cells for _, cells in rows[:HEADER_SEARCH_ROWS]], profile)
    if index >= len(rows):
        raise FileRefusedError("file_empty")
    headers = _headers(rows[index][1])
    frame, broken = _fitting(rows[index + 1 :], len(headers))
    return Table(headers, frame, findings, broken)


def _fitting(rows: list[tuple[int, list[str]]], width: int) -> tuple[pl.DataFrame, list[Finding]]:
    good: list[tuple[int | str, ...]] = []
    broken = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != width:
            broken.append(Finding(number, "", str(cells)[:RAW_CHARACTERS], "row_ragged"))
        elif any("\0" in cell for cell in cells):
            broken.append(Finding(number, "", str(cells)[:RAW_CHARACTERS], "row_nul"))
        else:
            good.append((number, *cells))
    schema = {"row": pl.Int32} | {f"c{i}": pl.String for i in range(width)}
    return pl.DataFrame(good, schema=schema, orient="row"), broken


def _from_lines(
    blocks: Iterator[pl.DataFrame], delimiter: str, profile: Profile | None, findings: list[Finding]
) -> Table:
    first = next(blocks)
    head = [_parse(line, row, delimiter) if QUOTE in line else line.split(delimiter) for row, line in _head(first)]
    index = find_header(head, profile)
    if index >= first.height:
        raise FileRefusedError("file_empty")
    headers = _headers(head[index])
    frames, broken = [], []
    for lines in chain([first.slice(index + 1)], blocks):
        frame, ragged = _cut(lines, delimiter, len(headers))
        frames.append(frame)
        broken += sorted(ragged, key=lambda finding: finding.row or 0)
    return Table(headers, pl.concat(frames), findings, broken)


def _head(first: pl.DataFrame) -> list[tuple[int, str]]:
    return first.head(HEADER_SEARCH_ROWS).rows()


def _cut(lines: pl.DataFrame, delimiter: str, width: int) -> tuple[pl.DataFrame, list[Finding]]:
    """The cells of these lines, and the lines that have too many or too few."""
    body = lines.filter(pl.col("line").str.strip_chars(f"{WHITE_SPACE}{delimiter}") != "")
    is_quoted = pl.col("line").str.contains(QUOTE, literal=True)
    has_nul = pl.col("line").str.contains("\0", literal=True)
    fits = pl.col("line").str.count_matches(delimiter, literal=True) == width - 1
    marked = body.with_columns(quoted=is_quoted, good=~is_quoted & fits & ~has_nul)
    plain = marked if marked["good"].all() else marked.filter("good")
    cells = plain["line"].str.split_exact(delimiter, width - 1).struct.unnest() if width > 1 else plain.select("line")
    frame = cells.rename(dict(zip(cells.columns, [f"c{i}" for i in range(width)], strict=True)))
    frame = frame.insert_column(0, plain["row"])
    broken = [
        Finding(row, "", line[:RAW_CHARACTERS].replace("\0", "␀"), "row_nul" if "\0" in line else "row_ragged")
        for row, line in marked.filter(~pl.col("good") & ~pl.col("quoted")).select("row", "line").iter_rows()
    ]
    quoted = marked.filter("quoted").select("row", "line")
    if quoted.height:
        rest, rest_broken = _fitting(_quoted_by_csv(quoted, delimiter), width)
        frame = pl.concat([frame, rest]).sort("row")
        broken += rest_broken
    return frame, broken


def _headers(cells: list[str]) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise FileRefusedError("file_too_many_cells", str(len(cells)))
    if not any(cell.strip() for cell in cells):
        raise FileRefusedError("file_empty")
    return tuple(cell.strip() for cell in cells)
