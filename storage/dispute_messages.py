"""The conversation of a case: rows that only grow; the customer reads the public ones."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage.database import Session
from storage.identifiers import new_id
from storage.schema import dispute_message


@dataclass(frozen=True, slots=True)
class DisputeMessage:
    """One message; `author` is the name at the time, `author_kind` customer, user or system."""

    id: UUID
    dispute_id: UUID
    author_kind: str
    author_id: UUID | None
    author: str
    body: str
    public: bool
    at: datetime


_COLUMNS = [dispute_message.c[name] for name in DisputeMessage.__dataclass_fields__]


async def add_message(  # noqa: PLR0913 - one argument per column
    session: Session, company_id: UUID, dispute_id: UUID, *, author_kind: str, author_id: UUID | None, author: str,
    body: str, public: bool, key: str,
) -> UUID | None:  # fmt: skip
    """Adds a message; None when this key has written one already."""
    statement = (
        insert(dispute_message)
        .values(
            company_id=company_id, id=new_id(), dispute_id=dispute_id, author_kind=author_kind, author_id=author_id,
            author=author, body=body, public=public, idempotency_key=key,
        )
        .on_conflict_do_nothing(index_elements=["company_id", "idempotency_key"])
        .returning(dispute_message.c.id)
    )  # fmt: skip
    written: UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return written


async def messages_of(
    session: Session, company_id: UUID, dispute_ids: list[UUID], *, public: bool = False
) -> dict[UUID, list[DisputeMessage]]:
    """Messages per case, oldest first; only the public ones where asked."""
    query = (
        select(*_COLUMNS)
        .where(dispute_message.c.company_id == company_id, dispute_message.c.dispute_id.in_(dispute_ids))
        .order_by(dispute_message.c.at, dispute_message.c.id)
    )
    if public:
        query = query.where(dispute_message.c.public)
    found: dict[UUID, list[DisputeMessage]] = {}
    for row in await session.execute(query):
        one = DisputeMessage(*row)
        found.setdefault(one.dispute_id, []).append(one)
    return found
