"""A ledger that comes as PDF, read as far as its text shows a table.

A PDF knows no rows and no cells, so finding them is a guess: whoever compares the table reads every cell strictly, and
amounts that stand outside of it are told. A foreign PDF is taken apart in a process of its own, which may use only so
much memory and time.
"""

import json
import subprocess
import sys

import polars as pl

from connectors.findings import FileRefusedError, Finding
from connectors.limits import MAX_PDF_BYTES, MAX_PDF_SECONDS
from connectors.tables import Table

NOT_UNDERSTOOD = 1
"""The exit code of a program that ended with an exception; whoever used up memory or time was ended otherwise."""


def read_pdf_table(name: str, content: bytes) -> Table:
    """The rows of all pages as one table. Raises FileRefusedError."""
    if len(content) > MAX_PDF_BYTES:
        raise FileRefusedError("file_too_large", name)
    try:
        # Its own interpreter: a limit of memory would hold for the whole process, and a thread cannot be ended.
        done = subprocess.run(
            [sys.executable, "-m", "connectors.pdf_table"], input=content, capture_output=True,
            timeout=MAX_PDF_SECONDS * 2, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise FileRefusedError("file_bomb", name) from error
    if done.returncode:
        raise FileRefusedError("file_damaged" if done.returncode == NOT_UNDERSTOOD else "file_bomb", name)
    told = json.loads(done.stdout)
    if "refused" in told:
        raise FileRefusedError(told["refused"], name)
    (headers, *body), outside = told["rows"], told["outside"]
    columns = {f"c{place}": [row[place] for row in body] for place in range(len(headers))}
    frame = pl.DataFrame({"row": range(2, len(body) + 2), **columns}, schema_overrides={"row": pl.Int64})
    return Table(tuple(headers), frame, [Finding(None, "", text, "pdf_outside") for text in outside])
