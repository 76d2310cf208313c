"""What customers do, on a phone and a desk, in both languages, with the staff's part between, up to the agreement."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from services.chase_customers import chase_customers
from tests.answers.desk import PDF
from tests.browser.conftest import enter
from tests.disputes.case_house import CaseHouse
from tests.disputes.served_house import ServedHouses, served_houses
from tests.support.axe import serious


class Eyes(NamedTuple):
    """Language and width of a reader."""

    language: str
    width: int


EYES = [Eyes("zh", 360), Eyes("en", 1280), Eyes("en", 360), Eyes("zh", 1280)]
SAME_DAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()


@pytest.fixture(scope="module")
def houses(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouses]:
    """The application on a database of this module's own."""
    with served_houses(server_url, template_database, "customers_side", tmp_path_factory.mktemp("home")) as made:
        yield made


def customer_page(browser: Browser, houses: ServedHouses, house: CaseHouse, eyes: Eyes) -> Page:
    """The page behind the newest mail, as this reader has it; examined for what hinders people."""
    context = browser.new_context(
        viewport={"width": eyes.width, "height": 800}, locale="zh-CN" if eyes.language == "zh" else "en-GB"
    )
    page = context.new_page()
    page.goto(houses.link(house))
    page.wait_for_url("**/s/v/*")
    page.goto(f"{page.url}?lang={eyes.language}")
    assert serious(page) == []
    return page


def send(page: Page, kind: str) -> None:
    """Chooses the kind, signs and sends."""
    page.locator(f"input[name=kind][value={kind}]").check()
    page.locator("#answer input[name=name]").fill("王五 Wang Wu")
    page.locator("#answer form > button").click()
    page.wait_for_url("**#recorded")
    expect(page.locator("#recorded")).to_contain_text("Wang Wu")
    assert serious(page) == []


@pytest.mark.browser
@pytest.mark.parametrize("eyes", EYES, ids=str)
def test_every_answer_is_given_on_one_page(browser: Browser, houses: ServedHouses, eyes: Eyes) -> None:
    """Wrong person, paid already with proof, a promise, a dispute, agreement: each a new act on one link."""
    house = houses.house(f"A{EYES.index(eyes)}")
    page = customer_page(browser, houses, house, eyes)
    page.locator("#colleague summary").click()
    page.locator("input[name=colleague_name]").fill("李会计")
    page.locator("input[name=colleague_email]").fill("li@customer.example")
    send(page, "wrong_person")
    expect(page.locator("#recorded")).to_contain_text("李会计")

    page.locator("#paid summary").click()
    page.locator("input[name=pay_amount_1]").fill("10.00")
    page.locator("input[name=pay_on_1]").fill(str(SAME_DAY - timedelta(days=1)))
    page.locator("input[name=pay_ref_1]").fill("TT-778")
    page.locator("input[name=file_payment]").set_input_files(
        {"name": "回单.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    send(page, "already_paid")
    expect(page.locator("#recorded")).to_contain_text("TT-778")
    expect(page.locator("#recorded")).to_contain_text("回单.pdf")

    page.locator("#promise summary").click()
    page.locator("input[name=promise_amount_1]").fill("60")
    page.locator("input[name=promise_on_1]").fill(str(SAME_DAY + timedelta(days=9)))
    send(page, "promise")
    expect(page.locator("#recorded")).to_contain_text("60.00")

    page.locator("#answer input[name=name]").fill("Typed before")
    page.locator("ul.lines a[href*='dispute=']").click()
    page.locator("select[name=reason_1]").select_option("quality")
    expect(page.locator("#answer input[name=name]")).to_have_value("Typed before")
    page.locator("input[name=amount_1]").fill("5.50")
    page.locator("input[name=file_1]").set_input_files({"name": "x.exe", "mimeType": "text/plain", "buffer": b"MZ"})
    page.locator("input[name=kind][value=agree_except]").check()
    page.locator("#answer input[name=name]").fill("Wang")
    page.locator("#answer form > button").click()
    expect(page.get_by_role("alert")).to_contain_text("x.exe")
    expect(page.locator("input[name=amount_1]")).to_have_value("5.50")
    page.locator("input[name=file_1]").set_input_files([])
    send(page, "agree_except")
    expect(page.locator("#recorded")).to_contain_text("5.50")

    page.locator("#recorded .case summary").first.click()
    page.locator("#recorded textarea[name=text]").first.fill("两箱破损")
    page.locator("#recorded .case form button").click()
    expect(page.locator("#recorded")).to_contain_text("两箱破损")
    send(page, "agree")
    page.locator("#feedback button[value=good]").click()
    expect(page.locator("#feedback button[value=bad]")).to_have_count(0)
    page.context.close()


def chased(houses: ServedHouses, house: CaseHouse, day: date) -> list[str]:
    """What reminders of the day ask for."""
    before = len(houses.do(house.mails("reminder")))
    houses.do(chase_customers(house.book.engine, house.book.company, day))
    return [payload["totals"]["CNY"] for payload in houses.do(house.mails("reminder"))[before:]]


@pytest.mark.browser
@pytest.mark.parametrize("eyes", EYES[:2], ids=str)
def test_thirty_of_a_hundred_from_the_dispute_to_the_settlement(
    browser: Browser, houses: ServedHouses, eyes: Eyes
) -> None:
    """30 disputed, the rest confirmed, 20 credited and approved, the new version agreed; the 30 never chased."""
    code = f"E{EYES.index(eyes)}"
    house = houses.house(code)
    page = customer_page(browser, houses, house, eyes)
    page.locator("ul.lines a[href*='dispute=']").click()
    page.locator("select[name=reason_1]").select_option("price")
    page.locator("input[name=amount_1]").fill("30.00")
    page.locator("textarea[name=text_1]").fill("约定价 70")
    send(page, "agree_except")
    expect(page.locator("#recorded")).to_contain_text("30.00")
    page.context.close()
    assert chased(houses, house, date(2026, 7, 6)) == ["70.00"]

    staff = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB").new_page()
    enter(staff, houses.url, f"bob {code}")
    staff.goto(f"{houses.url}/disputes")
    assert serious(staff) == []
    staff.locator("article.card h2 a").first.click()
    assert serious(staff) == []
    staff.get_by_label("Amount in CNY").fill("20.00")
    staff.locator("form[action$='/credit'] textarea").fill("price list of May")
    staff.get_by_role("button", name="Ask for approval").click()
    expect(staff.locator("main")).to_contain_text("Waits for approval")
    assert chased(houses, house, date(2026, 7, 13)) == ["70.00"]
    staff.context.clear_cookies()
    enter(staff, houses.url, f"alice {code}")
    card = staff.locator("article", has_text=re.compile("Credit memo")).first
    expect(card).to_contain_text("20.00")
    card.get_by_role("button", name="Approve").click()
    expect(staff.get_by_role("status").first).to_have_text("Your approval is recorded.")
    houses.do(house.work())
    assert houses.do(house.versions()) == [(1, "superseded"), (2, "sent")]
    staff.goto(f"{houses.url}/answers")
    assert serious(staff) == []
    staff.context.close()

    page = customer_page(browser, houses, house, eyes)
    expect(page.locator("section[aria-labelledby=difference]")).to_contain_text("80.00")
    expect(page.locator("dd.big")).to_contain_text("80.00")
    send(page, "agree")
    assert houses.do(house.versions()) == [(1, "superseded"), (2, "settled")]
    expect(page.locator("#answer")).to_have_count(0)
    page.context.close()
    assert chased(houses, house, date(2026, 7, 27)) == ["80.00"]
