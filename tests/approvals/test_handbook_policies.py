"""The handbook's ten worked examples do what the page says, and are the same in both languages."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from approvals import refusals as r
from approvals.lint import lint
from approvals.policy import parse_policy
from approvals.refusals import ApprovalRefusal, Excluded, SubjectDiffers
from approvals.request import new_request
from services.change_contact import change_contact
from services.publish_policy import draft_policy, publish_policy
from storage.audit import Actor
from storage.database import transaction
from storage.schema import contact
from tests.approvals.conftest import House
from tests.approvals.test_cases import ALICE, BOB, CARL, CAST, CHARLIE, MONA, Desk
from tests.approvals.test_shell import click, loaded
from tests.support.approval_samples import write_statement

HANDBOOK = Path(__file__).resolve().parents[2] / "docs" / "handbook"
BLOCK = re.compile(r"```toml\n(.*?)```", re.DOTALL)
ROLES = {**CAST, CHARLIE: ("compliance",)}


def examples(language: str = "en") -> list[dict[str, Any]]:
    """The documents of the page, in its order."""
    page = (HANDBOOK / language / "writing-policies.md").read_text(encoding="utf-8")
    return [tomllib.loads(block) for block in BLOCK.findall(page)]


def desk(number: int, kind: str = "statement", **facts: Any) -> Desk:  # noqa: ANN401 - facts of a document
    """A request under the example of this number, submitted by Carl."""
    table = Desk(examples()[number - 1], roles=ROLES, request=new_request(UUID(int=99), kind, "s"))
    return table.submit(CARL, (), **facts)


def stages_asked(table: Desk) -> list[str]:
    """Names of the stages that apply."""
    return [stage.name for stage in table.request.stages if stage.status != "skipped"]


def test_both_languages_have_the_same_ten_and_none_has_a_fault() -> None:
    """With a cast that has everybody twice but the manager and the officer."""
    assert examples("en") == examples("zh")
    assert len(examples()) == 10
    more = {UUID(int=200 + n): roles for n, roles in enumerate([("manager",), ("compliance",), ("clerk",)])}
    people = {
        person: frozenset({f"user:{person}"} | {f"role:{role}" for role in roles})
        for person, roles in {**ROLES, **more}.items()
    }
    for document in examples():
        assert [fault for fault in lint(parse_policy(document), people) if fault.severity == "breach"] == []


def any_of_several() -> None:
    table = desk(1)
    table.approve(MONA)
    assert table.request.state == "approved"


def all_of_them() -> None:
    table = desk(2)
    for person, state in ((CHARLIE, "open"), (ALICE, "open"), (MONA, "approved")):
        table.approve(person)
        assert table.request.state == state


def two_of_three() -> None:
    table = desk(3)
    table.approve(CHARLIE)
    assert table.request.state == "open"
    table.approve(BOB)
    assert table.request.state == "approved"


def finance_then_legal() -> None:
    table = desk(4, "write_off")
    assert isinstance(table.approve(CHARLIE), r.NotACandidate)
    table.approve(MONA)
    assert isinstance(table.approve(CHARLIE, assurance="link"), r.AssuranceTooLow)
    table.approve(CHARLIE)
    assert table.request.state == "approved"


def by_amount() -> None:
    assert stages_asked(desk(5, currency="CNY", closing_whole=100_000)) == ["review"]
    assert stages_asked(desk(5, currency="CNY", closing_whole=100_001)) == ["review", "manager"]
    everyone = ["review", "manager", "two more"]
    dear: list[dict[str, Any]] = [{"currency": "CNY", "closing_whole": 1_000_001}, {"currency": "XAU"}, {}]
    for facts in dear:
        assert stages_asked(desk(5, **facts)) == everyone


def groups() -> None:
    assert stages_asked(desk(6, group=False)) == ["review"]
    assert stages_asked(desk(6, group=True)) == stages_asked(desk(6)) == ["review", "group"]
    table = desk(6, group=True)
    table.approve(ALICE)
    assert isinstance(table.approve(ALICE), r.Excluded)
    table.approve(BOB)
    assert table.request.state == "approved"


def waivers() -> None:
    table = desk(7, "tie_out_waiver")
    assert isinstance(table.approve(CARL), r.Excluded)
    assert isinstance(table.approve(MONA, comment=""), r.CommentRequired)
    table.approve(MONA)
    assert table.request.state == "open"
    table.approve(CHARLIE)
    assert table.request.state == "approved"


def somebody_is_away() -> None:
    table = desk(8).delegate(ALICE, CHARLIE).delegate(BOB, CHARLIE)
    assert isinstance(table.approve(CHARLIE), r.NotACandidate)
    table.approve(CHARLIE, ALICE)
    assert table.request.state == "approved"
    table = desk(8)
    assert isinstance(table.approve(MONA), r.NotACandidate)


def four_eyes() -> None:
    table = desk(9, "contact_change")
    assert isinstance(table.approve(CARL), r.Excluded)
    table.approve(BOB)
    assert table.request.state == "approved"


def without_people() -> None:
    clean: dict[str, Any] = {"ties": True, "findings": 0, "currency": "CNY", "closing_whole": 1_000}
    table = desk(10, **clean)
    assert (table.request.state, table.request.reason) == ("approved", "up to 1,000 yuan, ties, nothing found")
    for name, value in (("ties", False), ("findings", 1), ("currency", "USD"), ("closing_whole", 1_001)):
        assert desk(10, **{**clean, name: value}).request.state == "open"
        assert desk(10, **{key: one for key, one in clean.items() if key != name}).request.state == "open"


CHECKS: tuple[Callable[[], None], ...] = (
    any_of_several, all_of_them, two_of_three, finance_then_legal, by_amount, groups, waivers, somebody_is_away,
    four_eyes, without_people,
)  # fmt: skip


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_example_does_what_the_page_says(check: Callable[[], None]) -> None:
    """One example each, in the order of the page."""
    check()


async def test_contacts_are_changed_by_two_people_once_a_policy_says_so(house: House) -> None:
    """Without the policy at once; with it by the last decision; not if the contact changed meanwhile."""
    async with transaction(house.engine, house.id) as session:
        await write_statement(session, house.id, "C1", 100)
        query = select(contact.c.email, contact.c.id).where(contact.c.company_id == house.id)
        customer_id = (await session.exec_driver_sql("select id from customer")).scalar_one()
    first = {"name": "Accounts", "email": "ap@customer.example"}
    change = (house.engine, house.company, (customer_id, "C1"))
    carl = Actor("user", house.carl)
    assert await change_contact(*change, None, first, carl) is None
    policy_id = await draft_policy(house.engine, house.id, examples()[8], house.mona)
    await publish_policy(house.engine, house.id, policy_id, house.root)
    async with transaction(house.engine, house.id) as session:
        contact_id = (await session.execute(query)).one().id
    request_id = await change_contact(*change, contact_id, {**first, "email": "new@customer.example"}, carl)
    assert request_id is not None
    with pytest.raises(Excluded):
        await click(house, request_id, house.carl)
    await click(house, request_id, house.alice)
    async with transaction(house.engine, house.id) as session:
        assert (await session.execute(query)).one().email == "new@customer.example"
    assert (await loaded(house, request_id)).request.state == "consumed"
    late = await change_contact(*change, contact_id, {**first, "email": "late@customer.example"}, carl)
    assert late is not None
    async with transaction(house.engine, house.id) as session:
        await session.execute(contact.update().values(name="Somebody else"))
    with pytest.raises(SubjectDiffers):
        await click(house, late, house.bob)
    added = await change_contact(*change, None, {**first, "email": "third@customer.example"}, carl)
    assert added is not None
    assert not isinstance(await click(house, added, house.bob), ApprovalRefusal)
    async with transaction(house.engine, house.id) as session:
        emails = {row.email for row in await session.execute(query)}
    assert emails == {"new@customer.example", "third@customer.example"}
