"""The pages about messages on a phone and a desk: nothing serious for axe, nothing overflowing, no error."""

from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Served, enter
from tests.support.axe import serious

VARIANTS = (("en", "light", 1280), ("zh", "dark", 360))


@pytest.mark.browser
@pytest.mark.parametrize(("language", "theme", "width"), VARIANTS)
def test_message_pages_hold_for_everyone(
    browser: Browser, served: Served, language: str, theme: Literal["dark", "light"], width: int
) -> None:
    """Ledger, outbox in its states, incoming mail, a person's choices; as a clerk, who has every button."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{page.url} {error}"))
    enter(page, served.url, "陈静")
    made = served.sample
    problems = []
    for path in (
        f"/statements/{made.statements[2]}/deliveries", f"/customers/{made.customers[2]}/deliveries",
        "/outbox?state=pending", "/outbox?state=dead", "/replies", "/account/messages",
    ):  # fmt: skip
        page.goto(f"{served.url}{path}{'&' if '?' in path else '?'}lang={language}")
        problems += serious(page)
    context.close()
    assert problems == []
    assert errors == []
