"""Keeps files of customers and staff sealed, and opens them again for staff; small, and of known kinds only."""

import hashlib
import io
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from connectors.container import DAMAGED, ENCRYPTED_FLAG
from connectors.limits import MAX_ARCHIVE_RATIO, RATIO_FROM_BYTES
from services.settings import Settings
from storage.attachments import Attachment, NewAttachment, insert_attachment, sealed_attachment
from storage.audit import Actor, record
from storage.database import Database, Session, transaction
from storage.identifiers import new_id
from storage.sealing import Keyring, Sealed, read_keyring
from words.refusal import Refusal

MAX_FILE_BYTES = 10 * 1024 * 1024
"""A scan of twenty pages; what is larger belongs on a file exchange of the companies."""

MAX_FILES = 6
"""Per answer or message: with the size it bounds what one request may hold in memory."""

MAX_FILENAME = 120
"""Longer names are cut in the middle of nothing that matters."""

ARCHIVE = "application/zip"

MAX_UNPACKED_BYTES = 200 * 1024 * 1024
"""Pictures in a document hardly shrink: ten megabytes that become two hundred are no document."""

MACROS = "vbaproject"
"""The part of an office file that holds programs, whatever the file is called."""

SIGNATURES = (
    (b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"),
)  # fmt: skip
"""What a file begins with says what it is; its name does not."""

ENDINGS = {
    "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "xlsx": "application/zip",
    "docx": "application/zip", "ofd": "application/zip", "csv": "text/plain", "txt": "text/plain",
}  # fmt: skip
"""Which beginning each ending must have. OFD is the form of Chinese electronic invoices."""


class AttachmentKindRefused(Refusal):
    """A kind of file that is not taken, or a name that says another kind than the bytes."""

    code = "attachment_kind_invalid"
    sentence = "{name} is not a file that can be attached."
    remedy = "Attach a PDF, a PNG or JPEG picture, XLSX, DOCX, OFD, CSV or TXT."


class AttachmentHarmful(Refusal):
    """An office file that runs programs, cannot be looked into, or unpacks to far more than anybody would write."""

    code = "attachment_harmful_invalid"
    sentence = "{name} holds macros, is locked or damaged, or unpacks to far more than it shows."
    remedy = "Save it without macros and password, or as PDF, and attach that."


class AttachmentTooLarge(Refusal):
    """More bytes, or more files, than are taken."""

    code = "attachment_too_large_invalid"
    sentence = "{name} is too large, or there are too many files."
    remedy = "At most {count} files of {megabytes} MB each."


class AttachmentUnknown(Refusal):
    """No such file in this company."""

    code = "attachment_unknown"
    sentence = "There is no such file."
    remedy = "Open it from the answer or the dispute that it came with."


def key_file_of(settings: Settings) -> Path:
    """Where the keys are."""
    return settings.key_file or settings.home / "keys" / "attachments.keys"


def keyring_of(settings: Settings) -> Keyring:
    """The keys of the settings' file, which is made when it is not there."""
    return read_keyring(key_file_of(settings))


def check_files(files: Sequence[tuple[str, bytes]]) -> None:
    """Refuses before anything is written."""
    if len(files) > MAX_FILES:
        raise _too_large(files[MAX_FILES][0])
    for filename, content in files:
        if len(content) > MAX_FILE_BYTES:
            raise _too_large(filename)
        if kind_of_file(filename, content) == ARCHIVE:
            _check_archive(filename, content)


def _check_archive(filename: str, content: bytes) -> None:
    """By the archive's own table: nothing is unpacked here, but staff will open the file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except DAMAGED as error:
        raise AttachmentHarmful(name=plain_filename(filename)) from error
    unpacked = sum(member.file_size for member in members)
    harmful = (
        not members,
        unpacked > MAX_UNPACKED_BYTES or unpacked > RATIO_FROM_BYTES + len(content) * MAX_ARCHIVE_RATIO,
        any(member.flag_bits & ENCRYPTED_FLAG for member in members),
        any(MACROS in member.filename.lower() for member in members),
    )
    if any(harmful):
        raise AttachmentHarmful(name=plain_filename(filename))


def _too_large(filename: str) -> AttachmentTooLarge:
    return AttachmentTooLarge(name=plain_filename(filename), count=MAX_FILES, megabytes=MAX_FILE_BYTES // 1024 // 1024)


def kind_of_file(filename: str, content: bytes) -> str:
    """The media type by both the ending and the first bytes. Raises AttachmentKindRefused."""
    wanted = ENDINGS.get(filename.rpartition(".")[2].lower())
    begins = next((media for start, media in SIGNATURES if content.startswith(start)), None)
    if begins is None and wanted == "text/plain" and _is_text(content):
        begins = "text/plain"
    if not content or wanted is None or wanted != begins:
        raise AttachmentKindRefused(name=plain_filename(filename))
    return wanted


def _is_text(content: bytes) -> bool:
    """No control character but line ends and tabs, and no markup: a renamed page is no text."""
    head = content[:4096].lstrip()
    return not head.startswith(b"<") and not any(byte < ord(" ") and byte not in b"\t\r\n" for byte in content)


def plain_filename(filename: str) -> str:
    """The last part of a name, without control and direction characters."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    return kept.strip()[-MAX_FILENAME:] or "file"


async def keep_attachments(
    session: Session, company_id: UUID, keyring: Keyring, subject: tuple[str, UUID], files: Sequence[tuple[str, bytes]],
    author_kind: str,
) -> list[UUID]:  # fmt: skip
    """Seals and keeps checked files with their subject (kind, id), in the caller's transaction."""
    kept = []
    for filename, content in files:
        row_id = new_id()
        sealed = keyring.seal(content, seal_of(company_id, row_id))
        await insert_attachment(
            session, company_id,
            NewAttachment(
                id=row_id, subject_kind=subject[0], subject_id=subject[1], filename=plain_filename(filename),
                media_type=kind_of_file(filename, content), size=len(content),
                sha256=hashlib.sha256(content).hexdigest(), key_id=sealed.key_id, sealed=sealed.data,
                author_kind=author_kind,
            ),
        )  # fmt: skip
        kept.append(row_id)
    return kept


async def open_attachment(
    engine: Database, company_id: UUID, keyring: Keyring, attachment_id: UUID, actor: Actor
) -> tuple[Attachment, bytes]:
    """The file for one of the staff; that it was opened is in the audit trail."""
    async with transaction(engine, company_id) as session:
        found = await sealed_attachment(session, company_id, attachment_id)
        if found is None:
            raise AttachmentUnknown
        known, key_id, data = found
        plain = keyring.unseal(Sealed(key_id, data), seal_of(company_id, attachment_id))
        await record(
            session, company_id, actor, "attachment_opened", (known.subject_kind, str(known.subject_id)),
            {"attachment_id": str(attachment_id), "sha256": known.sha256},
        )  # fmt: skip
    return known, plain


def seal_of(company_id: UUID, attachment_id: UUID) -> str:
    """What a file's seal is bound to: moved to another row it does not open."""
    return f"attachment/{company_id}/{attachment_id}"
