"""One whole period of a public ledger in a real browser: import, run, approve, send, answer, chase, close again.

The system is `tieout up` with its own processes; mail goes over SMTP to a server of the test and is read back.
The clerk and the manager read English, the reviewer Chinese; so do two sets of customers.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from approvals.default_policy import statement_policy
from services.add_company import company_by_code
from services.publish_policy import draft_policy, publish_policy
from storage.database import engine_for, transaction
from storage.jobs import insert_due
from storage.people import find_person_by_email
from tests.browser.ledger_of_june import WITHOUT_ADDRESS, address_of, contacts_file, read_ledger
from tests.browser.period_steps import (
    PASSWORD,
    Period,
    agree,
    answer_page,
    dispute,
    import_the_ledger,
    look,
    new_page,
    pictures_of_failure,
    set_up_authenticator,
    sign_in,
    start_the_run,
)
from tests.reports.readers import pdf_text, workbook_cells
from tests.support.mail_sink import Mail, MailSink
from tests.support.running_system import RunningSystem, running_system

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PROFILE = Path(__file__).parents[2] / "examples" / "profiles" / "ibm-ar.toml"

CLERK, REVIEWER, MANAGER = "clara@blue.example", "limei@blue.example", "mona@blue.example"

LARGE = 190
"""Whole dollars from which this test's manager looks too: the ledger's statements are small."""

BY_LINK = "9181-HEKGV"
"""Large: the manager approves it from the mailed link. This customer disputes, as 8887-NCUZC does in Chinese."""

FRIDAY = 5


@pytest.fixture
def period(database: str, shared_data: Path, tmp_path: Path) -> Iterator[Period]:
    """The running system with its people, the mail server, and a browser."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    ledger = shared_data / "ibm_ar" / "accounts_receivable.csv"
    with (
        MailSink() as sink,
        running_system(database, TIEOUT_SMTP_URL=f"smtp://127.0.0.1:{sink.port}", TIEOUT_PREFECT="false") as system,
    ):
        add_people(system)
        asyncio.run(ask_the_manager_from(database, LARGE))
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield Period(system, sink, browser, read_ledger(ledger), ledger, tmp_path)
            browser.close()


def add_people(system: RunningSystem) -> None:
    """Company, profile and staff by commands, as a user sets them up."""
    system.run("company", "add", "IBM", "--name", "Blue Machines", "--currency", "USD", "--timezone", "UTC")
    system.run("profile", "add", "ibm-ar", str(PROFILE))
    for email, name, language, roles in (
        (CLERK, "Clara", "en", ("clerk", "reviewer")), (REVIEWER, "李梅", "zh", ("reviewer",)),
        (MANAGER, "Mona", "en", ("manager",)),
    ):  # fmt: skip
        chosen = [word for role in roles for word in ("--role", role)]
        system.run(
            "user", "add", email, "--company", "IBM", "--name", name, "--language", language, *chosen,
            TIEOUT_NEW_PASSWORD=PASSWORD,
        )  # fmt: skip


async def ask_the_manager_from(database: str, dollars: int) -> None:
    """Publishes the house's policy with a lower limit: the clerk drafts it, the manager publishes it."""
    policy = statement_policy()
    policy["stages"][1]["if"] = {"not": {"lte": ["closing_whole", dollars]}}
    engine = engine_for(database)
    company = await company_by_code(engine, "IBM")
    async with transaction(engine, company.id) as session:
        clerk = await find_person_by_email(session, company.id, CLERK)
        manager = await find_person_by_email(session, company.id, MANAGER)
    assert clerk is not None
    assert manager is not None
    await publish_policy(engine, company.id, await draft_policy(engine, company.id, policy, clerk.id), manager.id)
    await engine.dispose()


async def make_chase_due(database: str, day: date) -> None:
    """What the clock does each morning: one row per company and day."""
    engine = engine_for(database)
    company = await company_by_code(engine, "IBM")
    async with transaction(engine, company.id) as session:
        await insert_due(session, company.id, "chase", day.isoformat())
    await engine.dispose()


