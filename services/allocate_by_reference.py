"""Sets receipts and credit memos against the open documents that they name exactly; the rest stays unapplied."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from connectors.references import named_in_field, named_in_text, normal_number
from ledger.canonical import Json
from storage.audit import SYSTEM, Actor, record
from storage.chases import withdraw_paid_reminders
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.imports import lock_source
from storage.items import Wanted, allocate_many
from storage.references import OpenCredit, OpenDebit, open_debits, referring_credits

CREDITS_AT_ONCE = 200_000
"""Credits with a reference that are looked at in one run; the next run takes the rest."""

SOURCE_LOCK = "references"
"""Two runs at once would only wait for each other's rows: they queue up instead."""


async def allocate_by_reference(engine: Database, company: Company, actor: Actor = SYSTEM) -> dict[str, Any]:
    """Applies what is named exactly, in one transaction; answers how many credits, allocations and what stays."""
    async with transaction(engine, company.id) as session:
        await lock_source(session, company.id, SOURCE_LOCK)
        figures = await apply_references(session, company.id)
        if figures["allocations"]:
            facts: dict[str, Json] = {name: int(count) for name, count in figures.items()}
            await record(session, company.id, actor, "references_applied", ("company", company.code), facts)
    return figures


async def apply_references(session: Session, company_id: UUID) -> dict[str, int]:
    """The same inside the caller's transaction, without an audit row of its own."""
    credits_ = await referring_credits(session, company_id, CREDITS_AT_ONCE)
    debits = _by_number(await open_debits(session, company_id, list({one.customer_id for one in credits_})))
    left_of = {debit.id: debit.open for same in debits.values() for debit in same}
    wanted, partly = [], 0
    for credit in credits_:
        left = credit.open
        for debit in _named(credit, debits):
            part = min(left, left_of[debit.id])
            if part > 0:
                wanted.append(Wanted(credit.id, debit.id, part))
                left_of[debit.id] -= part
                left -= part
        partly += left > 0
    made = await allocate_many(session, company_id, wanted, "reference") if wanted else []
    await withdraw_paid_reminders(session, company_id)
    return {"credits": len(credits_), "allocations": sum(part > 0 for part in made), "with_rest": partly}


def _by_number(debits: list[OpenDebit]) -> dict[tuple[UUID, str, str], list[OpenDebit]]:
    found: dict[tuple[UUID, str, str], list[OpenDebit]] = defaultdict(list)
    for debit in debits:
        found[(debit.customer_id, debit.currency, normal_number(debit.number))].append(debit)
    return found


def _named(credit: OpenCredit, debits: dict[tuple[UUID, str, str], list[OpenDebit]]) -> list[OpenDebit]:
    """The documents that the credit names, in its order; the instalments of one document count as one name."""
    names = named_in_field(credit.settles) if credit.settles else list(named_in_text(credit.description))
    named = []
    for name in names:
        same = debits.get((credit.customer_id, credit.currency, name), [])
        if len({debit.number for debit in same}) == 1:
            named.extend(same)
    return named
