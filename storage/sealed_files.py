"""Every file that lies sealed in the database, whichever table holds it: for changing its key."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update

from storage.database import Session
from storage.schema import attachment, reconciliation

TABLES = {"attachment": attachment, "reconciliation": reconciliation}
"""Each binds its seals to its own name, the company and the row."""


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A file as it lies there, of whichever company."""

    table: str
    company_id: UUID
    id: UUID
    key_id: str
    sealed: bytes

    @property
    def bound_to(self) -> str:
        """What its seal names."""
        return f"{self.table}/{self.company_id}/{self.id}"


async def sealed_otherwise(session: Session, newest: str, limit: int) -> list[SealedRow]:
    """Files that another key than the newest sealed, held until the commit; in an owner's transaction."""
    found: list[SealedRow] = []
    for name, table in TABLES.items():
        query = (
            select(table.c.company_id, table.c.id, table.c.key_id, table.c.sealed)
            .where(table.c.key_id != newest)
            .order_by(table.c.company_id, table.c.id)
            .limit(limit - len(found))
            .with_for_update()
        )
        found += [SealedRow(name, row[0], row[1], row[2], bytes(row[3])) for row in await session.execute(query)]
    return found


async def seal_again(session: Session, row: SealedRow) -> None:
    """Writes the same file under another key; in an owner's transaction, because the application only adds files."""
    table = TABLES[row.table]
    await session.execute(
        update(table)
        .where(table.c.company_id == row.company_id, table.c.id == row.id)
        .values(key_id=row.key_id, sealed=row.sealed)
    )
