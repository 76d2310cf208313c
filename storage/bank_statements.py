"""Bank accounts, files, statements and lines; who pays for which customer; the receipts that lines become."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.bulk import new_ids
from storage.database import Session
from storage.identifiers import new_id
from storage.schema import (
    bank_account,
    bank_file,
    bank_layout,
    bank_line,
    bank_payer,
    bank_statement,
    customer,
    open_item,
)

BATCH = 5_000
"""Rows of one insert: a day of a large account in ten round trips."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One bank file as it was taken in."""

    id: UUID
    sha256: str
    filename: str
    format: str
    layout: str
    state: str
    ties: bool | None
    counts: dict[str, Any]
    findings: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line that was taken in, in minor units; money in is positive."""

    id: UUID
    account_id: UUID
    line_key: str
    booked_on: date
    currency: str
    amount: int
    reference: str
    bank_reference: str
    description: str
    payer: str
    payer_account: str
    state: str
    customer_id: UUID | None
    row_number: int | None


_FILE = (
    bank_file.c.id, bank_file.c.sha256, bank_file.c.filename, bank_file.c.format, bank_file.c.layout, bank_file.c.state,
    bank_file.c.ties, bank_file.c.counts, bank_file.c.findings,
)  # fmt: skip
_LINE = (
    bank_line.c.id, bank_line.c.account_id, bank_line.c.line_key, bank_line.c.booked_on, bank_line.c.currency,
    bank_line.c.amount, bank_line.c.reference, bank_line.c.bank_reference, bank_line.c.description, bank_line.c.payer,
    bank_line.c.payer_account, bank_line.c.state, bank_line.c.customer_id, bank_line.c.row_number,
)  # fmt: skip


async def find_file(session: Session, company_id: UUID, sha256: str, layout: str) -> StoredFile | None:
    """The earlier import of the very same bytes with the same map."""
    query = select(*_FILE).where(
        bank_file.c.company_id == company_id, bank_file.c.sha256 == sha256, bank_file.c.layout == layout
    )
    row = (await session.execute(query)).one_or_none()
    return StoredFile(*row) if row else None


async def lock_file(session: Session, company_id: UUID, file_id: UUID) -> tuple[StoredFile, bytes] | None:
    """One file and its packed content, locked until the commit."""
    query = (
        select(*_FILE, bank_file.c.content)
        .where(bank_file.c.company_id == company_id, bank_file.c.id == file_id)
        .with_for_update()
    )
    row = (await session.execute(query)).one_or_none()
    return (StoredFile(*row[:-1]), row[-1]) if row else None


async def insert_file(session: Session, company_id: UUID, values: dict[str, Any]) -> None:
    """Adds a file; one that was discarded before is taken in anew under its old id."""
    await session.execute(
        upsert(bank_file)
        .values(company_id=company_id, **values)
        .on_conflict_do_update(
            index_elements=["company_id", "sha256", "layout"],
            set_={name: values[name] for name in ("state", "filename", "findings", "ties", "format", "imported_by")},
        )
    )


async def change_file(session: Session, company_id: UUID, file_id: UUID, values: dict[str, Any]) -> None:
    """Sets state, counts, or who decided and why."""
    if "decided_by" in values:
        values = values | {"decided_at": func.clock_timestamp()}
    await session.execute(
        update(bank_file).where(bank_file.c.company_id == company_id, bank_file.c.id == file_id).values(**values)
    )


async def ensure_accounts(
    session: Session, company_id: UUID, accounts: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str], UUID]:
    """The ids of accounts, made when new; each is (account, currency, bank)."""
    for account, currency, bank in dict.fromkeys(accounts):
        await session.execute(
            upsert(bank_account)
            .values(company_id=company_id, id=new_id(), account=account, currency=currency, bank=bank)
            .on_conflict_do_nothing(index_elements=["company_id", "account", "currency"])
        )
    rows = await session.execute(
        select(bank_account.c.account, bank_account.c.currency, bank_account.c.id).where(
            bank_account.c.company_id == company_id, bank_account.c.account.in_({account for account, _, _ in accounts})
        )
    )
    return {(row.account, row.currency): row.id for row in rows}


async def insert_statements(session: Session, company_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Adds the statements of a posted file."""
    ids = new_ids(len(rows))
    if rows:
        await session.execute(
            insert(bank_statement),
            [{"company_id": company_id, "id": UUID(key), **row} for key, row in zip(ids, rows, strict=True)],
        )


async def known_keys(session: Session, company_id: UUID, keys: Sequence[str]) -> set[tuple[UUID, str]]:
    """Which of these lines are here already, by account and key."""
    found: set[tuple[UUID, str]] = set()
    for start in range(0, len(keys), BATCH):
        rows = await session.execute(
            select(bank_line.c.account_id, bank_line.c.line_key).where(
                bank_line.c.company_id == company_id, bank_line.c.line_key.in_(keys[start : start + BATCH])
            )
        )
        found |= {(row.account_id, row.line_key) for row in rows}
    return found


