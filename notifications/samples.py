"""Made-up contexts, one or more per kind: what the gallery shows and the golden files are rendered from."""

from datetime import date

from notifications.contexts import (
    AnswerReceived,
    ApprovalAsked,
    ApprovalDecided,
    ApprovalReminded,
    Bucket,
    Check,
    ComplianceDigest,
    DisputeOpened,
    Figure,
    FindingLine,
    Letter,
    OverdueItem,
    Reminder,
    RunFinished,
    RunNeedsYou,
    StatementToCustomer,
    UnansweredStatement,
)

_COMPANY = {"en": "Harbour Instruments Ltd.", "zh": "海港仪器有限公司"}
_CUSTOMER = {"en": "Northwind Traders", "zh": "北风商贸（苏州）有限公司"}
_STAFF = {"en": "Alice Reviewer", "zh": "李晓雯"}
_CONTACT = {"en": "Dana Whitfield", "zh": "王建国"}
_URL = "https://statements.example"
_AGING = (
    Bucket("not_due", None, 0, "61200.00"),
    Bucket("1-30", 1, 30, "18350.40"),
    Bucket("31-60", 31, 60, "0.00"),
    Bucket("61-90", 61, 90, "4800.00"),
    Bucket("91-180", 91, 180, "0.00"),
    Bucket("180+", 181, None, "0.00"),
    Bucket("credits", None, None, "-1200.00"),
)
_ITEMS = (
    OverdueItem("INV-20931", date(2026, 5, 31), 33, "18350.40", "CNY"),
    OverdueItem("INV-20817", date(2026, 4, 12), 82, "4800.00", "CNY"),
)
_FIGURES = (
    Figure("Statements", "128"),
    Figure("Total", "CNY 4,318,220.15"),
    Figure("Overdue", "CNY 612,004.00"),
)
_LAST_LEVEL = 3
_ACTION: dict[str, str | int] = {"request_id": "0198a1", "round": 1, "stage": 0, "digest": "9f2c"}


def samples(language: str) -> dict[str, Letter]:
    """A context per kind, and two more levels of the reminder, by name ("reminder", "reminder.2" …)."""
    return {**_for_staff(language), **_for_customer(language)}


def _for_staff(language: str) -> dict[str, Letter]:
    company, name = _COMPANY[language], _STAFF[language]
    customer, number = _CUSTOMER[language], "2026-06/C00123/CNY/v1"
    figures = (Figure("Closing", "CNY 83,150.40"), Figure("Overdue", "CNY 23,150.40"), Figure("Items", "14"))
    checks = (
        Check("opening_plus_movements_is_closing", holds=True),
        Check("closing_is_open_items", holds=True),
        Check("subledger_is_control_account", holds=False, difference="12.00"),
    )
    decided = {
        "en": "Charlie decided on a statement that he had prepared.", "zh": "张强审批了自己编制的对账单。"
    }[language]  # fmt: skip
    title, ask = f"{number} {customer}", f"{_URL}/a#sample"
    return {
        "approval_asked": ApprovalAsked(
            company, name, ask, request_id="0198a1", title=title, figures=figures, checks=checks, action=_ACTION
        ),
        "approval_reminded": ApprovalReminded(
            company, name, ask, request_id="0198a1", title=title, figures=figures, action=_ACTION
        ),
        "approval_decided": ApprovalDecided(
            company, name, f"{_URL}/statements/1", title=title, outcome="approved", decided_by=_STAFF[language]
        ),
        "run_needs_you": RunNeedsYou(
            company, name, f"{_URL}/runs/1", period="2026-06", waiting="7", figures=_FIGURES
        ),
        "run_finished": RunFinished(company, name, f"{_URL}/runs/1", period="2026-06", figures=_FIGURES),
        "answer_received": AnswerReceived(
            company, name, f"{_URL}/statements/1", number=number, customer=customer, answer="agree",
            answered_by=_CONTACT[language], closing="83150.40", currency="CNY",
        ),
        "dispute_opened": DisputeOpened(
            company, name, f"{_URL}/disputes", number=number, customer=customer, document="INV-20817",
            amount="1200.00", currency="CNY", reason="quantity",
            explanation={"en": "Two of ten cartons did not arrive.", "zh": "十箱中有两箱未收到。"}[language],
        ),
        "compliance_digest": ComplianceDigest(
            company, name, f"{_URL}/compliance", more=4,
            findings=(
                FindingLine("unanswered", "warning", number, date(2026, 7, 20)),
                FindingLine("duties_separated", "breach", "act 17", date(2026, 7, 8), decided),
            ),
        ),
    }  # fmt: skip


def _for_customer(language: str) -> dict[str, Letter]:
    company, customer, contact = _COMPANY[language], _CUSTOMER[language], _CONTACT[language]
    link, number = f"{_URL}/s#sample", "2026-06/C00123/CNY/v1"
    stem = {"en": "Statement 2026-06 C00123 CNY", "zh": "对账单 2026-06 C00123 CNY"}[language]
    waiting = (UnansweredStatement(number, "83150.40", "CNY", date(2026, 7, 2), link),)
    made: dict[str, Letter] = {
        "statement_to_customer": StatementToCustomer(
            company, contact, link, number=number, start=date(2026, 6, 1), end=date(2026, 6, 30),
            as_of=date(2026, 6, 30), currency="CNY", opening="70200.00", debits="31350.40", credits="-18400.00",
            closing="83150.40", overdue="23150.40", aging=_AGING, customer=customer,
            attachments=(f"{stem}.pdf", f"{stem}.xlsx"),
        ),
    }  # fmt: skip
    for level in (1, 2, 3):
        made["reminder" if level == 1 else f"reminder.{level}"] = Reminder(
            company, contact, link, level=level, customer=customer, statements=waiting if level != _LAST_LEVEL else (),
            items=_ITEMS, totals=(Figure("CNY", "23150.40"),),
        )  # fmt: skip
    return made
