"""Builds on a real database: drafts, versions, groups, who is left out, the gate, the trail."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import update

from ledger.business_calendar import Period
from ledger.canonical import canonical_json, sha256_hex
from services.build_statements import build_counted, build_statements, head_of_customer
from services.change_statement_status import StatementUnknown, change_statement_status
from services.report_balance import CustomerUnknown, report_balance
from services.show_statement import find_statement, show_statement
from services.tie_out import tie_out
from statements.lifecycle import GuardRefused, TransitionRefused
from storage.audit import SYSTEM, Actor, verify_chain
from storage.companies import Company
from storage.database import Database, transaction
from storage.schema import company as company_table
from storage.schema import control_balance, customer, open_item, statement
from storage.statements import latest_versions
from tests.support.history import History, id_of, read
from tests.support.ledger_store import fresh_user, make_company, store, store_allocations

JANUARY = Period("2026-01", date(2026, 1, 1), date(2026, 1, 31))
FEBRUARY = Period("2026-02", date(2026, 2, 1), date(2026, 2, 28))

STORY = """
    2026-01-05 invoice INV-1 1000.00 CNY due 2026-02-04
    2026-01-20 receipt RC-1 600.00 CNY for INV-1
    2026-01-22 invoice INV-2 80.00 CNY at SHOP
    2026-01-25 receipt RC-2 80.00 CNY at HQ for INV-2
    2026-01-26 invoice INV-3 50.00 USD at SHOP
