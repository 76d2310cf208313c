"""The delivery ledger of a statement or a customer as a file, in the reader's language and on the company's clock."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from notifications.labels import CARRIERS, MESSAGES, STATES
from reports.plain_table import Cell, csv_table, xlsx_table
from storage.companies import Company
from storage.database import Database, transaction
from storage.delivery_ledger import ledger_rows
from words.catalog import translate

COLUMNS = (
    "Message", "Statement", "Customer", "Recipient", "Channel", "State", "Queued", "Accepted", "The server's words",
    "Opened by the customer", "Answered", "Answered by mail", "Came back", "Tries", "Message-ID", "Wording", "Variant",
)  # fmt: skip


async def export_deliveries(
    engine: Database, company: Company, kind: str, language: str, *, statement_id: UUID | None = None,
    customer_id: UUID | None = None,
) -> bytes:  # fmt: skip
    """`kind`: csv or xlsx."""
    async with transaction(engine, company.id) as session:
        rows = await ledger_rows(session, company.id, statement_id=statement_id, customer_id=customer_id)
    header = [translate(name, language) for name in COLUMNS]
    zone = ZoneInfo(company.timezone)
    cells = [_cells(row, language, zone) for row in rows]
    if kind == "csv":
        return csv_table(header, cells)
    return xlsx_table(translate("Delivery ledger", language), header, cells)


def told_in(row: dict[str, Any], language: str) -> str:
    """Whose words a message was told in."""
    if row["wording_version"] is None or row["wording_problem"]:
        return translate("the house's own", language)
    return translate("Version {number}", language, number=row["wording_version"])


def _cells(row: dict[str, Any], language: str, zone: ZoneInfo) -> list[Cell]:
    def local(moment: datetime | None) -> datetime | None:
        return moment.astimezone(zone) if moment is not None else None

    return [
        translate(MESSAGES.get(row["kind"], row["kind"]), language), row["statement_number"], row["customer_name"],
        row["recipient"], translate(CARRIERS.get(row["channel"], row["channel"]), language),
        translate(STATES[row["state"]], language), local(row["created_at"]),
        local(row["accepted_at"]), row["answer"], local(row["opened_at"]), local(row["answered_at"]),
        local(row["replied_at"]), row["bounced_words"], row["tries"], row["message_id"],
        told_in(row, language), row["variant"] if row["variant"] and not row["wording_problem"] else "",
    ]  # fmt: skip
