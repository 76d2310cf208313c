"""A ledger compared in the browser: uploaded without scripts, read on a phone and a desk, nothing serious for axe."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Served, enter
from tests.support.axe import serious

VARIANTS = (("en", "light", 1280), ("zh", "dark", 360), ("zh", "light", 1280), ("en", "dark", 360))

THEIRS = "日期,发票号,摘要,借方,贷方\n2026-02-01,INV-201,采购,,1396.22\n2026-04-22,INV-203,采购,,300.00\n"
BAD = "number,date,amount\nINV-201,2026-02-31,1_000\n"


def _upload(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    page.set_input_files("input[name=ledger]", str(file))
    page.locator("form:has(input[name=ledger]) button").click()


@pytest.mark.browser
@pytest.mark.parametrize(("language", "theme", "width"), VARIANTS)
def test_both_sides_read_it(
    browser: Browser, served: Served, tmp_path: Path, language: str, theme: Literal["dark", "light"], width: int
) -> None:
    """The customer's page with what was found and with what was refused, and the same view for staff."""
    good, bad = tmp_path / "ledger.csv", tmp_path / "bad.csv"
    good.write_text(THEIRS)
    bad.write_text(BAD)
    address = f"{served.url}/s/{served.sample.answer_token}/reconcile?lang={language}"
    plain = browser.new_context(java_script_enabled=False)
    _upload(plain.new_page(), address, good)
    plain.close()
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
    page = context.new_page()
    page.goto(address)
    assert page.locator("#amount_differs").is_visible()
    problems = serious(page)
    _upload(page, address, bad)
    assert page.get_by_role("alert").is_visible()
    problems += serious(page)
    enter(page, served.url, "陈静")
    page.goto(f"{served.url}/statements/{served.sample.statements[2]}/reconcile?lang={language}")
    assert page.locator("#amount_differs").is_visible()
    problems += serious(page)
    context.close()
    assert problems == []
