"""Builds the sample company: a year through the real import, months sent and answered, one that waits in the inbox.

Deterministic by seed. Every step finds its own work done, so that a killed one goes on where it stopped.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from approvals.default_policy import statement_policy
from connectors.sample_bank import sample_bank_file
from connectors.sample_ledger import SampleBooks, month_ends, sample_books
from ledger.business_calendar import add_working_days, parse_period
from services.add_company import add_company, company_by_code
from services.add_profile import add_profile
from services.add_user import HASHER, add_user
from services.allocate_by_reference import allocate_by_reference
from services.chase_customers import chase_customers
from services.check_compliance import check_compliance
from services.close_period import Closing, continue_run, open_run
from services.decide_approval import decide
from services.import_bank_file import BankOrder, import_bank_content
from services.import_ledger import Options, Order, import_content
from services.load_control_balance import load_control_balance
from services.local_slack import LOCAL_TEAM, local_chat_user
from services.open_statement_page import ANSWER_PURPOSE, open_statement_page
from services.propose_applications import propose_applications
from services.publish_policy import draft_policy, publish_policy
from services.record_answer import REASONS, DisputedLine, GivenAnswer, record_answer
from services.release_run import release_approved
from services.settings import Settings
from services.show_inbox import inbox
from storage.audit import Actor
from storage.chat_accounts import keep_asked, keep_confirmed
from storage.companies import Company, find_company
from storage.customers import Customer, find_customer
from storage.database import Database, owner_transaction, transaction
from storage.identifiers import new_id
from storage.people import find_person_by_email
from storage.sample_company import (
    SentSample,
    date_back,
    keep_customer,
    keep_password,
    keep_settings,
    sample_counts,
    settle_history,
    waiting_samples,
)
from storage.tokens import CUSTOMER_DAYS, mint

CODE = "DEMO"
NAME = "喆海贸易 Zhehai Trading"
PASSWORD = "tieout-demo"  # noqa: S105 - the README names it; no other company has it
"""Shorter than people may choose, so that nobody takes it for one."""

PAST_MONTHS = 2
"""Months that were sent and answered before the one that waits: enough for trends, within a minute."""

SENT_AFTER = 3
"""Working days after a month's end on which its statements went out."""

CHASED_AFTER = 6
"""Working days later the customers who had not answered or paid were reminded."""

AGREE, EXCEPT = 0.72, 0.80
"""Of a hundred customers 72 agree, 8 dispute something, 20 say nothing."""


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    language: str
    roles: frozenset[str]


_STAFF = {
    "alice": _Member("Alice Lin 林悦", "en", frozenset({"reviewer"})),
    "bob": _Member("鲍博 Bob", "zh", frozenset({"clerk"})),
    "chen": _Member("陈立伟 Chen", "zh", frozenset({"manager"})),
    "dora": _Member("Dora Whitfield", "en", frozenset({"compliance"})),
    "eve": _Member("Eve Sun 孙伊", "en", frozenset({"administrator"})),
    "feng": _Member("冯晓堃 Feng", "zh", frozenset({"reviewer"})),
    "grace": _Member("Grace Nair", "en", frozenset({"clerk"})),
}


@dataclass(slots=True)
class _Making:
    engine: Database
    settings: Settings
    company: Company
    books: SampleBooks
    today: date
    seed: int
    staff: dict[str, UUID]
    counts: Counter[str]


async def make_sample_company(
    engine: Database, settings: Settings, seed: int = 1, customers: int = 120, today: date | None = None
) -> dict[str, Any]:
    """Makes the company DEMO with books up to the month before `today`; does nothing when it is complete already."""
    day = today or datetime.now(ZoneInfo("Asia/Shanghai")).date()
    async with owner_transaction(engine) as session:
        known = await find_company(session, CODE)
    if known is not None and known.settings.get("sample", {}).get("complete"):
        return await _counts(engine, known, existed=True)
    if known is None:
        await add_company(engine, CODE, NAME, "CNY", "Asia/Shanghai", "zh")
    company = await company_by_code(engine, CODE)
    yesterday = day - timedelta(days=1)
    books = sample_books(seed, customers, day.replace(day=1) - timedelta(days=1), yesterday)
    making = _Making(engine, settings, company, books, day, seed, {}, Counter())
    await _keep(making, seed=seed)
    await _staff(making)
    await _customers(making)
    await _ledger(making)
    await _bank(making)
    await _policy(making)
    for end in list(month_ends(books, PAST_MONTHS + 1))[:-1]:
        await _past_month(making, end)
    await _waiting_month(making)
    await _keep(making, complete=True)
    return {**await _counts(engine, making.company, existed=False), **making.counts}