async def insert_receipts(
    session: Session, company_id: UUID, items: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]]
) -> None:
    """Adds open items and then the lines that they came from."""
    for table, rows in ((open_item, items), (bank_line, lines)):
        for start in range(0, len(rows), BATCH):
            await session.execute(
                insert(table), [{"company_id": company_id, **row} for row in rows[start : start + BATCH]]
            )


async def customers_of_payers(session: Session, company_id: UUID, keys: Sequence[str]) -> dict[str, UUID]:
    """The customers that people have said pay under these keys."""
    found: dict[str, UUID] = {}
    for start in range(0, len(keys), BATCH):
        rows = await session.execute(
            select(bank_payer.c.key, bank_payer.c.customer_id).where(
                bank_payer.c.company_id == company_id, bank_payer.c.key.in_(keys[start : start + BATCH])
            )
        )
        found |= {row.key: row.customer_id for row in rows}
    return found


async def customer_names(session: Session, company_id: UUID) -> list[tuple[UUID, str]]:
    """Every customer in use with its name."""
    rows = await session.execute(
        select(customer.c.id, customer.c.name).where(
            customer.c.company_id == company_id, customer.c.disabled_at.is_(None)
        )
    )
    return [(row.id, row.name) for row in rows]


async def learn_payer(
    session: Session, company_id: UUID, payer: tuple[str, str], customer_id: UUID, learned_by: UUID | None
) -> None:
    """Remembers that this payer (key, as it was written) pays for the customer; what was known before is replaced."""
    key, shown = payer
    await session.execute(
        upsert(bank_payer)
        .values(
            company_id=company_id, id=new_id(), key=key, shown=shown, customer_id=customer_id, learned_by=learned_by
        )
        .on_conflict_do_update(
            index_elements=["company_id", "key"],
            set_={"customer_id": customer_id, "shown": shown, "learned_by": learned_by},
        )
    )


async def forget_payer(session: Session, company_id: UUID, payer_id: UUID) -> str | None:
    """Takes one rule away; answers its key, or None when there is none."""
    found: str | None = (
        await session.execute(
            delete(bank_payer)
            .where(bank_payer.c.company_id == company_id, bank_payer.c.id == payer_id)
            .returning(bank_payer.c.key)
        )
    ).scalar_one_or_none()
    return found


async def lock_line(session: Session, company_id: UUID, line_id: UUID) -> StoredLine | None:
    """One line, locked until the commit."""
    query = select(*_LINE).where(bank_line.c.company_id == company_id, bank_line.c.id == line_id).with_for_update()
    row = (await session.execute(query)).mappings().one_or_none()
    return StoredLine(**row) if row else None


async def waiting_lines(session: Session, company_id: UUID) -> list[StoredLine]:
    """Money in that no customer is known for yet, oldest first, locked until the commit."""
    query = (
        select(*_LINE)
        .where(bank_line.c.company_id == company_id, bank_line.c.state == "unassigned", bank_line.c.amount > 0)
        .order_by(bank_line.c.booked_on, bank_line.c.id)
        .with_for_update()
    )
    return [StoredLine(**row) for row in (await session.execute(query)).mappings()]


async def change_line(session: Session, company_id: UUID, line_id: UUID, values: dict[str, Any]) -> None:
    """Sets state, customer, item or who decided."""
    await session.execute(
        update(bank_line).where(bank_line.c.company_id == company_id, bank_line.c.id == line_id).values(**values)
    )


async def save_layout(session: Session, company_id: UUID, name: str, body: str, sha256: str) -> None:
    """Keeps a map under its name; a changed one replaces the one before."""
    await session.execute(
        upsert(bank_layout)
        .values(company_id=company_id, id=new_id(), name=name, body=body, sha256=sha256)
        .on_conflict_do_update(index_elements=["company_id", "name"], set_={"body": body, "sha256": sha256})
    )


async def layout_body(session: Session, company_id: UUID, name: str) -> str | None:
    """The text of a saved map."""
    body: str | None = (
        await session.execute(
            select(bank_layout.c.body).where(bank_layout.c.company_id == company_id, bank_layout.c.name == name)
        )
    ).scalar_one_or_none()
    return body


async def layout_names(session: Session, company_id: UUID) -> list[str]:
    """The names of all saved maps."""
    rows = await session.execute(
        select(bank_layout.c.name).where(bank_layout.c.company_id == company_id).order_by(bank_layout.c.name)
    )
    return [row.name for row in rows]
