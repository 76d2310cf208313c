"""Deciding on a phone, in both languages: the link from a mail, many at once, a return and what has changed since."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from services.open_approvals import open_statement_approval
from storage.approvals import read_request
from storage.database import Session, engine_for, transaction
from storage.schema import statement
from storage.tokens import mint
from tests.browser.conftest import Served, enter
from tests.support.approval_samples import write_statement
from words.catalog import translate

T = TypeVar("T")

PHONE = {"width": 360, "height": 740}
LANGUAGES = ("en", "zh")
LARGE = 600_000_00
"""For a reviewer and a manager."""

both_languages = pytest.mark.parametrize("language", LANGUAGES)


def brought_about(served: Served, work: Callable[[Session, UUID], Awaitable[T]]) -> T:
    """Runs the work in a transaction on the served database; in a thread, because Playwright holds this one's loop."""

    async def run() -> T:
        engine = engine_for(served.database)
        try:
            async with transaction(engine, served.sample.company_id) as session:
                return await work(session, served.sample.company_id)
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()


def submitted(served: Served, code: str, closing: int = 80_000_00, **given: object) -> UUID:
    """A statement of a customer of its own, submitted; the request's id."""

    async def work(session: Session, company_id: UUID) -> UUID:
        written = await write_statement(session, company_id, code, closing, **given)  # type: ignore[arg-type] # whatever it takes
        return await open_statement_approval(session, company_id, written)

    return brought_about(served, work)


@contextmanager
def phone_of(browser: Browser, served: Served, who: str, language: str) -> Iterator[Page]:
    """Somebody's phone, signed in, speaking the language."""
    context = browser.new_context(viewport=PHONE, locale="zh-CN" if language == "zh" else "en-GB")  # type: ignore[arg-type] # a size
    page = context.new_page()
    enter(page, served.url, who)
    page.goto(f"{served.url}/inbox?lang={language}")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def press(card: Locator, sentence: str, language: str) -> None:
    """The button that says the sentence."""
    card.get_by_role("button", name=translate(sentence, language), exact=True).click()


@pytest.mark.browser
@both_languages
def test_the_link_from_a_mail_decides_and_a_second_visit_shows_the_outcome(
    browser: Browser, served: Served, language: str
) -> None:
    """The same address later tells who decided what, not that it has expired."""
    request_id = submitted(served, f"LINK-{language}")

    async def linked(session: Session, company_id: UUID) -> str:
        stored = await read_request(session, company_id, request_id)
        assert stored is not None
        place = {"stage": 1, "round": 1, "digest": stored.request.digest}
        alice = served.sample.people["Alice Reviewer"]
        return await mint(session, company_id, "decide", ("approval", str(request_id)), alice, place, timedelta(days=3))

    link = f"{served.url}/a?lang={language}#{brought_about(served, linked)}"
    context = browser.new_context(viewport=PHONE, locale="zh-CN" if language == "zh" else "en-GB")  # type: ignore[arg-type] # a size
    page = context.new_page()
    page.goto(link)
    page.wait_for_url("**/a/v/*")
    page.get_by_label(translate("Approve", language), exact=True).check()
    press(page.locator("main"), "Confirm the decision", language)
    expect(page.get_by_role("status").first).to_have_text(translate("Your decision is recorded.", language))
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_url("**/a/v/*")
    told = page.get_by_role("status").first
    expect(told).to_contain_text(translate("Decided", language))
    expect(told).to_contain_text("Alice Reviewer")
    expect(page.get_by_role("button", name=translate("Confirm the decision", language))).to_have_count(0)
    context.close()


