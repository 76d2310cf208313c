"""The checks on a real database: breaches seeded into the tables are found, kept, closed and told."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from services.assign_finding import (
    FindingClosed,
    FindingOwnerUnknown,
    FindingReasonMissing,
    FindingUnknown,
    assign_finding,
    close_finding,
)
from services.check_compliance import CheckUnknown, check_compliance
from statements.compliance import CHECKS
from storage.audit import Actor
from storage.database import Database, owner_transaction, transaction
from storage.findings import StoredFinding, list_findings
from storage.identifiers import new_id
from storage.schema import approval_act, approval_policy, approval_request, outbox, statement
from tests.support.books import Book, Item, new_book

TODAY = date(2026, 6, 15)


async def approve(
    book: Book, statement_id: UUID, by: UUID, *, submitted_by: UUID | None = None, digest: str | None = None
) -> None:
    """A used approval of the statement with one vote, written as the engine leaves it."""
    policy, request, now = new_id(), new_id(), datetime.now(UTC)
    async with transaction(book.engine, book.company.id) as session:
        seen = (await session.execute(select(statement.c.digest).where(statement.c.id == statement_id))).scalar_one()
        company = {"company_id": book.company.id}
        await session.execute(
            insert(approval_policy).values(
                **company, id=policy, name=str(policy), version=1, body="{}", sha256="", state="published"
            )
        )
        await session.execute(
            insert(approval_request).values(
                **company, id=request, policy_id=policy, subject_kind="statement", subject_id=str(statement_id),
                digest=digest or seen, state="consumed", stage=1, round=1, opened_at=now, closed_at=now,
                submitted_by=submitted_by,
            )
        )  # fmt: skip
        await session.execute(
            insert(approval_act).values(
                **company, id=new_id(), request_id=request, number=1, kind="approved", actor_id=by, authority_id=by,
                channel="web", assurance="session", digest=seen, stage=1, round=1, is_vote=True,
                idempotency_key=str(request), previous_hash="", hash="", at=now,
            )
        )  # fmt: skip


async def codes(book: Book, today: date = TODAY, names: list[str] | None = None) -> list[str]:
    """The open findings' codes after a check."""
    figures = await check_compliance(book.engine, book.company, today, names)
    return [finding["code"] for finding in figures["findings"]]


async def clean_book(engine: Database) -> tuple[Book, UUID, list[Item]]:
    """Consecutive invoices, a fresh receipt, and a statement that was approved by a second person and sent."""
    book = await new_book(engine)
    alice, bob = await book.add_person("alice", "reviewer"), await book.add_person("bob", "clerk")
    await book.add_person("dora", "compliance")
    customer = await book.add_customer("C1")
    items = [Item(f"INV-{n:04d}", 100_00, date(2026, 5, n), date(2026, 7, n)) for n in range(1, 8)]
    await book.add_items(customer, [*items, Item("R-1", -10_00, date(2026, 6, 10), kind="receipt")])
    sent = await book.add_sent_statement(customer, items, sent_at=datetime(2026, 6, 10, 2, tzinfo=UTC), prepared_by=bob)
    await approve(book, sent, alice, submitted_by=bob)
    return book, customer, items


async def test_clean_books_have_no_finding_and_send_no_digest(engine: Database) -> None:
    book, _, _ = await clean_book(engine)
    figures = await check_compliance(engine, book.company, TODAY)
    assert (figures["findings"], figures["checks"]) == ([], list(CHECKS))
    async with transaction(engine, book.company.id) as session:
        assert (await session.execute(select(outbox.c.id))).all() == []


async def test_seeded_breaches_are_each_found(engine: Database) -> None:
    book, customer, items = await clean_book(engine)
    bob = await book.add_person("bobby", "reviewer")
    own = await book.add_sent_statement(
        customer, items, period="2026-05", sent_at=datetime(2026, 6, 10, 2, tzinfo=UTC), prepared_by=bob
    )
    await approve(book, own, bob)
    eve = await book.add_person("eve", "administrator")
    other = await book.add_sent_statement(customer, items, period="2026-04", status="confirmed")
    await approve(book, other, eve, digest="0" * 64)
    await book.add_sent_statement(
        customer, items, period="2026-03", sent_at=datetime(2026, 5, 20, 2, tzinfo=UTC), ties=False
    )
    await book.add_items(
        customer,
        [
            Item("INV-0009", 5_00, date(2026, 5, 9)), Item("INV-0009", 6_00, date(2026, 5, 9)),
            Item("R-0", -70_00, date(2026, 4, 30), kind="receipt"),
        ],
    )  # fmt: skip
    assert sorted(await codes(book)) == [
        "administrator_decided", "cash_too_old", "decided_own_work", "no_answer", "number_used_twice",
        "numbers_missing", "sent_other_than_approved", "sent_untied", "sent_without_approval",
    ]  # fmt: skip


