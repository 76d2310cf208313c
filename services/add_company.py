"""Adds a company."""

from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ledger.money import known_currencies
from storage.audit import SYSTEM, record
from storage.companies import Company, find_company, insert_company
from storage.database import Database, owner_transaction, transaction
from storage.identifiers import new_id
from words.catalog import LANGUAGES
from words.refusal import Refusal


class CompanyExists(Refusal):
    """Company codes are unique."""

    code = "company_exists"
    sentence = "There is already a company with the code {code}."
    remedy = "Choose another code, or use the company that exists."


class CompanyUnknown(Refusal):
    """No such company."""

    code = "company_unknown"
    sentence = "There is no company with the code {code}."
    remedy = "Add it with: tieout company add {code} --name … --currency … --timezone …"


class CompanyInvalid(Refusal):
    """A currency, time zone or language that does not exist."""

    code = "company_invalid"
    sentence = "{value} is not a known {field}."
    remedy = "Currencies are ISO 4217 codes (CNY), time zones IANA names (Asia/Shanghai), languages zh or en."


async def add_company(
    engine: Database, code: str, name: str, currency: str, timezone: str, language: str = "en"
) -> UUID:
    """Adds the company and starts its audit trail; answers its id."""
    _check(currency, timezone, language)
    new = Company(new_id(), code, name, currency, timezone, language, {})
    async with owner_transaction(engine) as session:
        if await find_company(session, code) is not None:
            raise CompanyExists(code=code)
        await insert_company(session, new)
    async with transaction(engine, new.id) as session:
        await record(session, new.id, SYSTEM, "company_added", ("company", code), {"name": name, "currency": currency})
    return new.id


async def company_by_code(engine: Database, code: str) -> Company:
    """The company, or the refusal that says how to add it."""
    async with owner_transaction(engine) as session:
        found = await find_company(session, code)
    if found is None:
        raise CompanyUnknown(code=code)
    return found


def _check(currency: str, timezone: str, language: str) -> None:
    if currency not in known_currencies():
        raise CompanyInvalid(value=currency, field="currency")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise CompanyInvalid(value=timezone, field="time zone") from None
    if language not in LANGUAGES:
        raise CompanyInvalid(value=language, field="language")
