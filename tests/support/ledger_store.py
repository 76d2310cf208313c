"""Puts a history into the database, as an import would have."""

from uuid import UUID

from sqlalchemy import insert

from services.add_company import add_company, company_by_code
from storage.companies import Company
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.schema import allocation, customer, open_item, source
from tests.support.history import History, id_of


async def make_company(engine: Database, code: str = "ACME") -> Company:
    """A company that keeps its books in CNY."""
    await add_company(engine, code, "Acme Trading", "CNY", "Asia/Shanghai")
    return await company_by_code(engine, code)


async def store(
    engine: Database, company: Company, history: History, *, parents: dict[str, str] | None = None, first: int = 0
) -> None:
    """Writes customers HQ, SHOP, DEPOT with the history's items (from `first` on) and allocations.

    Facts that are there already stay; `parents` names the head of an account.
    """
    accounts = ["HQ", "SHOP", "DEPOT"]
    known = {id_of(account): account for account in accounts}
    async with transaction(engine, company.id) as session:
        if first == 0:
            await session.execute(
                insert(source).values(company_id=company.id, id=id_of("source"), name="text", settings={})
            )
            for account in accounts:
                parent = (parents or {}).get(account)
                await session.execute(
                    insert(customer).values(
                        company_id=company.id, id=id_of(account), code=account, name=f"Customer {account}",
                        parent_id=id_of(parent) if parent else None, language="zh",
                    )
                )  # fmt: skip
        for item in history.items[first:]:
            assert item.customer_id in known
            await session.execute(
                insert(open_item).values(
                    company_id=company.id, id=item.id, customer_id=item.customer_id, kind=item.kind.value,
                    number=item.number, source_id=id_of("source"), source_ref=item.number, currency=item.currency,
                    document_date=item.document_date, due_date=item.due_date, amount=item.amount,
                    residue=item.residue, disputed=item.disputed, recorded_at=item.recorded_at,
                    reverses_id=item.reverses_id, instalment=item.instalment,
                )
            )  # fmt: skip


async def store_allocations(engine: Database, company: Company, history: History, first: int = 0) -> None:
    """Writes the history's allocations from `first` on."""
    async with transaction(engine, company.id) as session:
        for one in history.allocations[first:]:
            await session.execute(
                insert(allocation).values(
                    company_id=company.id, id=one.id, credit_item_id=one.credit_item_id,
                    debit_item_id=one.debit_item_id, amount=one.amount, effective_on=one.effective_on,
                    recorded_at=one.recorded_at, undoes_id=one.undoes_id,
                )
            )  # fmt: skip


def fresh_user() -> UUID:
    """Somebody's id."""
    return new_id()
