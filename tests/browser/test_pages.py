"""Every page on a phone and a desk, in both languages, light and dark: nothing serious for axe, nothing overflowing."""

from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import Served, enter
from tests.support.axe import serious

VARIANTS = (("en", "light", 1280, 1), ("zh", "dark", 360, 1), ("en", "dark", 360, 4), ("zh", "light", 1280, 4))
"""Language, theme, width, and every how many-th page: the first two see all pages, the others a sample."""


def _paths(served: Served) -> list[str]:
    made = served.sample
    return [
        "/inbox", "/imports", "/runs", f"/runs/{made.run_id}", "/statements", f"/statements/{made.statements[0]}",
        "/customers", f"/customers/{made.customers[0]}", "/exceptions", f"/exceptions/{made.records[0]}", "/disputes",
        "/matching",
        "/chasing", "/compliance", "/settings", "/settings/messages/statement_to_customer", "/account", "/dev/mail",
        "/dev/mail/1", "/dev/chat", "/account/chat", f"/approvals/{made.requests[0]}", "/policies", "/absence",
        "/approvals/figures", f"/s/{made.answer_token}?dispute=2",
        f"/a/{made.decide_token}", "/s", "/s/lapsed", "/settings/wording", "/credit",
        "/settings/wording/statement_to_customer/en",
    ]  # fmt: skip


def _context(browser: Browser, theme: Literal["dark", "light"], width: int, language: str) -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, locale="zh-CN" if language == "zh" else "en-GB",
        bypass_csp=False,
    )  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(("language", "theme", "width", "step"), VARIANTS)
def test_pages_hold_for_everyone(
    browser: Browser, served: Served, language: str, theme: Literal["dark", "light"], width: int, step: int
) -> None:
    """No serious violation, no sideways scrolling, no error on the console."""
    context = _context(browser, theme, width, language)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{page.url} {error}"))
    page.on("console", lambda said: errors.append(f"{page.url} {said.text}") if said.type == "error" else None)
    enter(page, served.url, "陈静" if width < 1000 else "Alice Reviewer")
    problems = []
    for path in _paths(served)[::step]:
        page.goto(f"{served.url}{path}{'&' if '?' in path else '?'}lang={language}")
        problems += serious(page)
    context.close()
    assert not problems
    assert not [error for error in errors if "404" not in error]
