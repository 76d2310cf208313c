"""Made-up contexts, one or more per kind: what the gallery shows and the golden files are rendered from."""

from datetime import date

from notifications.contexts import (
    AnswerReceived,
    ApprovalAsked,
    ApprovalDecided,
    ApprovalEscalated,
    ApprovalReminded,
    ApprovalReturned,
    Bucket,
    Check,
    ComplianceDigest,
    ConfirmationRequest,
    ConfirmationSecondRequest,
    Digest,
    DisputeAnswered,
    DisputeOpened,
    DisputeResolved,
    Figure,
    FindingLine,
    Letter,
    MailBounced,
    OverdueItem,
    PortalCode,
    PromiseBroken,
    PromiseDue,
    Reminder,
    ReplyReceived,
    RunDecided,
    RunFinished,
    RunNeedsYou,
    StatementToCustomer,
    UnansweredStatement,
    WeeklyDigest,
    WorkbookRead,
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
    return {**_for_staff(language), **_for_preparer(language), **_about_customers(language), **_for_customer(language)}


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


def _for_preparer(language: str) -> dict[str, Letter]:
    company, name, number = _COMPANY[language], _STAFF[language], "2026-06/C00123/CNY/v1"
    title = f"{number} {_CUSTOMER[language]}"
    return {
        "approval_escalated": ApprovalEscalated(
            company, name, f"{_URL}/a#sample", request_id="0198a1", title=title, action=_ACTION,
            figures=(Figure("Closing", "CNY 83,150.40"), Figure("Overdue", "CNY 23,150.40")),
        ),
        "approval_returned": ApprovalReturned(
            company, name, f"{_URL}/approvals/1", title=title, outcome="returned", decided_by=name,
            comment={"en": "The credit note of May is missing.", "zh": "缺少五月的红字发票。"}[language],
        ),
        "run_decided": RunDecided(
            company, name, f"{_URL}/runs/1", period="2026-06",
            figures=(Figure("Approved", "126"), Figure("Returned", "1"), Figure("Rejected", "1")),
            unapproved=(Figure("returned", number), Figure("rejected", "2026-06/C00077/USD/v1")),
        ),
        "digest": Digest(
            company, name, f"{_URL}/inbox", gathered="approval_asked", count=12,
            lines=(title, f"2026-06/C00124/USD/v1 {_CUSTOMER[language]}"),
        ),
    }  # fmt: skip


def _about_customers(language: str) -> dict[str, Letter]:
    company, name, customer, number = _COMPANY[language], _STAFF[language], _CUSTOMER[language], "2026-06/C00123/CNY/v1"
    return {
        "promise_broken": PromiseBroken(
            company, name, f"{_URL}/customers/1", number=number, amount="18350.40", currency="CNY",
            due_on=date(2026, 7, 15), customer=customer, promised_by=_CONTACT[language],
        ),
        "mail_bounced": MailBounced(
            company, name, f"{_URL}/customers/1", customer=customer, address="wang@customer.example", number=number,
            words="550 5.1.1 <wang@customer.example>: Recipient address rejected: User unknown",
        ),
        "reply_received": ReplyReceived(
            company, name, f"{_URL}/statements/1", customer=customer, number=number, answered_by=_CONTACT[language],
            words={
                "en": "We have paid INV-20817 on Monday.\nPlease check.",
                "zh": "INV-20817 已于周一付款。\n请查收。",
            }[language],
        ),
        "weekly_digest": WeeklyDigest(
            company, name, f"{_URL}/runs", start=date(2026, 7, 6), end=date(2026, 7, 12),
            figures=(
                Figure("Accepted by mail servers", "128"), Figure("Opened by customers", "97"),
                Figure("Answered", "81"), Figure("Came back", "2"), Figure("Open disputes", "5"),
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
            items=_ITEMS, totals=(Figure("CNY", "23150.40"),), unsubscribe=f"{_URL}/u/sample",
        )  # fmt: skip
    disputed = {"number": number, "document": "INV-20817", "amount": "1200.00", "currency": "CNY"}
    made["dispute_answered"] = DisputeAnswered(
        company, contact, link, **disputed,
        words={"en": "The carrier says ten cartons. May we see the slip?", "zh": "承运人称共十箱，能否提供签收单？"}[
            language
        ],
    )  # fmt: skip
    made["dispute_resolved"] = DisputeResolved(
        company, contact, link, **disputed, resolution="credited",
        words={"en": "Credit note CN-118 follows.", "zh": "红字发票 CN-118 随后寄出。"}[language],
    )  # fmt: skip
    made["promise_due"] = PromiseDue(
        company, contact, link, number=number, amount="18350.40", currency="CNY", due_on=date(2026, 7, 15)
    )
    printed = {"en": "Confirmation 2026-06-30 1 C00123.pdf", "zh": "询证函 2026-06-30 1 C00123.pdf"}[language]
    made["confirmation_request"] = ConfirmationRequest(
        company, contact, f"{_URL}/c#sample", number="2026-06-30/1/C00123", customer=customer,
        as_of=date(2026, 6, 30), reply_by=date(2026, 7, 22), balances=(Figure("CNY", "83150.40"),),
        attachments=(printed,),
    )  # fmt: skip
    made["confirmation_second_request"] = ConfirmationSecondRequest(
        company, contact, f"{_URL}/c#sample", number="2026-06-30/1/C00123", customer=customer,
        as_of=date(2026, 6, 30), reply_by=date(2026, 7, 22), form="blank",
        auditor={"en": "Vera Auditor", "zh": "周审计"}[language], attachments=(printed,),
    )  # fmt: skip
    made["workbook_read"] = WorkbookRead(
        company, contact, link, number=number, filename="2026-06 C00123.xlsx",
        problem={
            "en": "Row 14, Answer: perhaps is not one of Agree, Dispute.", "zh": "第 14 行，答复：也许 不在可选项中。",
        }[language],
        remedy={"en": "Choose from the list of the cell.", "zh": "请从单元格的下拉列表中选择。"}[language],
    )  # fmt: skip
    made["workbook_read.recorded"] = WorkbookRead(
        company, contact, link, number=number, filename="2026-06 C00123.xlsx", answer="agree_except"
    )
    printed = {"en": "Confirmation 2026-06-30 1 C00123.pdf", "zh": "询证函 2026-06-30 1 C00123.pdf"}[language]
    made["confirmation_request"] = ConfirmationRequest(
        company, contact, f"{_URL}/c#sample", number="2026-06-30/1/C00123", customer=customer,
        as_of=date(2026, 6, 30), reply_by=date(2026, 7, 22), balances=(Figure("CNY", "83150.40"),),
        attachments=(printed,),
    )  # fmt: skip
    made["confirmation_second_request"] = ConfirmationSecondRequest(
        company, contact, f"{_URL}/c#sample", number="2026-06-30/1/C00123", customer=customer,
        as_of=date(2026, 6, 30), reply_by=date(2026, 7, 22), form="blank",
        auditor={"en": "Vera Auditor", "zh": "周审计"}[language], attachments=(printed,),
    )  # fmt: skip
    made["portal_code"] = PortalCode(company, contact, code="40718265", minutes=15)
    return made
