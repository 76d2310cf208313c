"""What people do, with a mouse and a keyboard: decide in the inbox, decide from a mail, answer as a customer."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Served, enter


@pytest.mark.browser
def test_a_reviewer_approves_in_the_inbox(browser: Browser, served: Served) -> None:
    """Two presses: the card goes, the statement shows the decision on its timeline."""
    page = browser.new_page(locale="en-GB")
    enter(page, served.url, "Alice Reviewer")
    card = page.locator(f"#r-{served.sample.requests[1]}")
    expect(card).to_contain_text("CNY 2,391.11")
    card.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").first).to_have_text("Your approval is recorded.")
    expect(page.locator(f"#r-{served.sample.requests[1]}")).to_have_count(0)
    page.goto(f"{served.url}/statements/{served.sample.statements[1]}")
    expect(page.locator("main")).to_contain_text("Approved")
    page.close()


@pytest.mark.browser
def test_a_mailed_link_decides_on_a_phone(browser: Browser, served: Served) -> None:
    """The secret after '#' is handed over by POST and leaves the address; the choice is the person's own."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{served.url}/a#{served.sample.decide_token}")
    page.wait_for_url("**/a/v/*")
    assert served.sample.decide_token not in page.url
    expect(page.locator("input:checked")).to_have_count(0)
    page.get_by_label("Approve").check()
    page.get_by_role("button", name="Confirm the decision").click()
    expect(page.get_by_role("status").first).to_have_text("Your decision is recorded.")
    page.reload()
    expect(page.locator("main")).to_contain_text("Approved")
    expect(page.get_by_role("button", name="Confirm the decision")).to_have_count(0)
    context.close()


@pytest.mark.browser
def test_a_customer_disputes_a_part_without_scripts(browser: Browser, served: Served) -> None:
    """The whole page works with JavaScript off: find the line, dispute a part, see it recorded."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{served.url}/s/{served.sample.answer_token}?lang=en")
    page.get_by_role("link", name="Dispute INV-202").click()
    page.get_by_label("What is wrong").select_option("price")
    page.get_by_label(re.compile("Disputed amount")).fill("100.25")
    page.get_by_label("What should it be, and why").fill("Agreed price was 740.25")
    page.get_by_label("Everything is correct except the lines above.").check()
    page.get_by_label("Your name").fill("Wang Wu")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator("#recorded")).to_contain_text("CNY 100.25")
    expect(page.locator("#recorded")).to_contain_text("Wang Wu")
    context.close()


@pytest.mark.browser
def test_the_keyboard_reaches_the_content_first(browser: Browser, served: Served) -> None:
    """The first Tab offers to skip the navigation."""
    page = browser.new_page(locale="en-GB")
    enter(page, served.url, "Alice Reviewer")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_id("main")
    page.close()
