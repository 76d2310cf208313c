"""A customer's answers on a real database: recorded once, with what follows, and nothing for strangers."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from services.change_statement_status import change_statement_status
from services.chase_customers import chase_customers
from services.open_statement_page import LinkInvalid, mark_opened, open_statement_page
from services.record_answer import (
    AnswerClosed,
    AnswerIncomplete,
    AnswerKeyReused,
    AnswerSuperseded,
    DisputedLine,
    DisputeLineInvalid,
    GivenAnswer,
    address_prefix,
    record_answer,
)
from services.renew_link import renew_link
from services.resolve_dispute import DisputeClosed, DisputeNoteMissing, DisputeUnknown, resolve_dispute
from storage.audit import SYSTEM, Actor, verify_chain
from storage.database import Database, owner_transaction, transaction
from storage.disputes import disputed_amounts, list_disputes
from storage.schema import (
    access_token,
    answer,
    audit_event,
    contact,
    delivery_event,
    dispute,
    metadata,
    outbox,
    task,
)
from tests.answers.desk import link_to, new_desk


async def counts(engine: Database) -> dict[str, int]:
    """Rows of every table, over all companies."""
    async with owner_transaction(engine) as session:
        return {
            table.name: (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in metadata.sorted_tables
        }


async def test_looking_changes_nothing_and_shows_what_was_sent(engine: Database) -> None:
    desk = await new_desk(engine)
    before = await counts(engine)
    page = await desk.page()
    assert await counts(engine) == before
    assert (page.company_name, page.status, page.can_answer, page.language) == ("ACME Trading", "sent", True, "zh")
    assert [line["open"] for line in page.content["lines"]] == ["100.00", "250.50", "-50.00"]
    assert (page.answers, page.disputes, page.superseded_by) == ([], [], None)
    assert page.nonce != (await desk.page()).nonce


async def test_opening_is_noted_once_per_recipient(engine: Database) -> None:
    desk = await new_desk(engine)
    assert await mark_opened(engine, desk.link)
    assert not await mark_opened(engine, desk.link)
    rows = await desk.rows(select(delivery_event.c.kind, delivery_event.c.recipient))
    assert [tuple(row) for row in rows] == [("opened", "pay@customer.example")]


async def test_agreeing_confirms_and_tells_the_clerks(engine: Database) -> None:
    desk = await new_desk(engine)
    recorded = await desk.answer("agree")
    assert (recorded.kind, recorded.status, recorded.repeated) == ("agree", "confirmed", False)
    [row] = await desk.rows(select(answer))
    page = await desk.page()
    assert (row.name, row.position, row.digest, row.channel) == ("王建国", "财务经理", page.digest, "web")
    assert (row.address_prefix, row.contact_id) == ("203.0.113.0/24", desk.contact)
    assert [given.kind for given in page.answers] == ["agree"]
    told = await desk.rows(select(outbox.c.kind, outbox.c.channel, outbox.c.recipient).order_by(outbox.c.channel))
    assert [tuple(r) for r in told] == [
        ("answer_received", "email", "bob@example.com"),
        ("answer_received", "slack", "#receivables"),
    ]
    events = await desk.rows(select(audit_event.c.verb, audit_event.c.actor_kind, audit_event.c.actor_id))
    assert ("answer_recorded", "customer", desk.contact) in [tuple(event) for event in events]
    async with transaction(engine, desk.book.company.id) as session:
        assert (await verify_chain(session, desk.book.company.id))[1] is None


async def test_a_double_click_is_one_answer_and_another_answer_under_its_key_is_refused(engine: Database) -> None:
    desk = await new_desk(engine)
    page = await desk.page()
    given = GivenAnswer("agree", "王建国", page.digest, page.nonce)
    first = await record_answer(engine, desk.link, given)
    before = await counts(engine)
    second = await record_answer(engine, desk.link, given)
    assert (second.answer_id, second.at, second.repeated) == (first.answer_id, first.at, True)
    assert await counts(engine) == before
    line = DisputedLine(1, "price", "1.00")
    with pytest.raises(AnswerKeyReused):
        await record_answer(engine, desk.link, replace(given, kind="dispute", lines=(line,)))
    assert await counts(engine) == before


async def test_agreeing_but_for_lines_holds_only_their_amounts(engine: Database) -> None:
    desk = await new_desk(engine)
    recorded = await desk.answer(
        "agree_except",
        DisputedLine(1, "quantity", "40.00", "两箱未收到"),
        DisputedLine(1, "price", "10"),
        DisputedLine(2, "not_ours", "２００．５０"),
    )
    assert recorded.status == "disputed"
    async with transaction(engine, desk.book.company.id) as session:
        held = await disputed_amounts(session, desk.book.company.id)
        listed = await list_disputes(session, desk.book.company.id)
    assert held == {desk.items[0].id: 50_00, desk.items[1].id: 200_50}
    assert {(entry.item_number, entry.dispute.reason, entry.dispute.status) for entry in listed} == {
        ("INV-1", "quantity", "open"), ("INV-1", "price", "open"), ("INV-2", "not_ours", "open"),
    }  # fmt: skip
    assert len(await desk.rows(select(task).where(task.c.kind == "dispute"))) == 3
    kinds = [row[0] for row in await desk.rows(select(outbox.c.kind).where(outbox.c.channel == "slack"))]
    assert sorted(kinds) == ["answer_received", "dispute_opened", "dispute_opened", "dispute_opened"]
    await chase_customers(engine, desk.book.company, date(2026, 6, 15))
    [reminder] = await desk.rows(select(outbox.c.payload).where(outbox.c.kind == "reminder"))
    assert (reminder[0]["totals"], reminder[0]["statements"]) == ({"CNY": "100.00"}, [])


async def test_each_change_is_a_new_answer_and_the_newest_says_what_is_disputed(engine: Database) -> None:
    desk = await new_desk(engine)
    keep, drop = DisputedLine(1, "price", "10.00"), DisputedLine(2, "date", "20.00")
    await desk.answer("dispute", keep, drop)
    [first, second] = await desk.rows(select(dispute).order_by(dispute.c.amount))
    await desk.answer("dispute", keep, DisputedLine(2, "date", "30.00"))
    rows = {row.id: row for row in await desk.rows(select(dispute))}
    assert rows[first.id].status == "open"
    assert (rows[second.id].status, rows[second.id].resolution) == ("resolved", "withdrawn")
    assert len(rows) == 3
    await desk.answer("agree")
    assert await desk.status() == "confirmed"
    assert {row.status for row in await desk.rows(select(dispute))} == {"resolved"}
    await desk.answer("dispute", keep)
    assert await desk.status() == "disputed"
    assert [row[0] for row in await desk.rows(select(answer.c.kind).order_by(answer.c.at))] == [
        "dispute", "dispute", "agree", "dispute",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        DisputedLine(1, "price", "100.01"), DisputedLine(9, "price", "1.00"), DisputedLine(3, "price", "1.00"),
        DisputedLine(1, "price", "0"), DisputedLine(1, "price", "-5"), DisputedLine(1, "price", "1.005"),
        DisputedLine(1, "price", "NaN"), DisputedLine(1, "price", "1e2"), DisputedLine(1, "price", ""),
        DisputedLine(1, "price", "٣"), DisputedLine(1, "price", "1,0"), DisputedLine(0, "price", "1.00"),
    ],
)  # fmt: skip
async def test_a_line_cannot_be_disputed_beyond_what_is_open(engine: Database, line: DisputedLine) -> None:
    desk = await new_desk(engine)
    before = await counts(engine)
    with pytest.raises(DisputeLineInvalid):
        await desk.answer("dispute", line)
    assert await counts(engine) == before


async def test_parts_of_one_line_count_together(engine: Database) -> None:
    desk = await new_desk(engine)
    with pytest.raises(DisputeLineInvalid):
        await desk.answer("dispute", DisputedLine(1, "price", "60.00"), DisputedLine(1, "date", "40.01"))


async def test_what_an_answer_needs(engine: Database) -> None:
    desk = await new_desk(engine)
    line = DisputedLine(1, "price", "1.00")
    for kind, lines, changes in (
        ("agree", (), {"name": "  "}), ("agree", (), {"name": "x" * 121}), ("agree", (line,), {}),
        ("dispute", (), {}), ("later", (), {}), ("dispute", (replace(line, reason="mood"),), {}),
        ("dispute", (replace(line, text="x" * 2001),), {}), ("agree", (), {"position": "x" * 121}),
    ):  # fmt: skip
        with pytest.raises(AnswerIncomplete):
            await desk.answer(kind, *lines, **changes)
    assert await desk.rows(select(answer.c.id)) == []


async def test_an_old_version_takes_no_answer(engine: Database) -> None:
    desk = await new_desk(engine)
    page = await desk.page()
    with pytest.raises(AnswerSuperseded):
        await desk.answer("agree", digest="0" * 64)
    await desk.book.add_sent_statement(desk.customer, desk.items, version=2)
    assert not (await desk.page()).can_answer
    assert (await desk.page()).superseded_by is not None
    with pytest.raises(AnswerSuperseded):
        await record_answer(engine, desk.link, GivenAnswer("agree", "王", page.digest, page.nonce))
    assert await desk.rows(select(answer.c.id)) == []


async def test_a_settled_statement_takes_no_answer(engine: Database) -> None:
    desk = await new_desk(engine)
    await desk.answer("agree")
    async with transaction(engine, desk.book.company.id) as session:
        await change_statement_status(session, desk.book.company.id, desk.statement, "settle", SYSTEM, {})
    with pytest.raises(AnswerClosed):
        await desk.answer("agree")


async def test_a_new_answer_takes_back_the_waiting_reminder(engine: Database) -> None:
    desk = await new_desk(engine)
    await chase_customers(engine, desk.book.company, date(2026, 6, 15))
    await desk.answer("agree")
    [row] = await desk.rows(select(outbox.c.state).where(outbox.c.kind == "reminder"))
    assert row.state == "cancelled"


async def test_strangers_links_and_nonces_are_refused(engine: Database) -> None:
    desk, other = await new_desk(engine), await new_desk(engine, "OTHER")
    page, theirs = await desk.page(), await other.page()
    decide = await link_to(desk.book, desk.statement, desk.contact, "decide")
    before = await counts(engine)
    # A token of one company that names a statement of another finds nothing there.
    crossed = await link_to(other.book, desk.statement, other.contact)
    for link in (crossed, decide, "", "x" * 64, desk.link[:-2]):
        with pytest.raises(LinkInvalid):
            await open_statement_page(engine, link)
        with pytest.raises(LinkInvalid):
            await record_answer(engine, link, GivenAnswer("agree", "王", page.digest, page.nonce))
    for nonce in (theirs.nonce, "", ".", "abc", page.nonce + "0"):
        with pytest.raises(LinkInvalid):
            await record_answer(engine, desk.link, GivenAnswer("agree", "王", page.digest, nonce))
    assert await desk.rows(select(answer.c.id)) == []
    after = await counts(engine)
    assert after.pop("access_token") == before.pop("access_token") + 1
    assert after == before


async def test_a_disabled_contacts_link_is_dead(engine: Database) -> None:
    desk = await new_desk(engine)
    async with transaction(engine, desk.book.company.id) as session:
        await session.execute(contact.update().values(disabled_at=func.clock_timestamp()))
    with pytest.raises(LinkInvalid):
        await desk.page()


async def test_a_lapsed_link_gets_a_fresh_one_to_the_address_on_record_once_a_day(engine: Database) -> None:
    desk = await new_desk(engine)
    async with transaction(engine, desk.book.company.id) as session:
        await session.execute(access_token.update().values(expires_at=func.clock_timestamp()))
    with pytest.raises(LinkInvalid):
        await desk.page()
    newer = await desk.book.add_sent_statement(desk.customer, desk.items, version=2)
    assert await renew_link(engine, desk.link)
    assert not await renew_link(engine, desk.link)
    [row] = await desk.rows(select(outbox))
    assert (row.kind, row.recipient, row.payload) == (
        "statement_to_customer", "pay@customer.example", {"statement_id": str(newer)}
    )  # fmt: skip
    for forged in ("", "x" * 64, desk.link[:-1] + ("A" if desk.link[-1] != "A" else "B")):
        assert not await renew_link(engine, forged)


async def test_resolving_the_last_dispute_moves_the_statement(engine: Database) -> None:
    desk = await new_desk(engine)
    bob = Actor("user", await desk.book.add_person("bobby", "clerk"))
    await desk.answer("agree_except", DisputedLine(1, "price", "10.00"), DisputedLine(2, "date", "20.00"))
    [first, second] = [row[0] for row in await desk.rows(select(dispute.c.id).order_by(dispute.c.amount))]
    with pytest.raises(DisputeNoteMissing):
        await resolve_dispute(engine, desk.book.company, first, "accepted", " ", bob)
    outcome = await resolve_dispute(engine, desk.book.company, first, "accepted", "price list sent", bob)
    assert outcome["statement_status"] == "disputed"
    with pytest.raises(DisputeClosed):
        await resolve_dispute(engine, desk.book.company, first, "accepted", "again", bob)
    outcome = await resolve_dispute(engine, desk.book.company, second, "credited", "by the ERP", bob, document="CN-1")
    # Other figures: the statement waits for its new version.
    assert outcome["statement_status"] == "disputed"
    assert len(await desk.rows(select(outbox.c.id).where(outbox.c.kind == "reissue_statement"))) == 1
    other = await new_desk(engine, "OTHER")
    with pytest.raises(DisputeUnknown):
        await resolve_dispute(engine, other.book.company, first, "accepted", "mine", bob)


async def test_accepting_the_only_dispute_confirms(engine: Database) -> None:
    desk = await new_desk(engine)
    await desk.answer("dispute", DisputedLine(1, "price", "10.00"))
    [row] = await desk.rows(select(dispute.c.id))
    outcome = await resolve_dispute(engine, desk.book.company, row.id, "accepted", "explained by phone", SYSTEM)
    assert outcome["statement_status"] == "confirmed"


def test_an_address_is_kept_as_its_network() -> None:
    assert address_prefix("203.0.113.77") == "203.0.113.0/24"
    assert address_prefix("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert address_prefix("unknown") == ""
