"""CSV and TSV, read strictly: decoded without guessing in silence, cut into cells line by line, oddities named.

Lines without a quotation mark are cut by Polars; only the few others, or a whole file with line breaks inside
quotes, go through Python's strict CSV reader.
"""

import csv
import io

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


def read_delimited(content: bytes, profile: Profile | None) -> Table:
    """The table of a text file. Raises FileRefusedError."""
    text, findings = _decode(content, profile)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text[: 1 << 16].split("\n")[:HEADER_SEARCH_ROWS]
    delimiter = _delimiter(head, profile)
    lines = pl.DataFrame({"line": pl.Series([text]).str.split("\n").explode(empty_as_null=False)})
    del text
    lines = lines.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int32))
    if lines.height > MAX_TEXT_ROWS:
        raise FileRefusedError("file_too_many_cells", str(lines.height))
    quoted = lines.filter(pl.col("line").str.contains(QUOTE, literal=True))
    spans = quoted.filter(pl.col("line").str.count_matches(QUOTE, literal=True) % 2 == 1).height > 0
    rows = _all_by_csv(lines, delimiter) if spans else _quoted_by_csv(quoted, delimiter)
    if spans:
        return _from_lists(rows, profile, findings)
    return _from_lines(lines, dict(rows), delimiter, profile, findings)


def _decode(content: bytes, profile: Profile | None) -> tuple[str, list[Finding]]:
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return _strict(content, encoding), []
    if profile is not None and profile.file.encoding is not None:
        return _strict(content, profile.file.encoding), []
    if content.count(b"\0") > UTF16_SHARE * len(content):
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        return _found(_strict(content, encoding), encoding)
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        pass
    for encoding in ("gb18030", "utf-16-le"):
        try:
            return _found(content.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefusedError("encoding_unknown")


def _strict(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefusedError("encoding_unknown", encoding) from error


def _found(text: str, encoding: str) -> tuple[str, list[Finding]]:
    shown = "\n".join(text.splitlines()[:SAMPLE_ROWS])
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


def _all_by_csv(lines: pl.DataFrame, delimiter: str) -> list[tuple[int, list[str]]]:
    """Every record of a file with line breaks inside quotes; rows are records then, as a spreadsheet counts them."""
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO("\n".join(lines["line"])), delimiter=delimiter, strict=True)
    start = 1
    try:
        for number, cells in enumerate(reader, start=1):
            rows.append((number, cells))
            if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
                raise FileRefusedError("quote_open", cells[0][:RAW_CHARACTERS], row=number)
            start = reader.line_num + 1
    except csv.Error as error:
        code = "quote_open" if "unexpected end" in str(error) else "quote_stray"
        raise FileRefusedError(code, str(lines["line"][start - 1])[:RAW_CHARACTERS], row=len(rows) + 1) from error
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
    lines: pl.DataFrame,
    quoted: dict[int, list[str]],
    delimiter: str,
    profile: Profile | None,
    findings: list[Finding],
) -> Table:
    head = lines.head(HEADER_SEARCH_ROWS).rows()
    index = find_header([quoted.get(row) or line.split(delimiter) for row, line in head], profile)
    if index >= lines.height:
        raise FileRefusedError("file_empty")
    header_row, header_line = lines.row(index)
    headers = _headers(quoted.get(header_row) or str(header_line).split(delimiter))
    width = len(headers)
    body = lines.slice(index + 1).filter(
        pl.col("line").str.replace_all(delimiter, "", literal=True).str.strip_chars() != ""
    )
    is_quoted = pl.col("line").str.contains(QUOTE, literal=True)
    has_nul = pl.col("line").str.contains("\0", literal=True)
    fits = pl.col("line").str.count_matches(delimiter, literal=True) == width - 1
    plain = body.filter(~is_quoted & fits & ~has_nul)
    cells = plain["line"].str.split_exact(delimiter, width - 1).struct.unnest() if width > 1 else plain.select("line")
    frame = cells.rename(dict(zip(cells.columns, [f"c{i}" for i in range(width)], strict=True)))
    frame = frame.insert_column(0, plain["row"])
    broken = [
        Finding(row, "", line[:RAW_CHARACTERS].replace("\0", "␀"), "row_nul" if "\0" in line else "row_ragged")
        for row, line in body.filter(~is_quoted & (~fits | has_nul)).iter_rows()
    ]
    if quoted:
        rest, rest_broken = _fitting([(row, quoted[row]) for row in sorted(quoted) if row > header_row], width)
        frame = pl.concat([frame, rest]).sort("row")
        broken += rest_broken
    return Table(headers, frame, findings, sorted(broken, key=lambda finding: finding.row or 0))


def _headers(cells: list[str]) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise FileRefusedError("file_too_many_cells", str(len(cells)))
    if not any(cell.strip() for cell in cells):
        raise FileRefusedError("file_empty")
    return tuple(cell.strip() for cell in cells)
