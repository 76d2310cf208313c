"""A confirmation letter on a phone and a desk in both languages, and the staff's part around it."""

import secrets
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from services.show_confirmations import show_round
from services.sign_in import token_digest
from storage.confirmations import Letter
from storage.database import transaction
from storage.sessions import open_session
from tests.answers.desk import PDF
from tests.confirmations.letter_house import LetterHouse, new_letter_house
from tests.disputes.served_house import ServedHouses, served_houses
from tests.support.axe import serious


class Eyes(NamedTuple):
    """Language and width of a reader."""

    language: str
    width: int


EYES = [Eyes("zh", 360), Eyes("en", 1280)]


@pytest.fixture(scope="module")
def houses(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouses]:
    """The application on a database of this module's own."""
    with served_houses(server_url, template_database, "confirmations", tmp_path_factory.mktemp("home")) as made:
        yield made


def signed_in(browser: Browser, houses: ServedHouses, house: LetterHouse, who: str, eyes: Eyes) -> Page:
    """A page of somebody of the company, with both proofs."""
    token = secrets.token_urlsafe(16)

    async def open_it() -> None:
        async with transaction(houses.engine, house.book.company.id) as session:
            await open_session(
                session, house.book.company.id, house.people[who], token_digest(token), secrets.token_urlsafe(16),
                "mfa", 1,
            )  # fmt: skip

    houses.do(open_it())
    page = reading(browser, eyes)
    page.context.add_cookies([{"name": "tieout-session", "value": token, "url": houses.url}])
    return page


def reading(browser: Browser, eyes: Eyes, *, scripts: bool = True) -> Page:
    """A browser with this width and language."""
    return browser.new_context(
        viewport={"width": eyes.width, "height": 800}, locale="zh-CN" if eyes.language == "zh" else "en-GB",
        java_script_enabled=scripts,
    ).new_page()  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize("eyes", EYES, ids=str)
def test_a_positive_letter_from_the_draw_to_the_reply(browser: Browser, houses: ServedHouses, eyes: Eyes) -> None:
    """Bob draws, Alice sends, the customer says that it does not agree, then confirms; the round counts it."""
    house = houses.do(new_letter_house(houses.engine, f"L{EYES.index(eyes)}"))
    bob = signed_in(browser, houses, house, "bob", eyes)
    bob.goto(f"{houses.url}/confirmations?lang={eyes.language}")
    assert serious(bob) == []
    bob.locator("input[name=as_of]").fill("2026-06-30")
    bob.locator("#draw ~ form > button").click()
    bob.wait_for_url("**/confirmations/2026-06-30/1")
    expect(bob.locator("form[action$='/send']")).to_have_count(0)
    alice = signed_in(browser, houses, house, "alice", eyes)
    alice.goto(f"{houses.url}/confirmations/2026-06-30/1?lang={eyes.language}")
    alice.locator("form[action$='/send'] button").click()
    expect(alice.locator("form[action$='/close']")).to_have_count(1)
    assert serious(alice) == []

    [letter, *_] = houses.do(_letters(house))
    page = reading(browser, eyes)
    page.goto(f"{houses.url}/c#{houses.do(house.link(letter))}")
    page.wait_for_url("**/c/v/*")
    page.goto(f"{page.url}?lang={eyes.language}")
    assert serious(page) == []
    expect(page.locator("main")).to_contain_text("信息证明无误" if eyes.language == "zh" else "Confirmed as correct")
    page.locator("input[value=differ]").check()
    page.locator("input[name=amount_CNY]").fill("1")
    page.locator("#reply input[name=name]").fill("王建国 Wang")
    page.locator("#reply form > button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("input[name=amount_CNY]")).to_have_value("1")
    page.locator("select[name=reason]").select_option("timing")
    page.locator("input[name=file_reply]").set_input_files(
        {"name": "明细.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.locator("#reply form > button").click()
    page.wait_for_url("**#recorded")
    expect(page.locator("#recorded")).to_contain_text("明细.pdf")
    expect(page.locator("#recorded")).to_contain_text("信息不符" if eyes.language == "zh" else "Does not agree")
    page.locator("input[value=confirm]").check()
    page.locator("#reply input[name=name]").fill("王建国 Wang")
    page.locator("#reply form > button").click()
    expect(page.locator("#recorded .badge.ok")).to_have_count(1)
    assert serious(page) == []

    alice.reload()
    alice.locator("#letters ~ ul a").first.click()
    expect(alice.locator("main")).to_contain_text("王建国 Wang")
    expect(alice.locator("div.reply")).to_have_count(2)
    assert serious(alice) == []
    for one in (bob, alice, page):
        one.context.close()


@pytest.mark.browser
def test_a_blank_letter_without_scripts_in_an_audit(browser: Browser, houses: ServedHouses) -> None:
    """The secret in the path; the auditor sees the reply, the company only that the round exists."""
    eyes = Eyes("en", 360)
    house = houses.do(new_letter_house(houses.engine, "AUDIT"))
    drawn, [letter, *_] = houses.do(house.audit(form="blank"))
    page = reading(browser, eyes, scripts=False)
    page.goto(f"{houses.url}/c/{houses.do(house.link(letter))}?lang=en")
    expect(page.locator("main")).not_to_contain_text("750,000")
    page.locator("input[name=amount_CNY]").fill("731337.42")
    page.locator("#reply input[name=name]").fill("Kupferkessel")
    page.locator("#reply form > button").click()
    expect(page.locator("#recorded")).to_contain_text("731,337.42")
    other = reading(browser, eyes, scripts=False)
    other.goto(page.url)
    expect(other.locator("#recorded")).to_have_count(0)
    for who, sees in (("vera", True), ("mary", False)):
        staff = signed_in(browser, houses, house, who, eyes)
        staff.goto(f"{houses.url}/confirmations/{drawn.number}?lang=en")
        expect(staff.locator("#letters")).to_have_count(int(sees))
        assert serious(staff) == []
        staff.context.close()
    page.context.close()
    other.context.close()


async def _letters(house: LetterHouse) -> list[Letter]:
    shown = await show_round(house.desk("bob"), "2026-06-30/1")
    return [one.letter for one in shown.letters]