async def _counts(engine: Database, company: Company, *, existed: bool) -> dict[str, Any]:
    async with transaction(engine, company.id) as session:
        return {"company": company.code, "existed": existed, **await sample_counts(session, company.id)}


async def _keep(making: _Making, **marks: object) -> None:
    """Notes in the company's settings how far this came."""
    settings = {"country": "CN", "sample": {**making.company.settings.get("sample", {}), **marks}}
    async with transaction(making.engine, making.company.id) as session:
        await keep_settings(session, making.company, settings)
    making.company = replace(making.company, settings=settings)


async def _staff(making: _Making) -> None:
    hashed = HASHER.hash(PASSWORD)
    for short, member in _STAFF.items():
        email = f"{short}@demo.example"
        async with transaction(making.engine, making.company.id) as session:
            found = await find_person_by_email(session, making.company.id, email)
        if found is not None:
            making.staff[short] = found.id
            continue
        making.staff[short] = await add_user(
            making.engine, making.company.id, email, member.name, member.roles, language=member.language,
        )  # fmt: skip
        async with transaction(making.engine, making.company.id) as session:
            await keep_asked(session, making.company.id, making.staff[short], LOCAL_TEAM, local_chat_user(email))
            await keep_confirmed(session, making.company.id, making.staff[short])
            await keep_password(session, making.company.id, making.staff[short], hashed)


async def _customers(making: _Making) -> None:
    """Head offices first: a shop names its payer."""
    ids: dict[str, UUID] = {}
    heads_first = sorted(making.books.customers, key=lambda one: one.parent is not None)
    async with transaction(making.engine, making.company.id) as session:
        for one in heads_first:
            head = ids.get(one.parent) if one.parent else None
            new = Customer(new_id(), one.code, one.name, one.language, one.country, head, head)
            contacts = [(person.name, person.email, person.purpose) for person in one.contacts]
            if await keep_customer(session, making.company.id, new, contacts):
                ids[one.code] = new.id
            elif (known := await find_customer(session, making.company.id, one.code)) is not None:
                ids[one.code] = known.id


async def _ledger(making: _Making) -> None:
    for name, body in making.books.profiles.items():
        await add_profile(making.engine, name, body, making.company)
    for file in making.books.files:
        order = Order(file.name, file.content, file.profile, Options(language="zh", today=making.today))
        answer = await import_content(making.engine, making.company, order)
        for outcome in ("rows", "accepted", "noticed", "quarantined", "rejected", "skipped", "items"):
            making.counts[outcome] += int(answer.get(outcome, 0))
    await allocate_by_reference(making.engine, making.company)
    lines = [
        f"{making.books.last},{currency},{amount},1122" for currency, amount in sorted(making.books.control.items())
    ]
    content = "\n".join(["as_of,currency,amount,account", *lines, ""]).encode()
    await load_control_balance(making.engine, making.company, "control.csv", content)


async def _bank(making: _Making) -> None:
    """The running month's bank file and what it may pay, before any month is sent: what was sent never changes."""
    if making.company.settings["sample"].get("bank"):
        return
    file = sample_bank_file(making.seed, making.books, making.today)
    order = BankOrder(file.name, file.content, actor=Actor("user", making.staff["bob"]), language="zh")
    answer = await import_bank_content(making.engine, making.company, order)
    proposed = await propose_applications(making.engine, making.company)
    making.counts["receipts_by_bank"] = int(answer["posted"])
    making.counts["receipts_without_customer"] = int(answer["unassigned"])
    making.counts["applied_by_bank"] = int(answer["allocations"])
    making.counts["applied_by_match"] = proposed["posted"]
    making.counts["applications_waiting"] = proposed["waiting"]
    await _keep(making, bank=answer["file_id"])


async def _policy(making: _Making) -> None:
    if making.company.settings["sample"].get("policy"):
        return
    document = statement_policy()
    policy = await draft_policy(making.engine, making.company.id, document, making.staff["eve"])
    await publish_policy(making.engine, making.company.id, policy, making.staff["chen"])
    await _keep(making, policy=str(policy))


# -- months that are over ----------------------------------------------------------------------------