async def test_a_batch_approves_the_statements_that_it_names_at_their_digests(engine: Database) -> None:
    book, customer, items = await clean_book(engine)
    named, other = [
        await book.add_sent_statement(customer, items, period=period, status="confirmed")
        for period in ("2026-04", "2026-03")
    ]
    policy, now = new_id(), datetime.now(UTC)
    async with transaction(engine, book.company.id) as session:
        digest = (await session.execute(select(statement.c.digest).where(statement.c.id == named))).scalar_one()
        company = {"company_id": book.company.id}
        await session.execute(
            insert(approval_policy).values(
                **company, id=policy, name="batches", version=1, body="{}", sha256="", state="published"
            )
        )
        await session.execute(
            insert(approval_request).values(
                **company, id=new_id(), policy_id=policy, subject_kind="statement_batch", subject_id="b1", digest="b",
                facts={"statements": {str(named): digest, str(other): "another"}}, state="approved", stage=1, round=1,
                opened_at=now, closed_at=now,
            )
        )  # fmt: skip
    figures = await check_compliance(engine, book.company, TODAY, ["sent_approved"])
    assert [(f["code"], f["subject"]["id"]) for f in figures["findings"]] == [("sent_other_than_approved", str(other))]


async def test_content_changed_behind_our_back_is_found(engine: Database) -> None:
    book, _, _ = await clean_book(engine)
    async with owner_transaction(engine) as session:
        await session.execute(statement.update().values(content=statement.c.content + " "))
    assert await codes(book, names=["sent_approved"]) == ["content_changed"]


async def test_a_missing_backup_is_found_once_the_house_is_old_enough(engine: Database) -> None:
    book = await new_book(engine)
    assert await codes(book, date.today() + timedelta(days=30), ["backup_age"]) == ["never_backed_up"]  # noqa: DTZ011 - rows carry the server's clock


async def test_findings_open_once_close_when_fixed_and_open_again(engine: Database) -> None:
    book, customer, _ = await clean_book(engine)
    old = Item("R-0", -70_00, date(2026, 4, 30), kind="receipt")
    await book.add_items(customer, [old])
    first = await check_compliance(engine, book.company, TODAY)
    assert (first["opened"], first["open"]) == (1, 1)
    again = await check_compliance(engine, book.company, TODAY)
    assert (again["opened"], again["known"], again["open"]) == (0, 1, 1)
    invoice = Item("INV-0008", 70_00, date(2026, 5, 8))
    await book.add_items(customer, [invoice])
    await book.apply(old, invoice, 70_00, TODAY)
    assert (await check_compliance(engine, book.company, TODAY))["fixed"] == 1
    await book.apply(old, invoice, -70_00, TODAY)
    assert (await check_compliance(engine, book.company, TODAY))["opened"] == 1


async def test_the_digest_goes_once_a_day_to_compliance_and_chat(engine: Database) -> None:
    book, customer, _ = await clean_book(engine)
    await book.add_items(customer, [Item("R-0", -70_00, date(2026, 4, 30), kind="receipt")])
    await check_compliance(engine, book.company, TODAY)
    await check_compliance(engine, book.company, TODAY)
    async with transaction(engine, book.company.id) as session:
        query = select(outbox.c.channel, outbox.c.recipient, outbox.c.kind).order_by(outbox.c.channel)
        rows = [tuple(row) for row in await session.execute(query)]
    assert rows == [
        ("email", "dora@example.com", "compliance_digest"),
        ("slack", "#receivables", "compliance_digest"),
    ]


async def only_finding(book: Book) -> StoredFinding:
    """The one finding there is."""
    async with transaction(book.engine, book.company.id) as session:
        [finding] = await list_findings(session, book.company.id, status=None)
    return finding


async def test_a_finding_is_assigned_and_closed_with_a_reason(engine: Database) -> None:
    book, customer, _ = await clean_book(engine)
    dora_id = await book.add_person("dora2", "compliance")
    dora = Actor("user", dora_id)
    await book.add_items(customer, [Item("R-0", -70_00, date(2026, 4, 30), kind="receipt")])
    await check_compliance(engine, book.company, TODAY)
    finding = await only_finding(book)
    await assign_finding(engine, book.company, finding.id, dora_id, date(2026, 6, 20), dora)
    assert ((await only_finding(book)).owner_id, (await only_finding(book)).due_on) == (dora_id, date(2026, 6, 20))
    with pytest.raises(FindingOwnerUnknown):
        await assign_finding(engine, book.company, finding.id, new_id(), date(2026, 6, 20), dora)
    with pytest.raises(FindingReasonMissing):
        await close_finding(engine, book.company, finding.id, "fixed", "", dora)
    await close_finding(engine, book.company, finding.id, "fixed", "set against R-7", dora)
    with pytest.raises(FindingClosed):
        await close_finding(engine, book.company, finding.id, "fixed", "again", dora)
    assert (await only_finding(book)).status == "fixed"


async def test_foreign_findings_cannot_be_reached(engine: Database) -> None:
    book, customer, _ = await clean_book(engine)
    await book.add_items(customer, [Item("R-0", -70_00, date(2026, 4, 30), kind="receipt")])
    await check_compliance(engine, book.company, TODAY)
    finding = await only_finding(book)
    theirs = await new_book(engine, "THEIRS")
    mallory = Actor("user", await theirs.add_person("mallory", "compliance"))
    with pytest.raises(FindingUnknown):
        await close_finding(engine, theirs.company, finding.id, "fixed", "mine", mallory)


async def test_an_unknown_check_is_refused(engine: Database) -> None:
    book = await new_book(engine)
    with pytest.raises(CheckUnknown):
        await check_compliance(engine, book.company, TODAY, ["nonsense"])
