"""Companies: the one table read without a company, because it is how one is chosen."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from ledger.business_calendar import country_of_zone
from storage.database import Session
from storage.schema import company


@dataclass(frozen=True, slots=True)
class Company:
    """One company that keeps its receivables here."""

    id: UUID
    code: str
    name: str
    currency: str
    timezone: str
    language: str
    settings: dict[str, Any]

    @property
    def country(self) -> str:
        """Whose holidays count: the country of the settings, else that of the time zone."""
        return str(self.settings.get("country") or country_of_zone(self.timezone))


_COLUMNS = [
    company.c.id, company.c.code, company.c.name, company.c.currency,
    company.c.timezone, company.c.language, company.c.settings,
]  # fmt: skip


async def find_company(session: Session, code: str) -> Company | None:
    """The company with this code, in an owner's transaction."""
    row = (await session.execute(select(*_COLUMNS).where(company.c.code == code))).one_or_none()
    return Company(*row) if row else None


async def own_company(session: Session, company_id: UUID) -> Company:
    """The company of the running transaction."""
    return Company(*(await session.execute(select(*_COLUMNS).where(company.c.id == company_id))).one())


async def locked_company(session: Session, company_id: UUID) -> Company:
    """The company of the running transaction, which alone may change it until its end."""
    query = select(*_COLUMNS).where(company.c.id == company_id).with_for_update()
    return Company(*(await session.execute(query)).one())


async def change_settings(session: Session, changed: Company) -> None:
    """Writes name, language and settings."""
    await session.execute(
        update(company)
        .where(company.c.id == changed.id)
        .values(name=changed.name, language=changed.language, settings=changed.settings)
    )


async def list_companies(session: Session) -> list[Company]:
    """All companies by code, in an owner's transaction."""
    return [Company(*row) for row in await session.execute(select(*_COLUMNS).order_by(company.c.code))]


async def insert_company(session: Session, new: Company) -> None:
    """Adds a company, in an owner's transaction."""
    await session.execute(
        insert(company).values(
            id=new.id, code=new.code, name=new.name, currency=new.currency,
            timezone=new.timezone, language=new.language, settings=new.settings,
        )
    )  # fmt: skip
