"""Every mail in Chromium: phone and desk, light and dark, nothing overflowing, every word readable, nothing loaded."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from notifications.messages import render
from notifications.samples import samples
from words.catalog import LANGUAGES

AXE = Path(__file__).parents[2] / "assets" / "js" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDTHS = (360, 800)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all mails; missing, it skips, or fails under CI=true."""
    if not Path(CHROMIUM).exists() or not AXE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium or assets/js/axe.min.js is missing")
        pytest.skip("Chromium or assets/js/axe.min.js is missing")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_mails_can_be_read(chromium: Browser, language: str, scheme: str) -> None:
    """No sideways scrolling at 360 px, no serious finding of axe, no request to anywhere."""
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    problems = [
        problem
        for name, letter in samples(language).items()
        for problem in _problems(page, name, render(name.split(".", maxsplit=1)[0], letter, language).html)
    ]
    context.close()
    assert problems == []
    assert asked == []


def _problems(page: Page, name: str, html: str) -> list[str]:
    page.set_content(html)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{name} is {wide} px wide at {width}")
    page.evaluate(AXE.read_text())
    answer = page.evaluate("axe.run({resultTypes: ['violations']})")
    return found + [
        f"{name}: {violation['id']} {violation['nodes'][0]['html']}"
        for violation in answer["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
