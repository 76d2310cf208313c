"""Adds customers' contacts from a file: who gets the statements, in which language."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import polars as pl
from email_validator import EmailNotValidError, validate_email

from connectors.findings import FileRefusedError
from connectors.read import read_table
from connectors.tables import locate
from connectors.values import tidy
from ledger.canonical import Json
from services.send_statement import send_to_late_address
from storage.audit import SYSTEM, Actor, record
from storage.companies import Company
from storage.customers import (
    add_contact,
    find_contact,
    find_customer,
    new_contact,
    set_customer_language,
    update_contact,
)
from storage.database import Database, Session, transaction
from words.catalog import LANGUAGES, translate
from words.refusal import Refusal

PURPOSES = ("statement", "reminder")
HEADERS = {
    "customer": ("customer", "customer_code", "customerID", "客户编码", "客户代码"),
    "name": ("name", "contact", "联系人", "姓名"),
    "email": ("email", "e-mail", "contact_email", "邮箱", "电子邮箱"),
    "language": ("language", "语言"),
    "purpose": ("purpose", "用途"),
}
NEEDED = ("customer", "email")
SENTENCES = {
    "customer_unknown": ("There is no customer with this code.", "Import the ledger first, or correct the code."),
    "address_invalid": ("This is not an e-mail address.", "Write it like accounts@example.com."),
    "language_unknown": ("This is not a language that statements are written in.", "Write zh or en."),
    "purpose_unknown": ("This is not a purpose of a contact.", "Write statement or reminder."),
}


class ContactFileInvalid(Refusal):
    """The file of contacts cannot be read at all."""

    code = "contact_file_invalid"
    sentence = "{filename} is not a file of contacts: {reason}"
    remedy = "Give a CSV or XLSX file with the columns customer, name, email, language and purpose."


@dataclass(frozen=True, slots=True)
class _Line:
    row: int
    customer: str
    name: str
    email: str
    language: str
    purpose: str


async def add_contacts(
    engine: Database, company: Company, filename: str, content: bytes, *, actor: Actor = SYSTEM, language: str = "en"
) -> dict[str, Any]:
    """Adds or corrects the contacts of a file in one transaction; rows that cannot be used are findings."""
    lines = _lines(filename, content)
    findings: list[dict[str, Any]] = []
    counts = {"added": 0, "updated": 0, "unchanged": 0}
    async with transaction(engine, company.id) as session:
        for line in lines:
            wrong = _wrong(line)
            customer = await find_customer(session, company.id, line.customer)
            if wrong is None and customer is None:
                wrong = ("customer", line.customer, "customer_unknown")
            if wrong is not None or customer is None:
                findings.append(_finding(line.row, wrong or ("customer", "", "customer_unknown"), language))
                continue
            outcome = await _put(session, company.id, customer.id, line, actor)
            counts[outcome] += 1
            if line.language and line.language != customer.language:
                await set_customer_language(session, company.id, customer.id, line.language)
    return {"rows": len(lines), **counts, "rejected": len(findings), "findings": findings}


async def _put(session: Session, company_id: UUID, customer_id: UUID, line: _Line, actor: Actor) -> str:
    purpose = line.purpose or PURPOSES[0]
    name, language = line.name or line.email, line.language or None
    known = await find_contact(session, company_id, customer_id, line.email, purpose)
    if known is not None:
        if (known.name, known.language) == (name, language):
            return "unchanged"
        await update_contact(session, company_id, known.id, name, language)
        outcome, contact_id = "updated", known.id
    else:
        new = new_contact(customer_id, name, line.email, language, purpose)
        outcome, contact_id = "added", await add_contact(session, company_id, new)
        await send_to_late_address(session, company_id, customer_id)
    facts: dict[str, Json] = {"contact_id": str(contact_id), "purpose": purpose}
    await record(session, company_id, actor, f"contact_{outcome}", ("customer", str(customer_id)), facts)
    return outcome


def _wrong(line: _Line) -> tuple[str, str, str] | None:
    if line.language and line.language not in LANGUAGES:
        return "language", line.language, "language_unknown"
    if line.purpose and line.purpose not in PURPOSES:
        return "purpose", line.purpose, "purpose_unknown"
    return None if is_address(line.email) else ("email", line.email, "address_invalid")


def is_address(text: str) -> bool:
    """Whether a mail server would take the address, as far as its form says."""
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _finding(row: int, wrong: tuple[str, str, str], language: str) -> dict[str, Any]:
    column, raw, code = wrong
    sentence, remedy = SENTENCES[code]
    return {
        "row": row, "column": column, "raw": raw, "code": code, "severity": "reject",
        "message": translate(sentence, language), "remedy": translate(remedy, language),
    }  # fmt: skip


def _lines(filename: str, content: bytes) -> list[_Line]:
    try:
        table = read_table(filename, content, None)
        places = {name: locate(table.headers, headers, needed=name in NEEDED) for name, headers in HEADERS.items()}
    except FileRefusedError as error:
        reason = f"{error.finding.as_json('en')['message']} {error.finding.raw}"
        raise ContactFileInvalid(filename=filename, reason=reason) from error
    columns = {
        name: pl.col(f"c{place}").str.strip_chars() if place is not None else pl.lit("")
        for name, place in places.items()
    }
    frame = table.frame.select("row", **columns)
    return [
        _Line(row, customer, tidy(name), email, language.lower(), purpose.lower())
        for row, customer, name, email, language, purpose in frame.iter_rows()
    ]