def beside_the_browser(work: Coroutine[Any, Any, None]) -> None:
    """Playwright's loop runs in this thread, so ours runs in another."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def is_reminder(mail: Mail) -> bool:
    """By its subject, in either language."""
    return "reminder" in mail.subject or "提醒" in mail.subject


def test_whole_period(period: Period) -> None:
    """From the ledger file to the customers' answers and the reminder, the same figures everywhere."""
    with pictures_of_failure(period):
        clerk = sign_in(period, CLERK)
        import_the_ledger(clerk, period)
        contacts = period.folder / "contacts.csv"
        contacts.write_text(contacts_file(list(period.accounts)), encoding="utf-8")
        added = period.system.json("contacts", "import", str(contacts), "--company", "IBM")
        assert (added["added"], added["findings"]) == (len(period.accounts) - 1, [])
        run = start_the_run(clerk, period)
        nothing_waits_for_the_preparer(clerk, period)
        reviewer = approve_in_the_inbox(period)
        manager_approves(period)
        mails = read_statements(period)
        same_figures_everywhere(period, clerk, mails)
        customers_answer(period, mails)
        staff_see_the_answers(period, clerk, reviewer)
        chased = chase_the_silent(period, clerk)
        second_close_sends_nothing(period, clerk, run, len(mails) + chased)


def nothing_waits_for_the_preparer(page: Page, period: Period) -> None:
    """Clara is a reviewer too, but she started the run."""
    page.goto(f"{period.system.address}/inbox")
    expect(page.locator("main")).to_contain_text("Nothing waits for your decision.")
    look(page, "inbox-empty-en")


def approve_in_the_inbox(period: Period) -> Page:
    """The reviewer signs in with two proofs, approves the largest by itself and the rest together; in Chinese."""
    asked = period.sink.wait_for(to=REVIEWER, subject="2012-06")
    assert f"{period.system.address}/inbox" in asked.text
    page, secret = set_up_authenticator(period, REVIEWER)
    page = sign_in(period, REVIEWER, code=pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30)))
    cards = page.locator(".cards > article.card")
    waiting = cards.count()
    look(page, "inbox-zh")
    first = cards.filter(has_text=BY_LINK)
    title = first.get_by_role("heading").inner_text()
    first.get_by_role("button", name="同意").click()
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator(".cards")).not_to_contain_text(title)
    expect(cards).to_have_count(waiting - 1)
    page.get_by_label("全选").check()
    page.get_by_role("button", name="同意所选").click()
    result = page.locator("article[role=status]")
    expect(result.locator("li .badge.ok")).to_have_count(waiting - 1)
    look(page, "inbox-decided-zh")
    return page


