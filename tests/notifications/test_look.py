"""Every mail in Chromium: phone and desk, light and dark, nothing overflowing, every word readable, nothing loaded."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from notifications.messages import render
from notifications.own_words import Variant, base_kind, render_own
from notifications.samples import samples
from words.catalog import LANGUAGES

AXE = Path(__file__).parents[2] / "assets" / "js" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDTHS = (360, 800)
CONTRAST = "color-contrast"
EVERY_RULE = "{resultTypes: ['violations', 'incomplete']}"
COLOURS = "{resultTypes: ['violations', 'incomplete'], runOnly: {type: 'rule', values: ['color-contrast']}}"
"""Every rule once, for the light mails on a phone; what language, scheme and width could change is the colours."""

OWN = Variant(
    "A", 1, "{{ c.number }}", "{{ c.link }}",
    "<h2>{{ c.customer }}</h2><p>{{ money(c.closing, c.currency) }} <span class='alert'>!</span> <span class='fine'>ok"
    "</span></p><table class='figures'><tr><th>A</th><th class='value'>B</th></tr>{% for one in c.aging %}<tr"
    " class='strong'><td>{{ bucket(one) }}</td><td class='value'>{{ amount(one.amount) }}</td></tr>{% endfor %}</table>"
    "<blockquote class='said'>{{ c.name }}</blockquote><p class='quiet'>{{ c.number }} <a href='{{ c.link }}'>x</a></p>"
    "<p><a class='link' href='{{ c.link }}'>{{ c.link }}</a></p><ul><li>{{ c.currency }}</li></ul>{{ button('OK') }}",
)  # fmt: skip
"""Every style that a company's own words may use."""


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
    mails = {name: render(base_kind(name), letter, language).html for name, letter in samples(language).items()}
    own = render_own("statement_to_customer", samples(language)["statement_to_customer"], language, OWN)
    problems = [
        problem
        for name, html in {**mails, "own words": own.html}.items()
        for problem in _problems(page, name, html, every_rule=scheme == "light")
    ]
    context.close()
    assert problems == []
    assert asked == []


def _problems(page: Page, name: str, html: str, *, every_rule: bool = False) -> list[str]:
    page.set_content(html)
    if not page.evaluate("'axe' in window"):  # outlives the content
        page.evaluate(AXE.read_text())
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{name} is {wide} px wide at {width}")
        answer = page.evaluate(f"axe.run({EVERY_RULE if every_rule and width == WIDTHS[0] else COLOURS})")
        found += [
            f"{name} at {width}: {violation['id']} {violation['nodes'][0]['html']}"
            for violation in answer["violations"]
            if violation["impact"] in {"serious", "critical"}
        ]
        found += [f"{name} at {width}: contrast unknown" for one in answer["incomplete"] if one["id"] == CONTRAST]
    return found


@pytest.mark.browser
def test_a_mail_that_cannot_be_read_is_found(chromium: Browser) -> None:
    """Grey on grey, and a picture that is wider than a phone."""
    page = chromium.new_page()
    html = render("run_finished", samples("en")["run_finished"], "en").html
    pale = html.replace("</h1>", "</h1><p style='color: #ccc; background: #eee'>pale</p>")
    broad = html.replace("</h1>", "</h1><div style='width: 900px'>broad</div>")
    assert any(CONTRAST in problem for problem in _problems(page, "pale", pale))
    assert any("px wide at 360" in problem for problem in _problems(page, "broad", broad))
    page.close()
