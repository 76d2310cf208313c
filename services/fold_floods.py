"""Makes one message of many: before the relay claims, whoever has more of a kind waiting than they want gets a digest.

The digest reads its messages' requests again when it is frozen, so what was decided meanwhile is not in it.
"""

from uuid import UUID

from notifications.labels import GATHERED
from services.message_reasons import APPROVAL_KINDS
from storage.database import Session
from storage.floods import Flood, find_floods, fold, take_flood
from storage.outbox import Message, enqueue, find_row

DIGEST_ABOVE = 5
"""Messages of one kind that are still read one by one, unless the person chose another number."""

PLACES = {
    "answer_received": "/statements?status=confirmed", "dispute_opened": "/disputes", "mail_bounced": "/outbox",
    "reply_received": "/replies", "promise_broken": "/chasing",
}  # fmt: skip
"""Where the many are seen together; for approvals the inbox, where they are decided together."""


async def fold_floods(session: Session, company_id: UUID) -> int:
    """How many digests were queued."""
    queued = 0
    for flood in await find_floods(session, company_id, sorted(GATHERED), DIGEST_ABOVE):
        queued += await _fold(session, company_id, flood)
    return queued


async def _fold(session: Session, company_id: UUID, flood: Flood) -> bool:
    rows = await take_flood(session, company_id, flood)
    first = await find_row(session, company_id, rows[0]) if len(rows) > 1 else None
    if first is None:
        return False
    message = Message(
        kind="digest", channel=flood.channel, recipient=first.recipient, dedup_key=f"digest/{first.id}/{flood.channel}",
        subject_kind="inbox", subject_id=str(flood.person_id), person_id=flood.person_id, lane=first.lane,
        payload={
            "gathered": flood.kind, "rows": [str(one) for one in rows],
            "url_path": "/inbox" if flood.kind in APPROVAL_KINDS else PLACES.get(flood.kind, "/inbox"),
        },
    )  # fmt: skip
    digest = await enqueue(session, company_id, message)
    if digest is None:
        return False
    await fold(session, company_id, rows, digest)
    return True