def manager_approves(period: Period) -> None:
    """The largest from the mailed link on a phone without any session, the others in the inbox."""
    asked = period.sink.wait_for(to=MANAGER, subject=BY_LINK)
    page = new_page(period, phone=True)
    page.goto(asked.link("/a"))
    page.wait_for_url("**/a/**")
    look(page, "decide-en")
    expect(page.locator("main")).to_contain_text(f"USD {period.accounts[BY_LINK].closing}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "the page is wider than the phone"
    page.get_by_label("Approve", exact=True).check()
    page.get_by_role("button", name="Confirm the decision").click()
    expect(page.get_by_role("status").first).to_contain_text("Your decision is recorded.")
    look(page, "decided-en")
    page.context.close()
    signed = sign_in(period, MANAGER)
    cards = signed.locator(".cards > article.card")
    look(signed, "inbox-manager-en")
    for left in range(cards.count() - 1, -1, -1):
        cards.first.get_by_role("button", name="Approve").click()
        expect(cards).to_have_count(left)
    signed.context.close()


def read_statements(period: Period) -> dict[str, Mail]:
    """Customer to the statement's mail: each with a statement and an address got exactly one."""
    wanted = {address_of(code): code for code, account in period.accounts.items() if account.has_statement}
    del wanted[address_of(WITHOUT_ADDRESS)]
    period.sink.wait(lambda mails: set(wanted) <= {mail.to for mail in mails}, 90)
    came = [mail for mail in period.sink.mails() if mail.to.startswith("accounts@")]
    assert sorted(mail.to for mail in came) == sorted(wanted)
    return {wanted[mail.to]: mail for mail in came}


def same_figures_everywhere(period: Period, clerk: Page, mails: dict[str, Mail]) -> None:
    """Mail, PDF, workbook, command, page and ledger name one closing figure; together they add up to the books."""
    for code, mail in mails.items():
        account = period.accounts[code]
        chinese = mail.link("/s") and "对账单" in mail.subject
        assert f"USD {account.closing:,}" in mail.text
        text = pdf_text(mail.attachment(".pdf"))
        figures = [account.opening, account.debits, account.credits, account.closing]
        assert all(f"{figure:,.2f}" in text for figure in figures), (code, figures, text)
        assert ("期末余额" in text) == bool(chinese)
        cells = [cell for rows in workbook_cells(mail.attachment(".xlsx")).values() for row in rows for cell in row]
        assert float(account.closing) in cells, (code, cells)
    total = sum(account.closing for account in period.accounts.values())
    balance = period.system.json("balance", "--company", "IBM", "--as-of", "2012-06-30")["currencies"]["USD"]
    assert Decimal(balance["open"]) == total == sum(period.accounts[code].closing for code in mails) + Decimal("8.03")
    for code in (BY_LINK, "8887-NCUZC"):
        account = period.accounts[code]
        said = period.system.json("statements", "show", f"2012-06/{code}/USD/v1", "--company", "IBM")
        names = ("opening", "debits", "credits", "closing", "overdue")
        assert [Decimal(said[name]) for name in names] == [getattr(account, name) for name in names]
        clerk.goto(f"{period.system.address}/statements?q={code}")
        clerk.get_by_role("link", name=code).first.click()
        expect(clerk.locator(".lead .big").first).to_have_text(f"USD {account.closing:,}")
        look(clerk, "statement-en")


def customers_answer(period: Period, mails: dict[str, Mail]) -> None:
    """One agrees and one disputes in English, one agrees and one disputes in Chinese."""
    page = answer_page(period, mails["8690-EEBEO"])
    expect(page.locator(".lead .big")).to_have_text("USD 193.65")
    look(page, "customer-en")
    agree(page, name="Wendy Fang", button="Send the answer", label="Your name")
    look(page, "customer-agreed-en")
    page.context.close()
    page = answer_page(period, mails["4460-ZXNDN"])
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".lead .big")).to_have_text("USD 190.32")
    agree(page, name="王芳", button="提交答复", label="您的姓名")
    look(page, "customer-agreed-zh")
    page.context.close()
    for code, text in ((BY_LINK, "Paid on 28 June by transfer."), ("8887-NCUZC", "六月二十八日已电汇。")):
        page = answer_page(period, mails[code])
        look(page, f"customer-{code}")
        number = page.locator("ul.lines > li strong").first.inner_text()
        dispute(page, number, amount="10.50", text=text, name="王芳" if code == "8887-NCUZC" else "Wendy Fang")
        look(page, f"customer-disputed-{code}")
        page.context.close()


def staff_see_the_answers(period: Period, clerk: Page, reviewer: Page) -> None:
    """Mail to the clerk; statements by status, the dispute with amount and reason, in both languages."""
    for code in (BY_LINK, "8887-NCUZC"):
        told = period.sink.wait_for(to=CLERK, subject=f"{code} disputes")
        assert "USD 10.50" in told.text
    for code in ("8690-EEBEO", "4460-ZXNDN"):
        period.sink.wait_for(to=CLERK, subject=f"{code} agrees with the balance")
    for page, already_paid in ((clerk, "Already paid"), (reviewer, "已付款")):
        for status, codes in (("confirmed", {"8690-EEBEO", "4460-ZXNDN"}), ("disputed", {BY_LINK, "8887-NCUZC"})):
            page.goto(f"{period.system.address}/statements?status={status}&period=2012-06")
            assert set(page.locator("tbody tr td:first-child a").all_inner_texts()) == codes
        page.goto(f"{period.system.address}/disputes")
        cards = page.locator(".cards > article.card")
        expect(cards).to_have_count(2)
        for card in cards.all():
            expect(card).to_contain_text("USD 10.50")
            expect(card).to_contain_text(already_paid)
        look(page, f"disputes-{'en' if page is clerk else 'zh'}")
    late = max(period.accounts, key=lambda code: period.accounts[code].overdue)
    clerk.goto(f"{period.system.address}/customers?q={late}")
    expect(clerk.locator("tbody tr")).to_contain_text(f"{period.accounts[late].overdue:,.2f}")
    look(clerk, "customers-en")
    clerk.goto(f"{period.system.address}/exceptions")
    expect(clerk.locator("section[aria-labelledby=tasks]")).to_contain_text(WITHOUT_ADDRESS)
    look(clerk, "exceptions-en")
    reviewer.goto(f"{period.system.address}/exceptions")
    look(reviewer, "exceptions-zh")


