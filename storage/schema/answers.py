"""The customer's side: answers, disputes, and what was chased."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    SmallInteger,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import CHAR

from storage.schema.base import instant, json_document, owned_table, recorded, reference, text_column

answer = owned_table(
    "answer",
    Column("statement_id", Uuid, nullable=False),
    Column("contact_id", Uuid, nullable=True),
    text_column("kind"),  # agree, dispute, already_paid, promise …
    text_column("digest"),  # of the version that was seen
    text_column("name"),
    text_column("position", default=""),
    json_document("facts"),
    text_column("channel"),
    text_column("address_prefix", default=""),
    text_column("idempotency_key"),
    recorded("at"),
    reference("statement", "statement_id"),
    UniqueConstraint("company_id", "idempotency_key"),
    Index("ix_answer_statement", "company_id", "statement_id", "at"),
)

dispute = owned_table(
    "dispute",
    Column("statement_id", Uuid, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("item_id", Uuid, nullable=False),
    text_column("reason"),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),  # disputed part, minor units
    text_column("explanation", default=""),
    text_column("status", default="open"),  # open, investigating, proposed, resolved
    text_column("resolution", required=False),  # accepted, credited, corrected, withdrawn
    Column("owner_id", Uuid, nullable=True),
    Column("due_on", Date, nullable=True),
    recorded("opened_at"),
    instant("closed_at", required=False),
    reference("statement", "statement_id"),
    reference("answer", "answer_id"),
    reference("open_item", "item_id"),
    Index("ix_dispute_item", "company_id", "item_id", "status"),
)

chase = owned_table(
    "chase",
    Column("customer_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("level", SmallInteger, nullable=False),
    json_document("facts"),
    recorded(),
    reference("customer", "customer_id"),
    UniqueConstraint("company_id", "customer_id", "day"),
)