@pytest.mark.browser
@both_languages
def test_many_are_approved_at_once_and_each_has_its_result(browser: Browser, served: Served, language: str) -> None:
    """One of the chosen has changed meanwhile: it stays and says why, the others are approved."""
    requests = [submitted(served, f"BULK{number}-{language}") for number in range(3)]
    with phone_of(browser, served, "Alice Reviewer", language) as page:
        for request_id in requests:
            page.locator(f"#r-{request_id} input[name=choice]").check()

        async def changes(session: Session, _company_id: UUID) -> None:
            changed = statement.update().where(statement.c.number == f"2012-06/BULK1-{language}/CNY/v1")
            await session.execute(changed.values(digest="another"))

        brought_about(served, changes)
        press(page.locator("#bulk"), "Approve the chosen", language)
        results = page.get_by_role("status").filter(has_text=translate("What became of each", language))
        expect(results.locator("li")).to_have_count(3)
        expect(results.locator(".badge.ok")).to_have_count(2)
        expect(results.locator("li", has_text="BULK1").locator(".badge.bad")).to_have_count(1)
        expect(page.locator(f"#r-{requests[0]}")).to_have_count(0)
        expect(page.locator(f"#r-{requests[1]}")).to_have_count(1)


@pytest.mark.browser
@both_languages
def test_a_return_comes_back_with_what_changed_and_the_votes_that_stand(
    browser: Browser, served: Served, language: str
) -> None:
    """The manager returns; as it is, the reviewer's vote stands; corrected, both look again and see the difference."""
    code = f"BACK-{language}"
    request_id = submitted(served, code, LARGE, prepared_by=served.sample.people["陈静"])
    with phone_of(browser, served, "Alice Reviewer", language) as page:
        press(page.locator(f"#r-{request_id}"), "Approve", language)
        expect(page.locator(f"#r-{request_id}")).to_have_count(0)
    _return(browser, served, request_id, language)
    with phone_of(browser, served, "陈静", language) as page:
        page.goto(f"{served.url}/approvals/{request_id}?lang={language}")
        expect(page.locator("main")).to_contain_text("Please call them first.")
        press(page.locator("main"), "Submit again as it is", language)
        page.wait_for_url(lambda address: str(request_id) not in address)
        following = UUID(page.url.split("?", maxsplit=1)[0].rpartition("/")[2])
    with phone_of(browser, served, "Mary Manager", language) as page:
        page.goto(f"{served.url}/approvals/{following}?lang={language}")
        main = page.locator("main")
        expect(main).to_contain_text(translate("Returned and submitted again: round {round}.", language, round=2))
        kept = main.locator("p", has_text="Alice Reviewer").first
        expect(kept).to_contain_text(translate("carried over: nothing that it signed has changed", language))
    _return(browser, served, following, language)
    corrected = brought_about(served, lambda session, company_id: _correct(session, company_id, code))
    with phone_of(browser, served, "Alice Reviewer", language) as page:
        card = page.locator(f"#r-{corrected}")
        expect(card.locator(".changed")).to_contain_text(translate("Changed since the last version", language))
        for shown in ("600,000.00", "590,000.00", "-10,000.00"):
            expect(card.locator(".changed")).to_contain_text(shown)
        press(card, "Approve", language)
        expect(page.locator(f"#r-{corrected}")).to_have_count(0)


def _return(browser: Browser, served: Served, request_id: UUID, language: str) -> None:
    with phone_of(browser, served, "Mary Manager", language) as page:
        card = page.locator(f"#r-{request_id}")
        card.locator("input[name=comment]").fill("Please call them first.")
        press(card, "Return", language)
        expect(page.locator(f"#r-{request_id}")).to_have_count(0)


async def _correct(session: Session, company_id: UUID, code: str) -> UUID:
    """The statement built again after a correction of 10,000.00; the request of its new version."""
    number = f"2012-06/{code}/CNY/v1"
    (first,) = (await session.execute(statement.select().where(statement.c.number == number))).all()
    second = await write_statement(
        session, company_id, code, LARGE - 10_000_00, version=2, supersedes=first.id, prepared_by=first.prepared_by
    )
    closing = {"before": "600000.00", "after": "590000.00", "change": "-10000.00"}
    told = {"from": number, "to": number, "totals": {"closing": closing}, "lines": [], "aging": []}
    await session.execute(statement.update().where(statement.c.id == second).values(difference=told))
    return await open_statement_approval(session, company_id, second)
