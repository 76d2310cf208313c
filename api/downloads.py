"""A statement's files, and how any file leaves us: always as an attachment, named after what it is."""

from typing import Any
from urllib.parse import quote

from fastapi.responses import Response

from ledger.canonical import canonical_json
from reports.statement_pdf import render_pdf
from reports.statement_workbook import render_workbook

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}


def statement_file(kind: str, content: dict[str, Any], language: str, link: str | None = None) -> bytes | None:
    """The bytes of one of the three files; None for any other kind."""
    if kind == "pdf":
        return render_pdf(content, language, link)
    if kind == "xlsx":
        return render_workbook(content, language)
    if kind == "json":
        return canonical_json(content).encode()
    return None


def file_answer(body: bytes, name: str, kind: str) -> Response:
    """A download. The name keeps Chinese through RFC 5987 and loses what a file system cannot hold."""
    safe = name.replace("/", "-")
    plain = safe.encode("ascii", "replace").decode().replace("?", "_").replace('"', "")
    disposition = f"attachment; filename=\"{plain}.{kind}\"; filename*=UTF-8''{quote(safe, safe='')}.{kind}"
    return Response(body, media_type=MEDIA_TYPES[kind], headers={"Content-Disposition": disposition})
