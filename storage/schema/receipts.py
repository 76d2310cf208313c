"""Cash application: what is proposed for a receipt, what people decided about it, and the rules learned from that."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, UniqueConstraint, Uuid, text

from storage.schema.base import instant, owned_table, recorded, reference, text_column

proposal = owned_table(
    "proposal",
    Column("receipt_id", Uuid, nullable=False),
    Column("document_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    text_column("band"),
    text_column("reason_en"),
    text_column("reason_zh"),
    text_column("state", default="waiting"),  # waiting, applied, refused, lapsed, undone
    Column("allocation_id", Uuid, nullable=True),
    Column("decided_by", Uuid, nullable=True),
    instant("decided_at", required=False),
    Column("row_version", Integer, nullable=False, server_default="1"),
    recorded(),
    reference("open_item", "receipt_id"),
    reference("open_item", "document_id"),
    reference("allocation", "allocation_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("band in ('auto','review')", name="known_band"),
    CheckConstraint("state in ('waiting','applied','refused','lapsed','undone')", name="known_state"),
    CheckConstraint("(state in ('applied','undone')) = (allocation_id is not null)", name="applied_has_allocation"),
    Index("ix_proposal_receipt", "company_id", "receipt_id"),
    Index(
        "uq_proposal_waiting", "company_id", "receipt_id", "document_id",
        unique=True, postgresql_where=text("state = 'waiting'"),
    ),
)  # fmt: skip

parked_receipt = owned_table(
    "parked_receipt",
    Column("receipt_id", Uuid, nullable=False),
    text_column("reason", default=""),
    Column("parked_by", Uuid, nullable=True),
    recorded(),
    reference("open_item", "receipt_id"),
    UniqueConstraint("company_id", "receipt_id"),
)

match_rule = owned_table(
    "match_rule",
    text_column("kind"),  # pays_for: a payer's writing pays this customer's documents; oldest_first: as agreed
    text_column("writing", default=""),  # as it is compared; empty for oldest_first
    Column("customer_id", Uuid, nullable=False),
    Column("learned_by", Uuid, nullable=True),
    recorded(),
    reference("customer", "customer_id"),
    CheckConstraint("kind in ('pays_for','oldest_first')", name="known_kind"),
    CheckConstraint("(kind = 'pays_for') = (writing <> '')", name="writing_when_paying"),
    UniqueConstraint("company_id", "kind", "writing", "customer_id"),
)
