"""The editor of own words: what is typed shows in the frame by itself, in a sandbox, and by hand without scripts."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Served, enter

ADDRESS = "/settings/wording/statement_to_customer/en?lang=en"
WORDS = "<p>You owe {{ money(c.closing, c.currency) }}</p>{{ button('Have a look') }}"


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_the_preview_follows_the_keys(browser: Browser, served: Served, scripts: bool) -> None:
    """Light and dark, nothing runs in it, and what is wrong is said in it."""
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    enter(page, served.url, "Mary Manager")
    page.goto(f"{served.url}{ADDRESS}")
    shown = page.frame_locator("iframe[name=preview]")
    shown.get_by_text("Here is the statement").wait_for()
    page.fill("textarea[name=html-0]", WORDS)
    if not scripts:
        page.get_by_role("button", name="Show in the preview").click()
    shown.get_by_text("You owe CNY 83,150.40").wait_for()
    assert page.locator("iframe[name=preview]").get_attribute("sandbox") == ""
    assert page.input_value("textarea[name=html-0]") == WORDS
    page.fill("textarea[name=html-0]", "{{ c.__class__ }}")
    if not scripts:
        page.get_by_role("button", name="Show in the preview").click()
    shown.get_by_text("There is no value “__class__”.").wait_for()
    page.get_by_role("button", name="Check").click()
    page.get_by_role("heading", name="What is wrong with it").wait_for()
    assert page.input_value("textarea[name=html-0]") == "{{ c.__class__ }}"
    context.close()