async def _past_month(making: _Making, end: date) -> None:
    """A month that was reviewed, sent and mostly answered."""
    sent_on = add_working_days(end, SENT_AFTER, "CN")
    sent_at = datetime.combine(sent_on, time(10, 12), ZoneInfo(making.company.timezone))
    period = parse_period(f"{end:%Y-%m}")
    closing = Closing(period, started_by=making.staff["bob"], today=sent_on)
    _, run_id = await open_run(making.engine, making.company, closing)
    await continue_run(making.engine, making.company, run_id)
    for who in ("alice", "chen"):
        await _approve_all(making, making.staff[who], run_id)
    await release_approved(making.engine, making.company, run_id)
    async with transaction(making.engine, making.company.id) as session:
        await settle_history(session, making.company.id, sent_at)
        await date_back(session, making.company.id, run_id, sent_at)
        waiting = await waiting_samples(session, making.company.id, run_id)
    newest = end.replace(day=1) == (making.books.last.replace(day=1) - timedelta(days=1)).replace(day=1)
    await _answers(making, waiting, sent_at, newest=newest)
    await continue_run(making.engine, making.company, run_id)
    reminded_on = add_working_days(sent_on, CHASED_AFTER, "CN")
    await chase_customers(making.engine, making.company, reminded_on)
    async with transaction(making.engine, making.company.id) as session:
        at = datetime.combine(reminded_on, time(9, 30), ZoneInfo(making.company.timezone))
        await settle_history(session, making.company.id, at)


async def _approve_all(making: _Making, person: UUID, run_id: UUID) -> None:
    while True:
        async with transaction(making.engine, making.company.id) as session:
            page = await inbox(session, making.company, person, run_id=str(run_id))
        if not page.cards:
            return
        for card in page.cards:
            await decide(
                making.engine, making.company.id, card.request_id, "approve", actor_id=person, round=card.round,
                stage=card.stage, digest=card.digest, key=f"sample/{card.request_id}/{card.stage}/{card.round}",
            )  # fmt: skip
            making.counts["decisions"] += 1


async def _answers(making: _Making, waiting: Sequence[SentSample], sent_at: datetime, *, newest: bool) -> None:
    """Customers answer within a week; in months long past the silent ones were called and agreed in the end."""
    for sample in waiting:
        # Of its own seed, so that a run that goes on after a kill gives the same answers.
        random = Random(f"{making.seed}/{sample.customer_code}/{sent_at:%Y-%m}")  # noqa: S311 - made-up answers
        chance, days = random.random(), random.uniform(0.1, 6.5)
        if sample.contact_id is None or (chance >= EXCEPT and newest):
            continue
        at = sent_at + timedelta(days=days)
        await _answer(making, sample, sample.contact_id, at, random if AGREE <= chance < EXCEPT else None)


async def _answer(making: _Making, sample: SentSample, contact_id: UUID, at: datetime, disputes: Random | None) -> None:
    subject = (ANSWER_PURPOSE, ("statement", str(sample.id)))
    async with transaction(making.engine, making.company.id) as session:
        link = await mint(
            session, making.company.id, *subject, contact_id, {}, timedelta(days=CUSTOMER_DAYS)
        )  # fmt: skip
    page = await open_statement_page(making.engine, link)
    lines = _disputed_lines(disputes, page.content) if disputes is not None else ()
    given = GivenAnswer(
        "agree_except" if lines else "agree", page.contact.name, page.digest, page.nonce, "应付会计" if
        page.language == "zh" else "Accounts payable", lines,
    )  # fmt: skip
    await record_answer(making.engine, link, given, channel="web", at=at)
    making.counts["answers"] += 1


def _disputed_lines(random: Random, content: dict[str, Any]) -> tuple[DisputedLine, ...]:
    """One line, wholly or half in doubt; nothing when the statement has no open debit."""
    debits = [line for line in content["lines"] if line["kind"] == "invoice" and not line["open"].startswith("-")]
    debits = [line for line in debits if any(digit in "123456789" for digit in line["open"])]
    if not debits:
        return ()
    line, reason = random.choice(debits), random.choice(REASONS[:-1])
    text = "请核对送货单" if content["customer"]["language"] == "zh" else "Please check against the delivery note."
    return (DisputedLine(line["line"], reason, line["open"], text),)


# -- the month that waits ----------------------------------------------------------------------------


async def _waiting_month(making: _Making) -> None:
    """The last month's run, up to the people's inbox; then the checks. Today's reminders are the clock's work."""
    period = parse_period(f"{making.books.last:%Y-%m}")
    closing = Closing(period, started_by=making.staff["bob"], today=making.today)
    _, run_id = await open_run(making.engine, making.company, closing)
    await continue_run(making.engine, making.company, run_id)
    async with transaction(making.engine, making.company.id) as session:
        page = await inbox(session, making.company, making.staff["alice"], run_id=str(run_id))
    making.counts["waiting_for_alice"] = len(page.cards)
    figures = await check_compliance(making.engine, making.company, making.today)
    making.counts["findings"] = int(figures["open"])
