"""What people do in a browser during a period, one function per thing that a person does."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.ledger_of_june import Account
from tests.support.mail_sink import Mail, MailSink
from tests.support.running_system import RunningSystem

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}

PASSWORD = "ledger paper june 2012"

SLOWEST = 60_000.0
"""Milliseconds for what workers do, on two cores that others use."""

expect.set_options(timeout=SLOWEST)

PICTURES = "TIEOUT_TEST_PICTURES"
"""A folder: every page that is passed is kept there, for looking at them. Unset, only a failure takes pictures."""

TALLEST = 2400
"""Pixels: a picture of two hundred cards shows nothing."""


@dataclass(frozen=True, slots=True)
class Period:
    """What every step needs."""

    system: RunningSystem
    sink: MailSink
    browser: Browser
    accounts: dict[str, Account]
    ledger: Path
    folder: Path


def look(page: Page, name: str) -> None:
    """Keeps pictures of the page, phone and desk, where somebody asked for them."""
    folder = os.environ.get(PICTURES)
    if folder is None:
        return
    before = page.viewport_size
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        tall = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
        page.screenshot(
            path=Path(folder) / f"{name}-{size['width']}.png", full_page=True,
            clip={"x": 0, "y": 0, "width": size["width"], "height": tall},
        )  # fmt: skip
    if before is not None:
        page.set_viewport_size(before)


@contextmanager
def pictures_of_failure(period: Period) -> Iterator[None]:
    """Keeps a picture of every open page when a step fails."""
    try:
        yield
    except BaseException:
        pages = [page for context in period.browser.contexts for page in context.pages]
        for number, page in enumerate(pages):
            page.screenshot(path=period.folder / f"failed-{number}.png", full_page=True)
        sys.stderr.write(f"pictures: {period.folder}\n{period.system.log.read_text()[-4000:]}\n")
        raise


def new_page(period: Period, *, phone: bool = False) -> Page:
    """A browser of somebody who is not signed in."""
    page = period.browser.new_context(viewport=PHONE if phone else DESK, locale="en-GB").new_page()
    page.set_default_timeout(SLOWEST)
    return page


def sign_in(period: Period, email: str, *, code: str = "") -> Page:
    """The inbox of a person."""
    page = new_page(period)
    page.goto(f"{period.system.address}/inbox")
    look(page, "sign-in-en")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Six digits").fill(code)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/inbox")
    return page


def set_up_authenticator(period: Period, email: str) -> tuple[Page, str]:
    """Signs in by password, sets up the app on the account page, signs out; answers the app's secret."""
    page = sign_in(period, email)
    page.goto(f"{period.system.address}/account")
    page.get_by_role("button", name="设置").click()
    secret = page.locator("main code").inner_text()
    look(page, "account-zh")
    page.get_by_label("六位数字").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="确认").click()
    expect(page.locator("main")).to_contain_text("已设置")
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/sign-in")
    return page, secret


def import_the_ledger(page: Page, period: Period) -> None:
    """On the import page; the figures are those of the file."""
    page.get_by_role("link", name="Imports").click()
    page.get_by_label("Ledger file").set_input_files(period.ledger)
    page.get_by_label("Profile").fill("ibm-ar")
    page.get_by_role("button", name="Import").click()
    result = page.locator("article.card", has_text="Import result")
    expect(result).to_contain_text("2466")
    look(page, "imports-en")


def start_the_run(page: Page, period: Period) -> str:
    """On the runs page; answers the run's address once it stands at its gate."""
    page.get_by_role("link", name="Runs", exact=True).click()
    look(page, "runs-empty-en")
    page.get_by_label("Period", exact=True).fill("2012-06")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/*")
    expect(page.locator("article.stage.running[aria-label=Review]")).to_be_visible()
    expect(page.locator("#board")).to_contain_text("In review")
    look(page, "run-at-gate-en")
    return page.url.removeprefix(period.system.address)


def answer_page(period: Period, mail: Mail, *, phone: bool = True) -> Page:
    """The customer's page behind the link of a mail, in a browser that knows nobody."""
    page = new_page(period, phone=phone)
    page.goto(mail.link("/s"))
    page.wait_for_url("**/s/**")
    return page


def agree(page: Page, *, name: str, button: str, label: str) -> None:
    """Confirms the whole balance."""
    page.locator("input[name=kind][value=agree]").check()
    page.get_by_label(label, exact=True).fill(name)
    page.get_by_role("button", name=button).click()
    expect(page.locator("#recorded")).to_contain_text(name)


def dispute(page: Page, number: str, *, amount: str, text: str, name: str) -> None:
    """Says that a part of one line was paid already, and agrees with the rest."""
    page.locator("ul.lines > li", has_text=number).locator("a[href*='dispute=']").click()
    form = page.locator("#answer")
    form.locator("select[name^=reason_]").select_option("already_paid")
    form.locator("input[name^=amount_]").fill(amount)
    form.locator("textarea[name^=text_]").fill(text)
    form.locator("input[name=kind][value=agree_except]").check()
    form.locator("input[name=name]").fill(name)
    form.locator("button").click()
    expect(page.locator("#recorded")).to_contain_text(amount)
