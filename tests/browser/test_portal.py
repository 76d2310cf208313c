"""The portal as people have it: on a phone and a desk, in both languages, light and dark, without scripts too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.disputes.served_house import ServedHouses, served_houses
from tests.portal.test_portal import code_in_mail
from tests.support.axe import serious

VIEWS = (("zh", 360, "light"), ("en", 360, "dark"), ("zh", 1280, "dark"), ("en", 1280, "light"))


@pytest.fixture(scope="module")
def houses(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouses]:
    """The application on a database of this module's own."""
    with served_houses(server_url, template_database, "portal_pages", tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width", "theme"), VIEWS)
def test_from_the_code_to_the_answer_and_out(
    browser: Browser, houses: ServedHouses, tmp_path: Path, language: str, width: int, theme: Literal["dark", "light"]
) -> None:
    """Every page passes axe and fits the screen; the statement is answered on its own page."""
    house = houses.house(f"P{VIEWS.index((language, width, theme))}")
    houses.do(house.book.add_contact(house.customer, f"{house.book.company.code}@customer.example"))
    address = f"{house.book.company.code}@customer.example"
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, locale="zh-CN" if language == "zh" else "en-GB"
    )
    page = context.new_page()
    problems: list[str] = []

    def look(path: str) -> None:
        page.goto(f"{houses.url}{path}?lang={language}")
        problems.extend(f"{path} {one}" for one in serious(page))
        page.screenshot(path=tmp_path / f"{path.replace('/', '_')}.png", full_page=True)

    look("/portal")
    page.locator("input[name=email]").fill(address)
    page.locator("form[action='/portal/code'] button").click()
    look("/portal")
    page.locator("input[name=code]").fill("00000000")
    page.locator("form[action='/portal/enter'] button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("input[name=code]").fill(houses.do(code_in_mail(house.book)))
    page.locator("form[action='/portal/enter'] button").click()
    for path in ("/portal", "/portal/items", "/portal/contact"):
        look(path)
    page.goto(f"{houses.url}/portal")
    page.locator("ul.lines form button").first.click()
    page.wait_for_url("**/s/v/*")
    page.locator("input[name=kind][value=agree]").check()
    page.locator("#answer input[name=name]").fill("王五")
    page.locator("#answer form > button").click()
    page.wait_for_url("**#recorded")
    page.goto(f"{houses.url}/portal/contact")
    page.locator("input[name=by_link][value=true]").first.check()
    page.locator("form[action$='/messages'] button").first.click()
    expect(page.get_by_role("status")).to_be_visible()
    page.locator("input[name=everywhere] ~ button").click()
    expect(page.locator("input[name=email]")).to_be_visible()
    assert problems == []
    context.close()