def chase_the_silent(period: Period, clerk: Page) -> int:
    """The clock's chase of a later working day reminds everybody who has not answered, once; answers how many."""
    later = [datetime.now(UTC).date() + timedelta(days=days) for days in (9, 11)]
    day = next(one for one in later if one.isoweekday() <= FRIDAY)
    answered = {"8690-EEBEO", "4460-ZXNDN", BY_LINK, "8887-NCUZC"}
    silent = {
        address_of(code) for code, account in period.accounts.items()
        if account.has_statement and code not in answered | {WITHOUT_ADDRESS}
    }  # fmt: skip
    clerk.goto(f"{period.system.address}/chasing?day={day}")
    assert clerk.locator("section[aria-labelledby=plan] ul.lines > li").count() >= len(silent)
    look(clerk, "chasing-en")
    beside_the_browser(make_chase_due(period.system.environment["DATABASE_URL"], day))
    period.sink.wait(lambda mails: silent <= {mail.to for mail in mails if is_reminder(mail)}, 90)
    reminders = [mail for mail in period.sink.mails() if is_reminder(mail)]
    assert sorted(mail.to for mail in reminders) == sorted(silent)
    for code, words in (("6177-VTITE", "friendly reminder"), ("9117-LYRCE", "温馨提醒")):
        (mail,) = [one for one in reminders if one.to == address_of(code)]
        assert words in mail.subject
        assert f"2012-06/{code}/USD/v1" in mail.text
        page = answer_page(period, mail)
        expect(page.locator(".lead .big")).to_have_text(f"USD {period.accounts[code].closing:,}")
        page.context.close()
    clerk.goto(f"{period.system.address}/chasing?day={day}")
    expect(clerk.locator("section[aria-labelledby=sent]")).to_contain_text(address_of("6177-VTITE"))
    look(clerk, "chasing-sent-en")
    return len(reminders)


def second_close_sends_nothing(period: Period, clerk: Page, run: str, customers_mails: int) -> None:
    """The same period again: the command says that nothing was drafted or sent, and the mail server stays quiet."""
    close = ("run", "close", "--company", "IBM", "--period", "2012-06")
    finished = period.system.json(*close)
    assert finished["continued"]
    assert (finished["new"]["statements"], finished["new"]["sent"]) == (0, 0)
    assert finished["stage"] == "closed"
    assert "This period was closed before. Nothing was drafted and nothing was sent again." in period.system.run(*close)
    clerk.goto(f"{period.system.address}{run}")
    expect(clerk.locator("#board")).to_contain_text("Disputed")
    assert clerk.locator("article.stage.done").count() == clerk.locator("article.stage").count()
    look(clerk, "run-closed-en")
    period.sink.wait_for(to=MANAGER, subject="2012-06 is finished")
    waiting = period.system.json("outbox", "list", "--company", "IBM", "--state", "pending")
    # What the first close gathers for the preparer looks once a minute whether all is decided.
    later = {"run_decided"}
    assert not [row for row in waiting["messages"] if row["channel"] == "email" and row["kind"] not in later]
    ids = [mail.message_id for mail in period.sink.mails()]
    assert len(ids) == len(set(ids))
    assert len([mail for mail in period.sink.mails() if mail.to.startswith("accounts@")]) == customers_mails
    assert period.system.json("audit", "verify", "--company", "IBM")["holds"]
