"""Files that came with answers and conversations: sealed rows that only grow."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from storage.database import Session
from storage.schema import attachment


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is known of a file without opening it."""

    id: UUID
    subject_kind: str
    subject_id: UUID
    filename: str
    media_type: str
    size: int
    sha256: str
    author_kind: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file about to be kept; `sealed` holds nonce and ciphertext."""

    id: UUID
    subject_kind: str
    subject_id: UUID
    filename: str
    media_type: str
    size: int
    sha256: str
    key_id: str
    sealed: bytes
    author_kind: str


_COLUMNS = [attachment.c[name] for name in Attachment.__dataclass_fields__]


async def insert_attachment(session: Session, company_id: UUID, new: NewAttachment) -> None:
    """Keeps one file."""
    values = {name: getattr(new, name) for name in NewAttachment.__dataclass_fields__}
    await session.execute(insert(attachment).values(company_id=company_id, **values))


async def attachments_of(
    session: Session, company_id: UUID, subject_kind: str, subject_ids: list[UUID]
) -> dict[UUID, list[Attachment]]:
    """Files per subject, oldest first."""
    query = (
        select(*_COLUMNS)
        .where(
            attachment.c.company_id == company_id, attachment.c.subject_kind == subject_kind,
            attachment.c.subject_id.in_(subject_ids),
        )
        .order_by(attachment.c.id)
    )  # fmt: skip
    found: dict[UUID, list[Attachment]] = {}
    for row in await session.execute(query):
        one = Attachment(*row)
        found.setdefault(one.subject_id, []).append(one)
    return found


async def sealed_attachment(
    session: Session, company_id: UUID, attachment_id: UUID
) -> tuple[Attachment, str, bytes] | None:
    """A file with its key's name and its sealed bytes."""
    query = select(*_COLUMNS, attachment.c.key_id, attachment.c.sealed).where(
        attachment.c.company_id == company_id, attachment.c.id == attachment_id
    )
    row: Any = (await session.execute(query)).one_or_none()
    return (Attachment(*row[:-2]), row[-2], bytes(row[-1])) if row else None
