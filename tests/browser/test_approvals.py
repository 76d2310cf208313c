"""Approving beyond one press: without a network on a phone, and by keys on a desk."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Served, enter


def ask_for_a_waiver(page: Page, served: Served, number: int) -> str:
    """The compliance officer asks; the address of the request."""
    enter(page, served.url, "Colin Compliance")
    page.goto(f"{served.url}/compliance?lang=en")
    form = page.locator(f'form[action="/compliance/{served.sample.findings[number]}/close"]')
    form.locator("input[name=reason]").fill("They answered by telephone.")
    form.get_by_role("button", name="Ask for a waiver").click()
    page.wait_for_url("**/approvals/*")
    return page.url.split("?")[0]


@pytest.mark.browser
def test_a_decision_without_a_network_is_kept_sent_and_told(browser: Browser, served: Served) -> None:
    """In a tunnel, in Chinese, on a phone: kept, sent once there is a network, and said what became of it."""
    officer = browser.new_context(locale="en-GB")
    request = ask_for_a_waiver(officer.new_page(), served, 0)
    officer.close()
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
    page = context.new_page()
    enter(page, served.url, "Bob Reviewer")
    page.goto(f"{served.url}/inbox?lang=zh")
    card = page.locator(f"#r-{request.rpartition('/')[2]}")
    card.locator("input[name=comment]").fill("已看")
    context.set_offline(True)
    card.get_by_role("button", name="同意").click()
    told = page.locator("#offline")
    expect(told).to_contain_text("没有网络")
    context.set_offline(False)
    expect(told).to_contain_text("已发送并记录")
    page.goto(f"{request}?lang=zh")
    expect(page.locator("main")).to_contain_text("已看")
    page.goto(f"{served.url}/inbox?lang=zh")
    expect(card).to_have_count(0)
    assert page.evaluate("localStorage.getItem('tieout-offline')") == "[]"
    context.close()


@pytest.mark.browser
def test_keys_lead_through_the_inbox(browser: Browser, served: Served) -> None:
    """To a card, and to the button that answers it; nothing is decided by a letter."""
    officer = browser.new_context(locale="en-GB")
    ask_for_a_waiver(officer.new_page(), served, 1)
    officer.close()
    page = browser.new_page(locale="en-GB")
    enter(page, served.url, "Bob Reviewer")
    page.goto(f"{served.url}/inbox?lang=en")
    page.keyboard.press("j")
    expect(page.locator(".cards > article").first).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator(".cards > article").first.get_by_role("button", name="Approve")).to_be_focused()
    page.close()
