"""Tampering with the trail is found: edits, swaps, deletions, a cut tail."""

import pytest
from sqlalchemy import text

from services.check_compliance import check_compliance
from services.verify_audit import verify_audit
from storage.audit import SYSTEM, record
from storage.database import Database, owner_transaction, transaction
from tests.compliance.test_check_compliance import TODAY
from tests.support.books import Book, new_book

TAMPERINGS = {
    "edited facts": 'update audit_event set facts = \'{"amount":"9"}\' where number = 3',
    "edited verb": "update audit_event set verb = 'other' where number = 3",
    "edited time": "update audit_event set at = at + interval '1 second' where number = 3",
    "another actor": "update audit_event set actor_kind = 'user' where number = 3",
    "swapped": (
        "update audit_event a set verb = b.verb, facts = b.facts from audit_event b "
        "where a.company_id = b.company_id and (a.number, b.number) in ((3, 4), (4, 3))"
    ),
    "deleted": "delete from audit_event where number = 3",
    "cut tail": "delete from audit_event where number = 5",
    "first deleted": "delete from audit_event where number = 1",
    "hash copied": "update audit_event set hash = previous_hash where number = 3",
}


async def five_events(engine: Database) -> Book:
    """A company whose trail has five events."""
    book = await new_book(engine)
    async with transaction(engine, book.company.id) as session:
        for number in range(2, 6):
            await record(session, book.company.id, SYSTEM, f"verb_{number}", ("thing", str(number)), {"n": number})
    return book


async def test_an_untouched_trail_holds(engine: Database) -> None:
    book = await five_events(engine)
    verdict = await verify_audit(engine, book.company)
    assert verdict == {"company": "ACME", "holds": True, "events": 5, "break": None}


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_tampering_is_found(engine: Database, tampering: str) -> None:
    book = await five_events(engine)
    async with owner_transaction(engine) as session:
        await session.execute(text(TAMPERINGS[tampering]))
    verdict = await verify_audit(engine, book.company)
    assert not verdict["holds"]
    figures = await check_compliance(engine, book.company, TODAY, ["audit_chain"])
    assert [finding["code"] for finding in figures["findings"]] == ["chain_broken"]
