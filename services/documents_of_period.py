"""All documents of a statement's period, where the statement lists only what is open: the other ledger has them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ledger.business_calendar import parse_period
from services.gather_subjects import Frame, gather_subjects
from services.report_balance import policy_in_force
from statements.content import Form, build_content
from storage.companies import own_company
from storage.database import Session


async def documents_of_period(
    session: Session, company_id: UUID, customer_id: UUID, content: dict[str, Any]
) -> dict[str, Any] | None:
    """The same account, day and knowledge as a detailed statement: what was open before, then every movement.

    None where it would not close with what the statement closes with, and for forms that list movements already.
    """
    if content["form"] != Form.OPEN_ITEM.value or not content.get("as_known"):
        return None
    company = await own_company(session, company_id)
    frame = Frame(
        company, parse_period(content["period"]["label"]), Form.DETAILED, date.fromisoformat(content["as_of"]),
        datetime.fromisoformat(content["as_known"]), await policy_in_force(session, company, None),
    )  # fmt: skip
    batch = await gather_subjects(session, frame, [customer_id])
    for subject in batch.subjects.get(customer_id, ()):
        if subject.currency == content["currency"]:
            detailed = build_content(subject, int(content["version"]))
            return detailed if _closes(detailed) == Decimal(content["closing"]) else None
    return None


def _closes(detailed: dict[str, Any]) -> Decimal:
    figures = {"prior": "open", "movement": "amount"}
    return sum(
        (Decimal(line[figures[line["section"]]]) for line in detailed["lines"] if line["section"] in figures),
        Decimal(0),
    )
