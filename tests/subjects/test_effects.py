"""From proposal to effect for every kind: nothing before the last vote, nothing stale, nothing by its author."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from approvals.explain import SUBJECTS as NAMED
from approvals.refusals import ApprovalRefusal, SubjectDiffers
from services.approval_subjects import SUBJECTS
from services.decide_approval import Outcome, decide
from services.other_proposal import OtherProposalWaits
from services.propose_credit_limit import propose_credit_limit
from services.resubmit_approval import resubmit_approval
from services.show_approval import show_approval
from storage.approvals import StoredRequest, read_request
from storage.audit import verify_chain
from storage.database import Database, transaction
from tests.subjects.kinds import CAST, KINDS, House
from tests.support.books import new_book


async def new_house(engine: Database) -> House:
    """The company, its people, one customer."""
    book = await new_book(engine)
    people = {name: await book.add_person(name, role) for name, role in CAST.items()}
    customer = await book.add_customer("C1")
    return House(book, people, customer, await book.add_contact(customer, "old@c1.example"))


async def stored_of(house: House, request_id: UUID) -> StoredRequest:
    """The request as it stands."""
    async with transaction(house.book.engine, house.book.company.id) as session:
        stored = await read_request(session, house.book.company.id, request_id)
    assert stored is not None
    return stored


async def click(house: House, request_id: UUID, who: str, command: str = "approve") -> Outcome:
    """A decision on what the request's page shows."""
    seen = (await stored_of(house, request_id)).request
    shown: dict[str, Any] = {"round": seen.round, "stage": seen.stage, "digest": seen.digest}
    return await decide(
        house.book.engine, house.book.company.id, request_id, command, actor_id=house.people[who], comment="seen",
        key=str(uuid4()), **shown,
    )  # fmt: skip


def test_every_kind_is_named_and_tried_here() -> None:
    """A new kind gets a name that people read and a test of its effect."""
    assert set(SUBJECTS) == set(NAMED) == set(KINDS) | {"tie_out_waiver"}


@pytest.mark.parametrize("name", KINDS)
async def test_a_proposal_takes_effect_once_others_agree(engine: Database, name: str) -> None:
    """Stale, it is refused; returned, it is submitted again as it is, and its author still has no say."""
    house, kind = await new_house(engine), KINDS[name]
    request_id = await kind.propose(house)
    if kind.disturb is not None:
        await kind.disturb(house)
        with pytest.raises(SubjectDiffers):
            await click(house, request_id, kind.approvers[0])
        assert not await kind.effect(house)
        request_id = await kind.propose(house)
    returned = await click(house, request_id, kind.approvers[0], "return")
    assert returned.state == "returned"
    assert not await kind.effect(house)
    again = await resubmit_approval(house.book.engine, house.book.company, request_id, house.people["cora"])
    assert (await stored_of(house, request_id)).request.state == "superseded"
    next_round = (await stored_of(house, again)).request
    assert next_round.round == returned.round + 1
    assert house.people["carl"] in next_round.preparers
    async with transaction(house.book.engine, house.book.company.id) as session:
        for language in ("en", "zh"):
            assert (await show_approval(session, house.book.company.id, again, language)).broken_at is None
    for who in kind.approvers:
        assert not await kind.effect(house)
        await click(house, again, who)
    if kind.release is not None:
        await kind.release(house)
    assert await kind.effect(house)
    assert (await stored_of(house, again)).request.state == "consumed"
    with pytest.raises(ApprovalRefusal):
        await click(house, again, "mona")
    async with transaction(house.book.engine, house.book.company.id) as session:
        assert (await verify_chain(session, house.book.company.id))[1] is None


async def test_nobody_changes_a_colleagues_proposal_into_his_own(engine: Database) -> None:
    """Who could would propose in another's name and agree to it; the proposer himself may think again."""
    house = await new_house(engine)
    request_id = await KINDS["credit_limit"].propose(house)
    asked = (house.book.engine, house.book.company, (house.customer, "C1"))
    with pytest.raises(OtherProposalWaits):
        await propose_credit_limit(*asked, "90000.00", "CNY", "mine", house.people["alice"])
    assert await propose_credit_limit(*asked, "60000.00", "CNY", "less", house.people["carl"]) == request_id
    assert (await stored_of(house, request_id)).request.facts["amount_minor"] == 60_000_00
