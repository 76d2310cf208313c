"""Documents drawn from contents that the statements room built, not from samples."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger.aging import DEFAULT_POLICY, AgingPolicy, Basis, Credits
from ledger.balances import account_view
from ledger.business_calendar import Period
from reports.statement_pdf import render_pdf
from reports.statement_workbook import render_workbook
from statements.content import Account, Form, Party, Subject, build_content
from tests.reports.readers import pdf_text, workbook_cells
from tests.support.history import read
from words.figures import amount_text

JANUARY = Period("2026-01", date(2026, 1, 1), date(2026, 1, 31))
NETTED = AgingPolicy("netted", 1, Basis.DUE_DATE, Credits.NETTED, (0, 30, 60))

STORY = """
    2025-11-01 invoice OLD 500.00 CNY due 2025-12-01
    2025-12-20 invoice DEC 300.00 CNY
    2026-01-05 invoice JAN 1000.00 CNY due 2026-02-04 disputed 250.00
    2026-01-10 receipt RC-1 400.00 CNY for OLD
    2026-01-12 credit_memo CM-1 30.00 CNY
    2026-01-15 receipt RC-2 20.00 CNY
    2026-01-22 invoice INV-2 80.00 CNY at SHOP
    2026-01-25 receipt RC-3 80.00 CNY at HQ for INV-2
"""


def content_of(form: Form, accounts: tuple[str, ...], policy: AgingPolicy) -> dict[str, Any]:
    history = read(STORY)
    made = tuple(
        Account(
            Party(name, f"公司 {name}"),
            account_view(history.of(name), history.allocations, JANUARY.start, JANUARY.end),
        )
        for name in accounts
    )
    subject = Subject(
        company=Party("ACME", "Acme Trading"),
        customer=Party("HQ", "总部", "zh", "CN"),
        currency="CNY",
        form=form,
        period=JANUARY,
        as_of=JANUARY.end,
        as_known="2026-02-01T00:00:00+00:00",
        policy=policy,
        accounts=made,
    )
    return build_content(subject, 1)


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("accounts", [("HQ",), ("HQ", "SHOP")])
@pytest.mark.parametrize("policy", [DEFAULT_POLICY, NETTED])
def test_every_form_of_single_and_group_statements(form: Form, accounts: tuple[str, ...], policy: AgingPolicy) -> None:
    """Each number and amount is on the page; each check of the workbook ties."""
    content = content_of(form, accounts, policy)
    page = pdf_text(render_pdf(content, "zh", "https://accounts.example/s/x"))
    lines = [*content["lines"], *content["unapplied"]["lines"]]
    assert all(line["number"] in page for line in lines)
    wanted = {line["amount"] for line in lines} | {line["balance"] for line in lines} - {None}
    wanted |= {section[key] for section in content["sections"] for key in ("opening", "closing")}
    assert {amount for amount in wanted if amount_text(amount, "zh") not in page} == set()
    checks = workbook_cells(render_workbook(content, "zh"))["核对"][1:]
    assert [check[3:] for check in checks] == [[0, "相符"]] * len(checks)
    assert all(Decimal(str(check[1])) == Decimal(content["closing"]) for check in checks[:2])
