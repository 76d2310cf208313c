"""Unwraps a file: what it is by its first bytes, out of ZIP, .gz and .zst, with every cap checked before reading."""

import gzip
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import zstandard

from connectors.findings import FileRefusedError
from connectors.limits import (
    MAX_ARCHIVE_RATIO,
    MAX_FILE_BYTES,
    MAX_STREAM_RATIO,
    MAX_TEXT_BYTES,
    MAX_WORKBOOK_XML_BYTES,
    RATIO_FROM_BYTES,
)

ZIP_MAGIC, GZIP_MAGIC, ZSTD_MAGIC = b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HTML_MARKS = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head")
SNIFF_BYTES = 2_048
CHUNK_BYTES = 1 << 20
ENCRYPTED_FLAG = 0x1
OLE_ENCRYPTED_MARKS = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))
OLE_MACRO_MARK = "_VBA_PROJECT".encode("utf-16-le")
PDF_MAGIC = b"%PDF-"
OTHER_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"SQLite format 3", b"PAR1")
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    ValueError,
    OSError,
    RuntimeError,
    struct.error,
)
"""What the ZIP reader raises on a damaged archive: offsets before its start, false sizes, flags of other methods."""


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The bytes of one table file and its kind: "text", "xlsx", "xls" or "pdf"."""

    name: str
    kind: str
    content: bytes


def unwrap(name: str, content: bytes, *, xml: bool = False, pdf: bool = False) -> Unwrapped:
    """What is inside, at most two wrappings deep (a ZIP of a .gz); XML as text, and PDF, where they are asked for.

    Raises FileRefusedError.
    """
    for _ in range(3):
        if not content:
            raise FileRefusedError("file_empty", name)
        if len(content) > MAX_TEXT_BYTES:
            raise FileRefusedError("file_too_large", name)
        inner = (
            Unwrapped(name, "pdf", content)
            if pdf and content.startswith(PDF_MAGIC)
            else _open_one(name, content, xml=xml)
        )
        if isinstance(inner, Unwrapped):
            return inner
        name, content = inner
    raise FileRefusedError("file_bomb", name)


def read_file(path: Path) -> bytes:
    """The file's bytes, when it is not larger than what is read."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise FileRefusedError("file_too_large", path.name)
    return path.read_bytes()


def _open_one(name: str, content: bytes, *, xml: bool) -> Unwrapped | tuple[str, bytes]:
    if content.startswith((ZIP_MAGIC, EMPTY_ZIP_MAGIC)):
        return _open_zip(name, content)
    if content.startswith(GZIP_MAGIC):
        return name.removesuffix(".gz"), _stream(name, content, gzip.GzipFile(fileobj=io.BytesIO(content)))
    if content.startswith(ZSTD_MAGIC):
        reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content), read_across_frames=True)
        return name.removesuffix(".zst"), _stream(name, content, reader)
    if content.startswith(OLE_MAGIC):
        return _open_ole(name, content)
    head = content[:SNIFF_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if xml and head.startswith(b"<?xml") and b"spreadsheet" not in head:
        return Unwrapped(name, "text", content)
    if head.startswith(HTML_MARKS) or (head.startswith(b"<?xml") and b"spreadsheet" not in head):
        raise FileRefusedError("file_kind_false", name)
    if content.startswith(OTHER_BINARY) or head.startswith(b"<?xml"):
        raise FileRefusedError("file_kind", name)
    if name.lower().endswith((".xlsx", ".xlsm", ".xls", ".zip")):
        raise FileRefusedError("file_kind_false", name)
    return Unwrapped(name, "text", content)


def _stream(name: str, packed: bytes, reader: gzip.GzipFile | zstandard.ZstdDecompressionReader) -> bytes:
    cap = min(MAX_TEXT_BYTES, max(RATIO_FROM_BYTES, len(packed) * MAX_STREAM_RATIO))
    parts, total = [], 0
    try:
        while part := reader.read(CHUNK_BYTES):
            total += len(part)
            if total > cap:
                raise FileRefusedError("file_bomb", name)
            parts.append(part)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise FileRefusedError("file_damaged", name) from error
    return b"".join(parts)


def _open_zip(name: str, content: bytes) -> Unwrapped | tuple[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            names = {member.filename for member in members}
            if "[Content_Types].xml" in names:
                _check_workbook(name, archive, members, names)
                return Unwrapped(name, "xlsx", content)
            return _single_member(name, archive, members)
    except DAMAGED as error:
        raise FileRefusedError("file_damaged", name) from error


def _single_member(name: str, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> tuple[str, bytes]:
    files = [m for m in members if not m.filename.startswith("__MACOSX/") and not m.filename.endswith(".DS_Store")]
    if not files:
        raise FileRefusedError("file_empty", name)
    if len(files) > 1:
        raise FileRefusedError("archive_many", ", ".join(sorted(m.filename for m in files)[:5]))
    member = files[0]
    if member.flag_bits & ENCRYPTED_FLAG:
        raise FileRefusedError("file_encrypted", name)
    _check_ratio(name, member, MAX_TEXT_BYTES)
    return PurePosixPath(member.filename).name, _member(name, archive, member)


def _check_workbook(name: str, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], names: set[str]) -> None:
    if any(part.lower().endswith("vbaproject.bin") or "/macrosheets/" in part.lower() for part in names):
        raise FileRefusedError("file_macros", name)
    if "xl/workbook.xml" not in names:
        raise FileRefusedError("file_kind", name)
    if sum(member.file_size for member in members) > MAX_WORKBOOK_XML_BYTES:
        raise FileRefusedError("file_too_large", name)
    for member in members:
        if member.flag_bits & ENCRYPTED_FLAG:
            raise FileRefusedError("file_encrypted", name)
        _check_ratio(name, member, MAX_WORKBOOK_XML_BYTES)
        if member.filename.lower().endswith((".xml", ".rels", ".vml")):
            text = _member(name, archive, member)
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text or "<!DOCTYPE".encode("utf-16-le") in text:
                raise FileRefusedError("file_doctype", name)


def _check_ratio(name: str, member: zipfile.ZipInfo, cap: int) -> None:
    packed = max(member.compress_size, 1)
    if member.file_size > cap:
        raise FileRefusedError("file_bomb" if member.file_size > packed * MAX_ARCHIVE_RATIO else "file_too_large", name)
    if member.file_size > RATIO_FROM_BYTES and member.file_size > packed * MAX_ARCHIVE_RATIO:
        raise FileRefusedError("file_bomb", name)


def _member(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The member's bytes; its header may lie about the size, so the reading itself is capped."""
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    if len(content) > member.file_size:
        raise FileRefusedError("file_bomb", name)
    return content


def _open_ole(name: str, content: bytes) -> Unwrapped:
    if any(mark in content for mark in OLE_ENCRYPTED_MARKS):
        raise FileRefusedError("file_encrypted", name)
    if OLE_MACRO_MARK in content:
        raise FileRefusedError("file_macros", name)
    if len(content) > MAX_WORKBOOK_XML_BYTES:
        raise FileRefusedError("file_too_large", name)
    return Unwrapped(name, "xls", content)
