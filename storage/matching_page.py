"""What the page of cash application shows: receipts with their candidates, parked ones, what was applied."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from storage.database import Session
from storage.receipts_matching import PAGE

MOST_CANDIDATES = 8
"""Documents beside a receipt; with more, the customer's page is the better place to look."""

MOST_APPLIED = 30
"""Applications shown as done; all of them stand in the ledger."""

_RECEIPT = (
    "select o.id, o.number, o.customer_id, c.name as customer_name, c.code as customer_code, o.currency, "
    "o.document_date, o.description, coalesce(o.attributes ->> 'settles', '') as settles, "
    "coalesce(b.payer, '') as payer, -o.amount as amount, -o.amount - coalesce((select sum(a.amount) from allocation a "
    "where a.company_id = o.company_id and a.credit_item_id = o.id), 0) as left from open_item o "
    "join customer c on c.company_id = o.company_id and c.id = o.customer_id "
    "left join bank_line b on b.company_id = o.company_id and b.item_id = o.id "
)

_WITH_PROPOSALS = (
    "join (select distinct receipt_id from proposal where company_id = :company and state = 'waiting') w "
    "on w.receipt_id = o.id where o.company_id = :company order by o.document_date, o.id limit :limit"
)


async def waiting_receipts(session: Session, company_id: UUID) -> list[dict[str, Any]]:
    """Receipts with proposals, oldest first, each with its candidates."""
    rows = await session.execute(
        text(_RECEIPT + _WITH_PROPOSALS),
        {"company": company_id, "limit": PAGE},
    )
    return await _with_candidates(session, company_id, [dict(row._mapping) for row in rows])  # noqa: SLF001 - public


async def _with_candidates(session: Session, company_id: UUID, receipts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    candidates = await session.execute(
        text(
            "select p.id, p.receipt_id, p.amount, p.reason_en, p.reason_zh, p.row_version, d.id as document_id, "
            "d.number, d.document_date, d.due_date, d.currency, d.customer_id, c.name as customer_name, "
            "d.amount - coalesce((select sum(a.amount) from allocation a where a.company_id = d.company_id "
            "and a.debit_item_id = d.id), 0) as open from proposal p "
            "join open_item d on d.company_id = p.company_id and d.id = p.document_id "
            "join customer c on c.company_id = d.company_id and c.id = d.customer_id "
            "where p.company_id = :company and p.state = 'waiting' and p.receipt_id = any(:receipts) "
            "order by d.document_date, d.id"
        ),
        {"company": company_id, "receipts": [one["id"] for one in receipts]},
    )
    proposed: dict[UUID, list[dict[str, Any]]] = {}
    for row in candidates:
        proposed.setdefault(row.receipt_id, []).append(dict(row._mapping))  # noqa: SLF001 - public
    for one in receipts:
        one["proposals"] = proposed.get(one["id"], [])
    return receipts


async def receipt_with_documents(session: Session, company_id: UUID, receipt_id: UUID) -> dict[str, Any] | None:
    """One receipt and the documents of its customer that it could be split over."""
    found = await session.execute(
        text(_RECEIPT + "where o.company_id = :company and o.id = :receipt and o.kind = 'receipt'"),
        {"company": company_id, "receipt": receipt_id},
    )
    row = found.first()
    if row is None:
        return None
    receipts = await _with_candidates(session, company_id, [dict(row._mapping)])  # noqa: SLF001 - public
    documents = await session.execute(
        text(
            "select * from (select d.id, d.number, d.document_date, d.due_date, d.currency, d.customer_id, "
            "c.name as customer_name, d.amount - coalesce((select sum(a.amount) from allocation a "
            "where a.company_id = d.company_id and a.debit_item_id = d.id), 0) as open from open_item d "
            "join customer c on c.company_id = d.company_id and c.id = d.customer_id "
            "join customer own on own.company_id = d.company_id and own.id = :customer "
            "where d.company_id = :company and d.amount > 0 and d.currency = :currency and d.reverses_id is null "
            "and (d.customer_id = own.id or c.parent_id in (own.id, own.parent_id) or d.customer_id = own.parent_id)"
            ") found where open > 0 order by document_date, id limit :limit"
        ),
        {"company": company_id, "customer": row.customer_id, "currency": row.currency, "limit": MOST_CANDIDATES * 5},
    )
    return {**receipts[0], "documents": [dict(one._mapping) for one in documents]}  # noqa: SLF001 - public


async def matching_counts(session: Session, company_id: UUID) -> dict[str, int]:
    """How many receipts wait with a proposal, without one, and parked."""
    row = (
        await session.execute(
            text(
                "select (select count(distinct receipt_id) from proposal where company_id = :company "
                "and state = 'waiting') as waiting, (select count(*) from parked_receipt "
                "where company_id = :company) as parked, (select count(*) from proposal where company_id = :company "
                "and state = 'applied' and decided_by is null) as by_itself, (select count(*) from proposal "
                "where company_id = :company and state = 'applied' and decided_by is not null) as by_people"
            ),
            {"company": company_id},
        )
    ).one()
    return dict(row._mapping)  # noqa: SLF001 - public


async def applied_lately(session: Session, company_id: UUID) -> list[dict[str, Any]]:
    """The newest applications, to be looked at and undone."""
    rows = await session.execute(
        text(
            "select p.id, p.amount, p.reason_en, p.reason_zh, p.row_version, p.decided_at, p.decided_by, "
            "r.number as receipt, d.number as document, d.currency, c.name as customer_name from proposal p "
            "join open_item r on r.company_id = p.company_id and r.id = p.receipt_id "
            "join open_item d on d.company_id = p.company_id and d.id = p.document_id "
            "join customer c on c.company_id = d.company_id and c.id = d.customer_id "
            "where p.company_id = :company and p.state = 'applied' order by p.decided_at desc, p.id limit :limit"
        ),
        {"company": company_id, "limit": MOST_APPLIED},
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - public


async def parked_receipts(session: Session, company_id: UUID) -> list[dict[str, Any]]:
    """Receipts that somebody set aside."""
    rows = await session.execute(
        text(
            _RECEIPT.replace("select o.id,", "select k.reason, o.id,")
            + "join parked_receipt k on k.company_id = o.company_id and k.receipt_id = o.id "
            "where o.company_id = :company order by k.recorded_at limit 100"
        ),
        {"company": company_id},
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - public