"""


async def books(engine: Database, text: str = STORY, parents: dict[str, str] | None = None) -> tuple[Company, History]:
    company, history = await make_company(engine), read(text)
    await store(engine, company, history, parents=parents)
    await store_allocations(engine, company, history)
    return company, history


async def act(engine: Database, company: Company, statement_id: UUID, *commands: str, actor: Actor = SYSTEM) -> None:
    for command in commands:
        async with transaction(engine, company.id) as session:
            await change_statement_status(session, company.id, statement_id, command, actor, {})


async def test_a_build_writes_one_draft_per_customer_and_currency(engine: Database) -> None:
    company, _ = await books(engine)
    built = await build_counted(engine, company, JANUARY)
    assert [(line["number"], line["closing"], line["new"]) for line in built.statements] == [
        ("2026-01/HQ/CNY/v1", "400.00", True),
        ("2026-01/SHOP/CNY/v1", "0.00", True),
        ("2026-01/SHOP/USD/v1", "50.00", True),
    ]
    assert built.left_out == {"nothing_to_say": 1}
    assert built.statements[0]["buckets"]["not_due"] == "400.00"
    async with transaction(engine, company.id) as session:
        view = await show_statement(session, company.id, "2026-01/HQ/CNY/v1")
        assert sha256_hex(canonical_json(view.content)) == view.row.digest == built.statements[0]["digest"]
        assert view.commands == ["submit", "void", "supersede"]
        assert (await verify_chain(session, company.id))[1] is None


async def test_the_same_figures_write_nothing_again(engine: Database) -> None:
    company, _ = await books(engine)
    first = await build_statements(engine, company, JANUARY)
    again = await build_statements(engine, company, JANUARY)
    assert [line["new"] for line in again] == [False] * 3
    assert [line["digest"] for line in again] == [line["digest"] for line in first]


async def test_an_unsent_draft_gives_way_to_the_next_version(engine: Database) -> None:
    company, history = await books(engine)
    await build_statements(engine, company, JANUARY)
    more = read(STORY + "2026-01-30 invoice INV-9 5.00 CNY")
    await store(engine, company, more, first=len(history.items))
    assert not (await tie_out(engine, company, JANUARY))["ties"], "the drafts are out of date"
    built = await build_statements(engine, company, JANUARY, customer_ids=[id_of("HQ")])
    assert [line["number"] for line in built] == ["2026-01/HQ/CNY/v2"]
    async with transaction(engine, company.id) as session:
        view = await show_statement(session, company.id, "2026-01/HQ/CNY/v2")
        assert [row.status for row in view.versions] == ["superseded", "draft"]
        assert view.row.difference is not None
        assert [change["number"] for change in view.row.difference["lines"]] == ["INV-9"]
    assert (await tie_out(engine, company, JANUARY))["ties"]


async def test_what_the_customer_holds_is_superseded_when_the_next_version_is_sent(engine: Database) -> None:
    company, history = await books(engine)
    [first] = await build_statements(engine, company, JANUARY, customer_ids=[id_of("HQ")])
    await act(engine, company, UUID(first["id"]), "submit", "approve", "send", "confirm")
    more = read(STORY + "2026-01-30 invoice INV-9 5.00 CNY")
    await store(engine, company, more, first=len(history.items))
    [second] = await build_statements(engine, company, JANUARY, customer_ids=[id_of("HQ")])
    async with transaction(engine, company.id) as session:
        view = await show_statement(session, company.id, second["id"])
        assert [row.status for row in view.versions] == ["confirmed", "draft"]
    await act(engine, company, UUID(second["id"]), "submit", "approve", "send")
    async with transaction(engine, company.id) as session:
        view = await show_statement(session, company.id, first["id"])
        assert [row.status for row in view.versions] == ["superseded", "sent"]
        verbs = [moment.verb for moment in view.timeline]
        assert verbs == [
            "statement_draft", "statement_in_review", "statement_approved", "statement_sent", "statement_confirmed",
            "statement_superseded",
        ]  # fmt: skip
        assert view.row.sent_at is not None
        assert view.row.answered_at is not None


async def test_an_account_that_fell_silent_still_gets_its_correction(engine: Database) -> None:
    company, history = await books(engine, "2026-01-05 invoice INV-1 10.00 CNY")
    await build_statements(engine, company, JANUARY)
    more = read("2026-01-05 invoice INV-1 10.00 CNY\n2026-01-05 credit_memo INV-1R 10.00 CNY reverses INV-1")
    await store(engine, company, more, first=len(history.items))
    [line] = await build_statements(engine, company, JANUARY)
    assert (line["number"], line["closing"]) == ("2026-01/HQ/CNY/v2", "0.00")


async def test_a_group_is_stated_with_its_head(engine: Database) -> None:
    company, _ = await books(engine, parents={"SHOP": "HQ"})
    built = await build_counted(engine, company, JANUARY, "DETAILED")
    assert [(line["number"], line["closing"]) for line in built.statements] == [
        ("2026-01/HQ/CNY/v1", "400.00"), ("2026-01/HQ/USD/v1", "50.00"),
    ]  # fmt: skip
    assert built.left_out == {"in_group": 1, "nothing_to_say": 1}
    assert await head_of_customer(engine, company, "SHOP") == id_of("HQ")
    with pytest.raises(CustomerUnknown):
        await head_of_customer(engine, company, "NOBODY")
    _, view = await find_statement(engine, "2026-01/HQ/CNY/v1")
    assert [one["account"] for one in view.content["sections"]] == ["HQ", "SHOP"]
    assert (await tie_out(engine, company, JANUARY))["ties"]


async def test_groups_can_be_stated_apart_and_a_ring_of_parents_ends(engine: Database) -> None:
    company, _ = await books(engine, parents={"SHOP": "HQ", "HQ": "SHOP"})
    assert len(await build_statements(engine, company, JANUARY)) == 2
    async with engine.begin() as session:
        await session.execute(update(company_table).values(settings={"group_statements": False}))
    apart = Company(
        **{name: getattr(company, name) for name in company.__slots__} | {"settings": {"group_statements": False}}
    )
    assert len(await build_statements(engine, apart, FEBRUARY)) == 2


async def test_disabled_customers_are_left_out_and_the_gate_knows(engine: Database) -> None:
    company, _ = await books(engine)
    async with transaction(engine, company.id) as session:
        gone = datetime(2026, 1, 31, tzinfo=UTC)
        await session.execute(update(customer).where(customer.c.code == "HQ").values(disabled_at=gone))
    built = await build_counted(engine, company, JANUARY)
    assert built.left_out == {"disabled": 1, "nothing_to_say": 1}
    answer = await tie_out(engine, company, JANUARY)
    assert answer["ties"]


async def test_the_gate_compares_the_control_account(engine: Database) -> None:
    company, _ = await books(engine)
    async with transaction(engine, company.id) as session:
        for number, amount in enumerate((300_00, 399_00)):
            await session.execute(
                control_balance.insert().values(
                    company_id=company.id, id=id_of(f"control {number}"), currency="CNY", as_of=date(2026, 1, 31),
                    amount=amount, recorded_at=datetime(2026, 2, 1 + number, tzinfo=UTC),
                )
            )  # fmt: skip
    answer = await tie_out(engine, company, JANUARY)
    wrong = [line for line in answer["equations"] if not line["ties"]]
    assert [(line["equation"], line["left"], line["right"], line["difference"]) for line in wrong] == [
        ("subledger_is_control_account", "400.00", "399.00", "1.00")
    ]
    assert not answer["ties"]


async def test_the_gate_names_the_account_whose_items_do_not_add_up(engine: Database) -> None:
    company, _ = await books(engine)
    async with transaction(engine, company.id) as session:
        early = date(2026, 2, 15)
        await session.execute(update(open_item).where(open_item.c.number == "RC-1").values(document_date=early))
    answer = await tie_out(engine, company, JANUARY)
    assert not answer["ties"]
    assert [(line["customer"], line["left"], line["right"]) for line in answer["breaches"]] == [
        ("HQ", "1000.00", "400.00")
    ]
    [line] = await build_statements(engine, company, JANUARY, customer_ids=[id_of("HQ")])
    assert line["ties"] is False
    with pytest.raises(GuardRefused):
        await act(engine, company, UUID(line["id"]), "submit")


async def test_a_closing_is_the_next_opening_over_the_database_too(engine: Database) -> None:
    company, _ = await books(engine)
    january = {(one["customer"], one["currency"]): one for one in await build_statements(engine, company, JANUARY)}
    february = await build_statements(engine, company, FEBRUARY, "BALANCE_FORWARD")
    assert february
    for line in february:
        assert line["opening"] == january[line["customer"], line["currency"]]["closing"]


async def test_a_balance_as_known_leaves_out_what_came_later(engine: Database) -> None:
    company, _ = await books(
        engine,
        """
        2026-01-05 invoice INV-1 1000.00 CNY due 2026-01-15 disputed 300.00
        2026-01-20 receipt RC-1 600.00 CNY for INV-1 known 2026-02-03
        2026-01-21 receipt RC-2 7.00 CNY
        """,
    )
    end = date(2026, 1, 31)
    now = (await report_balance(engine, company, end))["currencies"]["CNY"]
    assert (now["open"], now["credits"], now["unapplied"], now["overdue"], now["disputed"]) == (
        "393.00", "-7.00", "-7.00", "400.00", "300.00",
    )  # fmt: skip
    assert now["buckets"]["1-30"] == "393.00"
    assert now["counts"]["1-30"] == 2
    then = await report_balance(engine, company, end, datetime(2026, 2, 1, tzinfo=UTC), "HQ")
    assert then["customers"][0]["open"] == "993.00"
    with pytest.raises(CustomerUnknown):
        await report_balance(engine, company, end, customer_code="NOBODY")


async def test_nobody_but_the_table_moves_a_statement(engine: Database) -> None:
    company, _ = await books(engine)
    alice = fresh_user()
    [line] = await build_statements(engine, company, JANUARY, customer_ids=[id_of("HQ")], prepared_by=alice)
    with pytest.raises(TransitionRefused):
        await act(engine, company, UUID(line["id"]), "send")
    await act(engine, company, UUID(line["id"]), "submit")
    with pytest.raises(GuardRefused):
        await act(engine, company, UUID(line["id"]), "approve", actor=Actor("user", alice))
    with pytest.raises(StatementUnknown):
        await act(engine, company, fresh_user(), "submit")
    async with transaction(engine, company.id) as session:
        rows = (await session.execute(statement.select())).all()
    assert [(row.status, row.row_version) for row in rows] == [("in_review", 2)]


CHAPTERS = (
    """
    2026-01-05 invoice INV-1 1000.00 CNY due 2026-02-04
    2026-01-06 invoice INV-2 80.00 CNY at SHOP
    2026-01-07 invoice INV-3 70.00 USD at DEPOT
    """,
    """
    2026-01-20 receipt RC-1 600.00 CNY for INV-1
    2026-01-21 receipt RC-2 80.00 CNY for INV-2
    """,
    """
    2026-01-25 invoice INV-4 12.345 CNY at DEPOT disputed 2.00
    2026-01-26 receipt RC-3 70.00 USD at DEPOT for INV-3
    """,
)
"""Plain accounts at first; then one that pays for another, then one with a residue and a dispute."""


async def test_building_again_as_the_books_grow_ends_like_building_once(engine: Database) -> None:
    growing, at_once = await make_company(engine), await make_company(engine, "ONCE")
    text, items, allocations = "", 0, 0
    for chapter in CHAPTERS:
        text += chapter
        history = read(text)
        await store(engine, growing, history, first=items)
        await store_allocations(engine, growing, history, first=allocations)
        items, allocations = len(history.items), len(history.allocations)
        await build_statements(engine, growing, JANUARY)
    await store(engine, at_once, read(text))
    await store_allocations(engine, at_once, read(text))
    await build_statements(engine, at_once, JANUARY)
    said = []
    for company in (growing, at_once):
        async with transaction(engine, company.id) as session:
            newest = await latest_versions(session, company.id, JANUARY.label)
        said.append({key: (row.figures_digest, row.closing) for key, row in newest.items()})
    assert said[0] == said[1]
    assert len(said[0]) == 4
