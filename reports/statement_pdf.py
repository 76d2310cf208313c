"""Draws a statement as PDF/A-3a and PDF/UA-1 with Typst; equal content gives equal bytes.

The page repeats the content's figures and embeds them as `statement.json`, whose SHA-256 stands in the footer.
"""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import segno
import typst

from ledger.canonical import canonical_json
from reports.fonts import drawable_characters, font_folder
from reports.statement_view import plain, view_of
from words.refusal import Refusal

_TEMPLATE = Path(__file__).parent / "templates" / "statement.typ"

WORKER_FROM_LINES = 150
"""Typst keeps what it laid out: longer documents are drawn in a process that ends and gives its memory back."""

WORKER_SECONDS = 120
"""700 lines take under two seconds; a worker that needs this long hangs."""


QR_MASK = 4
"""Every mask reads back; judging all eight takes longer than the rest of the page's preparation."""

QUIET = 4
"""Light modules around a QR code, as ISO/IEC 18004 asks."""


class CharacterNotDrawable(Refusal):
    """A customer's text holds a character that the fonts lack: an empty box on a legal document is worse than none."""

    code = "character_not_drawable"
    sentence = "The {field} of customer {customer} holds {characters}, which the document's fonts cannot draw."
    remedy = "Write it with another character in the customer's data, then build the statement again."


class RenderFailed(Exception):
    """Typst refused a document: ours to repair."""


def render_pdf(content: dict[str, Any], language: str, link: str | None = None) -> bytes:
    """The statement's PDF in "zh" or "en", with a QR code when there is a link. Raises CharacterNotDrawable."""
    refuse_undrawable(content)
    if len(content["lines"]) + len(content["unapplied"]["lines"]) > WORKER_FROM_LINES:
        return _in_worker(content, language, link)
    return draw(content, language, link)


def draw(content: dict[str, Any], language: str, link: str | None) -> bytes:
    """Draws in this process and thread, whatever the length."""
    view = view_of(content, language, link)
    inputs = {
        "view": json.dumps(view, ensure_ascii=False),
        "content": canonical_json(content),
        "qr": "" if link is None else qr_svg(link),
    }
    try:
        drawn = _compiler().compile(
            sys_inputs=inputs, format="pdf", pdf_standards=["a-3a", "ua-1"], timestamp=_made_at(content)
        )
    except typst.TypstError as error:
        raise RenderFailed(f"{content['number']}: {error.diagnostic or error.message}") from error
    assert isinstance(drawn, bytes)  # noqa: S101 - a PDF is one file
    return drawn


def qr_svg(link: str) -> str:
    """A QR code with its quiet zone as SVG, one path of horizontal runs."""
    matrix = segno.make(link, error="m", mask=QR_MASK).matrix
    runs = "".join(
        f"M{run.start() + QUIET},{y + QUIET + 0.5}h{run.end() - run.start()}"
        for y, row in enumerate(matrix)
        for run in re.finditer(rb"\x01+", bytes(row))
    )
    side = len(matrix) + 2 * QUIET
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><path stroke="#000" d="{runs}"/></svg>'


def refuse_undrawable(content: dict[str, Any]) -> None:
    """Raises CharacterNotDrawable for the first text that cannot be shown."""
    for field, text in _texts(content):
        missing = sorted(set(plain(text)) - drawable_characters())
        if missing:
            shown = ", ".join(f"{sign} (U+{ord(sign):04X})" for sign in missing)
            raise CharacterNotDrawable(field=field, customer=content["customer"]["code"], characters=shown)


def _texts(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text that people wrote, with the name of its place."""
    yield "company.name", content["company"]["name"]
    yield "code", content["customer"]["code"]
    yield "name", content["customer"]["name"]
    for line in (*content["lines"], *content["unapplied"]["lines"]):
        yield f"number (line {line['line']})", line["number"]
        yield f"description (line {line['line']})", line["description"]
    for section in content["sections"]:
        yield "account name", section["name"]
    for dispute in content["disputes"]:
        yield f"dispute reason ({dispute['number']})", dispute["reason"] or ""


def _made_at(content: dict[str, Any]) -> int:
    """Seconds since 1970 of what was known: the document's age is its content's, never the printer's clock."""
    known = datetime.fromisoformat(content["as_known"] or content["as_of"])
    return int((known if known.tzinfo else known.replace(tzinfo=UTC)).timestamp())


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])


_local = threading.local()


def _compiler() -> typst.Compiler:
    """This thread's compiler: Typst's cannot be shared between threads, its fonts can."""
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent), font_paths=_fonts())
    made: typst.Compiler = _local.compiler
    return made


def _in_worker(content: dict[str, Any], language: str, link: str | None) -> bytes:
    job = json.dumps({"content": content, "language": language, "link": link}, ensure_ascii=False)
    done = subprocess.run(
        [sys.executable, "-m", "reports.draw_worker"],
        input=job.encode(),
        capture_output=True,
        timeout=WORKER_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RenderFailed(f"{content['number']}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout
