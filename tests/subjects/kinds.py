"""How each kind of subject is proposed, disturbed and seen to have taken effect, in one small company."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text, update

from approvals.default_policy import statement_policy
from ledger.business_calendar import parse_period
from notifications.own_words import Variant, Wording
from services.ask_adjustment import Ask, ask_adjustment
from services.ask_waiver import ask_waiver
from services.build_statements import build_statements
from services.change_contact import change_contact
from services.edit_contact import edit_contact
from services.open_approvals import open_batch_approval, open_statement_approval
from services.propose_credit_limit import propose_credit_limit
from services.propose_wording import propose_wording
from services.publish_policy import draft_policy, publish_policy
from services.send_statement import release_statement
from storage.approvals import lock_live_request
from storage.audit import SYSTEM, Actor
from storage.credit_limits import Limit, put_limit
from storage.database import transaction
from storage.findings import NewFinding, keep_finding, list_findings
from storage.schema import finding
from storage.wordings import insert_wording, put_wording_in_force
from tests.support.books import Book, Item

CAST = {
    "carl": "clerk", "cora": "clerk", "alice": "reviewer", "mona": "manager", "dora": "compliance",
    "root": "administrator",
}  # fmt: skip


@dataclass
class House:
    """A company with its people, one customer and its contact."""

    book: Book
    people: dict[str, UUID]
    customer: UUID
    contact: UUID
    made: list[UUID] = field(default_factory=list)
    """Statements, findings and items that proposals are about, in the order in which they were made."""

    async def value(self, query: str) -> Any:  # noqa: ANN401 - any column
        """One value of the company's rows."""
        async with transaction(self.book.engine, self.book.company.id) as session:
            return (await session.execute(text(query))).scalar()

    async def live(self, kind: str, subject_id: UUID) -> UUID:
        """The request about a subject."""
        async with transaction(self.book.engine, self.book.company.id) as session:
            stored = await lock_live_request(session, self.book.company.id, kind, str(subject_id))
        assert stored is not None
        return stored.request.id


Step = Callable[[House], Awaitable[Any]]


@dataclass(frozen=True)
class Kind:
    """`propose` answers the request's id; `effect` whether what was proposed holds; `disturb` makes it stale."""

    propose: Step
    effect: Step
    approvers: tuple[str, ...]
    disturb: Step | None = None
    release: Step | None = None
    """What uses the approval up, where that does not happen with the last vote."""


async def _limit(house: House) -> UUID:
    book = house.book
    return await propose_credit_limit(
        book.engine, book.company, (house.customer, "C1"), "50000.00", "CNY", "grows", house.people["carl"]
    )


async def _other_limit(house: House) -> None:
    async with transaction(house.book.engine, house.book.company.id) as session:
        limit = Limit(house.customer, "CNY", 1_00, "meanwhile")
        await put_limit(session, house.book.company.id, limit, uuid4())


async def _limit_holds(house: House) -> bool:
    return bool(await house.value("select amount = 5000000 from credit_limit order by id desc limit 1"))


async def _policy(house: House) -> UUID:
    document = {**statement_policy(), "rounds": 9}
    house.made.append(
        await draft_policy(house.book.engine, house.book.company.id, document, house.people["carl"])
    )  # fmt: skip
    return await house.live("policy", house.made[-1])


async def _other_policy(house: House) -> None:
    book = house.book
    draft = await draft_policy(book.engine, book.company.id, {**statement_policy(), "rounds": 3}, house.people["cora"])
    await publish_policy(book.engine, book.company.id, draft, house.people["mona"])


async def _policy_holds(house: House) -> bool:
    query = """select (body::jsonb ->> 'rounds')::int = 9 from approval_policy
               where name = 'statements' and state = 'published'"""
    return bool(await house.value(query))


WORDS = Wording((Variant("A", 1, "{{ c.company }}: {{ c.number }}"),))


async def _template(house: House) -> UUID:
    book = house.book
    return await propose_wording(
        book.engine, book.company.id, "statement_to_customer", "en", WORDS.document(), house.people["carl"]
    )


async def _other_template(house: House) -> None:
    company = house.book.company.id
    async with transaction(house.book.engine, company) as session:
        document = Wording((Variant("B"),)).document()
        other = await insert_wording(session, company, "statement_to_customer", "en", document, house.people["cora"])
        await put_wording_in_force(session, company, other, uuid4())


async def _template_holds(house: House) -> bool:
    query = """select body::jsonb -> 'variants' -> 0 ->> 'name' = 'A'
               from wording w join wording_in_force f on f.wording_id = w.id order by f.id desc limit 1"""
    return bool(await house.value(query))


CONTACTS = {
    "name": "contacts", "subjects": ["contact_change"],
    "stages": [{"name": "review", "seats": [["role:reviewer"]], "assure": "session"}],
}  # fmt: skip
NEW = {"name": "New Name", "email": "new@c1.example", "language": "en", "purpose": "statement"}


async def _contact(house: House) -> UUID:
    book = house.book
    if not await house.value("select count(*) from approval_policy where name = 'contacts'"):
        policy = await draft_policy(book.engine, book.company.id, CONTACTS, house.people["dora"])
        await publish_policy(book.engine, book.company.id, policy, house.people["mona"])
    asked = await change_contact(
        book.engine, book.company, (house.customer, "C1"), house.contact, NEW, Actor("user", house.people["carl"])
    )
    assert asked is not None
    return asked


async def _other_contact(house: House) -> None:
    book = house.book
    values = {**NEW, "name": "Somebody"}
    await edit_contact(book.engine, book.company.id, house.customer, house.contact, values, SYSTEM)


async def _contact_holds(house: House) -> bool:
    return bool(await house.value("select name = 'New Name' from contact"))


def _adjustment(kind: str) -> Kind:
    async def propose(house: House) -> UUID:
        item = Item(f"INV-{kind}", 100_00, date(2026, 6, 5))
        await house.book.add_items(house.customer, [item])
        ask = Ask(kind, item.id, "40.00", date(2026, 6, 30), "goodwill")
        return await ask_adjustment(house.book.engine, house.book.company, ask, house.people["carl"])

    async def holds(house: House) -> bool:
        return bool(await house.value(f"select count(*) = 1 from open_item where kind = '{kind}' and amount = -4000"))  # noqa: S608 - our own two words

    return Kind(propose, holds, ("alice",))


async def _waiver(house: House) -> UUID:
    book, facts = house.book, {"number": f"S-{len(house.made)}", "days": 12}
    async with transaction(book.engine, book.company.id) as session:
        new = NewFinding("unanswered", "statement", str(facts["number"]), "warning", "no_answer", facts, str(uuid4()))
        await keep_finding(session, book.company.id, new)
        found = await list_findings(session, book.company.id, checks=["unanswered"])
    house.made.append(next(one.id for one in found if one.facts["number"] == facts["number"]))
    return await ask_waiver(book.engine, book.company, house.made[-1], "known", house.people["carl"])


async def _other_finding(house: House) -> None:
    async with transaction(house.book.engine, house.book.company.id) as session:
        await session.execute(update(finding).where(finding.c.id == house.made[-1]).values(severity="breach"))


async def _waived(house: House) -> bool:
    return bool(await house.value("select count(*) = 1 from finding where status = 'waived'"))


async def _drafts(house: House, customers: int) -> list[UUID]:
    """June's statements of so many customers, as a run would build them."""
    for number in range(customers):
        customer = house.customer if number == 0 else await house.book.add_customer(f"C{number + 1}")
        if number:
            await house.book.add_contact(customer, f"ap@c{number + 1}.example")
        await house.book.add_items(customer, [Item(f"INV-{number}", 900_000, date(2026, 6, 5))])
    june = parse_period("2026-06")
    built = await build_statements(house.book.engine, house.book.company, june, prepared_by=house.people["carl"])
    house.made += [UUID(one["id"]) for one in built]
    assert len(house.made) == customers
    return house.made


async def _statement(house: House) -> UUID:
    [made] = await _drafts(house, 1)
    async with transaction(house.book.engine, house.book.company.id) as session:
        return await open_statement_approval(session, house.book.company.id, made, house.people["carl"])


async def _sent(house: House) -> bool:
    return bool(await house.value("select bool_and(status = 'sent') from statement"))


async def _release(house: House) -> None:
    for made in house.made:
        await release_statement(house.book.engine, house.book.company, made)


async def _batch(house: House) -> UUID:
    statements = await _drafts(house, 2)
    async with transaction(house.book.engine, house.book.company.id) as session:
        return await open_batch_approval(session, house.book.company.id, statements, house.people["carl"])


KINDS = {
    "statement": Kind(_statement, _sent, ("alice",), release=_release),
    "statement_batch": Kind(_batch, _sent, ("alice",), release=_release),
    "finding_waiver": Kind(_waiver, _waived, ("mona", "dora"), _other_finding),
    "contact_change": Kind(_contact, _contact_holds, ("alice",), _other_contact),
    "credit_memo": _adjustment("credit_memo"),
    "write_off": _adjustment("write_off"),
    "credit_limit": Kind(_limit, _limit_holds, ("alice", "mona"), _other_limit),
    "policy": Kind(_policy, _policy_holds, ("dora",), _other_policy),
    "template": Kind(_template, _template_holds, ("root",), _other_template),
}
"""tie_out_waiver shares finding_waiver's code and has its own tests with a run at its gate."""
