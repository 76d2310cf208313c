"""Draws a round of confirmation letters: the population as of a day, the sample, and one letter per customer drawn."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.business_calendar import add_working_days
from ledger.canonical import Json, canonical_json, sha256_hex
from ledger.money import decimal_text, round_to_minor
from services.confirmation_desk import STAFF, ConfirmationRole, Desk, at_desk
from services.report_balance import report_balance
from statements.confirmation_sample import Balance, Method, PopulationEmpty, Sample, draw
from statements.confirmations import Form, LetterState, Mode, RoundState
from storage.audit import record
from storage.companies import locked_company
from storage.confirmations import ROUND, count_rounds, insert_letters, insert_round
from storage.identifiers import new_id
from storage.ledger_rows import CustomerRow, list_customers
from storage.people import AUDITOR, find_person
from storage.presence import database_now
from words.refusal import Refusal

LETTER_LANGUAGES = ("zh", "en", "de")
"""In which a letter is printed."""

GERMAN_COUNTRIES = frozenset({"DE", "AT", "CH", "LI"})
"""Customers here get a German letter unless they asked for Chinese."""

REPLY_DAYS = 15
"""Working days to reply: three weeks, as auditors' letters usually ask."""

REMIND_AFTER = 10
"""Working days until the second request: a week before the reply is due."""

MOST_DAYS = 120
"""Half a year of working days: a later reply confirms nothing any more."""

SALT_BYTES = 16
"""The digest is printed on a blank letter, whose amounts nobody may find by trying."""


class ConfirmationInvalid(Refusal):
    """A form, mode, language or number of days that cannot be."""

    code = "confirmation_invalid"
    sentence = "{field} cannot be {value}."
    remedy = (
        "Forms are positive, negative and blank; modes commercial and audit; languages zh, en and de; days 1 to 120."
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a round shall be. `language` "" means each customer's own."""

    as_of: date
    method: Method
    form: str = Form.POSITIVE
    mode: str = Mode.COMMERCIAL
    language: str = ""
    reply_days: int = REPLY_DAYS
    remind_after: int = REMIND_AFTER


@dataclass(frozen=True, slots=True)
class Drawn:
    """The new round."""

    id: UUID
    number: str
    letters: int
    sample: Sample


async def draw_round(desk: Desk, wish: Wish) -> Drawn:
    """Writes the round and its letters; nothing is sent. Raises Refusals."""
    _check(desk, wish)
    report = await report_balance(desk.engine, desk.company, wish.as_of)
    balances = [one for one in map(_whole_units, report["customers"]) if one.size]
    sample = draw(balances, wish.method)
    if not sample.customers:
        raise PopulationEmpty(day=wish.as_of.isoformat())
    round_id = new_id()
    async with at_desk(desk) as session:
        await locked_company(session, desk.company.id)  # two draws at once get two numbers
        number = f"{wish.as_of}/{await count_rounds(session, desk.company.id, wish.as_of) + 1}"
        today = (await database_now(session)).astimezone(ZoneInfo(desk.company.timezone)).date()
        reply_by = add_working_days(today, wish.reply_days, desk.company.country)
        await insert_round(session, desk.company.id, _round(desk, wish, sample, round_id, number, reply_by))
        auditor = await find_person(session, desk.company.id, desk.person_id) if wish.mode == Mode.AUDIT else None
        head: dict[str, Json] = {
            "round": number, "form": wish.form, "mode": wish.mode, "as_of": wish.as_of.isoformat(),
            "reply_by": reply_by.isoformat(), "company": {"code": desk.company.code, "name": desk.company.name},
            "auditor": {"name": auditor.name, "email": auditor.email} if auditor else None,
        }  # fmt: skip
        customers = {row.code: row for row in await list_customers(session, desk.company.id)}
        owed: dict[str, list[Balance]] = {}
        for one in balances:
            owed.setdefault(one.customer, []).append(one)
        rows = [_letter(round_id, head, customers[code], owed[code], wish.language) for code in sample.customers]
        await insert_letters(session, desk.company.id, rows)
        await record(
            session, desk.company.id, desk.actor, "confirmation_drawn", (ROUND, str(round_id)),
            {"number": number, "mode": wish.mode, "form": wish.form, "as_of": wish.as_of.isoformat(),
             "method": wish.method.as_json(), "population_sha256": sample.population_sha256,
             "sample_sha256": sample.sample_sha256},
        )  # fmt: skip
    return Drawn(round_id, number, len(rows), sample)


def _check(desk: Desk, wish: Wish) -> None:
    if wish.mode not in set(Mode):
        raise ConfirmationInvalid(field="mode", value=wish.mode)
    if wish.form not in set(Form):
        raise ConfirmationInvalid(field="form", value=wish.form)
    if wish.language and wish.language not in LETTER_LANGUAGES:
        raise ConfirmationInvalid(field="language", value=wish.language)
    for field, days in (("days to reply", wish.reply_days), ("days to the second request", wish.remind_after)):
        if not 1 <= days <= MOST_DAYS:
            raise ConfirmationInvalid(field=field, value=days)
    needed = {AUDITOR} if wish.mode == Mode.AUDIT else set(STAFF)
    if not desk.roles & needed:
        raise ConfirmationRole


def _whole_units(row: Mapping[str, Any]) -> Balance:
    """A balance in the currency's own units: nobody confirms a tenth of a cent."""
    minor, _ = round_to_minor(Decimal(row["open"]), row["currency"])
    return Balance(row["customer"], row["currency"], decimal_text(minor, 0, row["currency"]))


def _round(
    desk: Desk, wish: Wish, sample: Sample, round_id: UUID, number: str, reply_by: date
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": round_id, "number": number, "mode": wish.mode, "form": wish.form, "as_of": wish.as_of,
        "auditor_id": desk.person_id if wish.mode == Mode.AUDIT else None, "method": wish.method.as_json(),
        "population": sample.population, "population_sha256": sample.population_sha256,
        "sample_sha256": sample.sample_sha256, "state": RoundState.DRAWN, "reply_by": reply_by,
        "remind_after": wish.remind_after, "prepared_by": desk.person_id,
    }  # fmt: skip


def _letter(
    round_id: UUID, head: Mapping[str, Json], row: CustomerRow, balances: list[Balance], language: str
) -> dict[str, Any]:
    number = f"{head['round']}/{row.code}"
    content = canonical_json({
        **head, "number": number, "customer": {"code": row.code, "name": row.name, "country": row.country or ""},
        "balances": [{"currency": one.currency, "amount": one.amount} for one in balances],
        "salt": secrets.token_hex(SALT_BYTES),
    })  # fmt: skip
    return {
        "id": new_id(), "round_id": round_id, "customer_id": row.id, "number": number,
        "language": language or _language(row), "content": content, "digest": sha256_hex(content),
        "state": LetterState.DRAWN,
    }  # fmt: skip


def _language(row: CustomerRow) -> str:
    if row.language == "zh":
        return "zh"
    return "de" if row.country in GERMAN_COUNTRIES else "en"
