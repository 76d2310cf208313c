"""Small books written straight into the tables: customers, items, allocations and statements that were sent."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from ledger.canonical import canonical_json, sha256_hex
from ledger.money import decimal_text
from services.add_company import add_company, company_by_code
from storage.companies import Company
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.schema import allocation, app_user, contact, customer, open_item, source, statement, user_role


@dataclass
class Item:
    """One open item as a test names it; `amount` in minor units."""

    number: str
    amount: int
    document_date: date
    due_date: date | None = None
    kind: str = "invoice"
    currency: str = "CNY"
    disputed: int = 0
    id: UUID = field(default_factory=new_id)


@dataclass
class Book:
    """A company with one source."""

    engine: Database
    company: Company
    source_id: UUID

    async def add_customer(self, code: str, *, country: str = "CN", language: str = "zh") -> UUID:
        """A customer without contact."""
        row = new_id()
        async with transaction(self.engine, self.company.id) as session:
            await session.execute(
                insert(customer).values(
                    company_id=self.company.id, id=row, code=code, name=f"Customer {code}", language=language,
                    country=country,
                )
            )  # fmt: skip
        return row

    async def add_contact(self, customer_id: UUID, email: str | None) -> UUID:
        """A contact of the customer, who receives statements."""
        row = new_id()
        async with transaction(self.engine, self.company.id) as session:
            await session.execute(
                insert(contact).values(
                    company_id=self.company.id, id=row, customer_id=customer_id, name="Customer's Contact", email=email
                )
            )
        return row

    async def add_person(self, name: str, *roles: str) -> UUID:
        """A member of staff with roles."""
        row = new_id()
        async with transaction(self.engine, self.company.id) as session:
            await session.execute(
                insert(app_user).values(company_id=self.company.id, id=row, email=f"{name}@example.com", name=name)
            )
            for role in roles:
                await session.execute(insert(user_role).values(company_id=self.company.id, user_id=row, role=role))
        return row

    async def add_items(self, customer_id: UUID, items: list[Item]) -> None:
        """Open items of the customer."""
        rows = [
            {
                "company_id": self.company.id, "id": item.id, "customer_id": customer_id, "kind": item.kind,
                "number": item.number, "source_id": self.source_id, "source_ref": str(item.id),
                "document_date": item.document_date, "due_date": item.due_date, "currency": item.currency,
                "amount": item.amount, "disputed": item.disputed,
            }
            for item in items
        ]  # fmt: skip
        async with transaction(self.engine, self.company.id) as session:
            await session.execute(insert(open_item), rows)

    async def apply(self, credit: Item, debit: Item, amount: int, on: date) -> None:
        """Sets part of a credit against a debit."""
        async with transaction(self.engine, self.company.id) as session:
            await session.execute(
                insert(allocation).values(
                    company_id=self.company.id, id=new_id(), credit_item_id=credit.id, debit_item_id=debit.id,
                    amount=amount, effective_on=on,
                )
            )  # fmt: skip

    async def add_sent_statement(
        self, customer_id: UUID, items: list[Item], *, period: str = "2026-06", version: int = 1,
        sent_at: datetime | None = None, ties: bool = True, status: str = "sent", prepared_by: UUID | None = None,
    ) -> UUID:  # fmt: skip
        """A statement over the items as if it had gone through the whole way."""
        row, currency = new_id(), items[0].currency
        closing = sum(item.amount for item in items)
        number = f"{period}/{str(customer_id)[-6:]}/{currency}/v{version}"
        content = canonical_json(_content(number, version, currency, items, closing))
        async with transaction(self.engine, self.company.id) as session:
            await session.execute(
                insert(statement).values(
                    company_id=self.company.id, id=row, number=number, customer_id=customer_id, currency=currency,
                    period=period, form="OPEN_ITEM", version=version, status=status, content=content,
                    digest=sha256_hex(content), opening=0, debits=closing, credits=0, closing=closing, overdue=0,
                    ties=ties, prepared_by=prepared_by,
                    sent_at=(sent_at or datetime.now(UTC) - timedelta(days=1)) if status != "draft" else None,
                )
            )  # fmt: skip
        return row


async def new_book(engine: Database, code: str = "ACME") -> Book:
    """A company in Shanghai with one source."""
    await add_company(engine, code, f"{code} Trading", "CNY", "Asia/Shanghai")
    company = await company_by_code(engine, code)
    source_id = new_id()
    async with transaction(engine, company.id) as session:
        await session.execute(insert(source).values(company_id=company.id, id=source_id, name="ledger"))
    return Book(engine, company, source_id)


def _content(number: str, version: int, currency: str, items: list[Item], closing: int) -> dict[str, Any]:
    return {
        "schema": "tieout.statement/1", "number": number, "version": version, "form": "OPEN_ITEM",
        "currency": currency, "decimals": 2, "closing": decimal_text(closing, 0, currency),
        "lines": [
            {
                "line": index, "section": "open", "item_id": str(item.id), "kind": item.kind, "number": item.number,
                "document_date": item.document_date.isoformat(),
                "due_date": (item.due_date or item.document_date).isoformat(),
                "amount": decimal_text(item.amount, 0, currency), "open": decimal_text(item.amount, 0, currency),
                "disputed": "0.00",
            }
            for index, item in enumerate(items, start=1)
        ],
    }  # fmt: skip
