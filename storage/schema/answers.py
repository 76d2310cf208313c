"""The customer's side: answers, disputes, and what was chased."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
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
    instant("due_at", required=False),  # the service standard, in working time
    Column("round", SmallInteger, nullable=False, server_default="1"),  # 2 is the first reopening
    Column("reopens_id", Uuid, nullable=True),
    json_document("proposal"),  # resolution, amount, words: what we offer the customer
    Column("credited", BigInteger, nullable=False, server_default="0"),  # of the amount, minor units
    text_column("note", default=""),  # how it ended, for the customer and the auditor
    instant("escalated_at", required=False),
    recorded("opened_at"),
    instant("closed_at", required=False),
    reference("statement", "statement_id"),
    reference("answer", "answer_id"),
    reference("open_item", "item_id"),
    Index("ix_dispute_item", "company_id", "item_id", "status"),
    Index("ix_dispute_statement", "company_id", "statement_id"),
)

dispute_message = owned_table(
    "dispute_message",
    Column("dispute_id", Uuid, nullable=False),
    text_column("author_kind"),  # customer, user, system
    Column("author_id", Uuid, nullable=True),
    text_column("author"),  # the name at the time
    text_column("body"),
    Column("public", Boolean, nullable=False),  # the customer reads it
    text_column("idempotency_key"),
    recorded("at"),
    reference("dispute", "dispute_id"),
    UniqueConstraint("company_id", "idempotency_key"),
    Index("ix_dispute_message_dispute", "company_id", "dispute_id", "at"),
)

promise = owned_table(
    "promise",
    Column("statement_id", Uuid, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    text_column("status", default="open"),  # open, kept, broken, replaced
    Column("received", BigInteger, nullable=False, server_default="0"),  # of the amount, when it was judged
    recorded("given_at"),
    instant("closed_at", required=False),
    reference("statement", "statement_id"),
    reference("answer", "answer_id"),
    reference("customer", "customer_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    Index("ix_promise_customer", "company_id", "customer_id", "status"),
    Index("ix_promise_statement", "company_id", "statement_id"),
)

payment_hint = owned_table(
    "payment_hint",
    Column("statement_id", Uuid, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("paid_on", Date, nullable=False),
    text_column("reference", default=""),
    text_column("status", default="open"),  # open, found, not_found, replaced
    recorded("told_at"),
    instant("closed_at", required=False),
    reference("statement", "statement_id"),
    reference("answer", "answer_id"),
    reference("customer", "customer_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    Index("ix_payment_hint_customer", "company_id", "customer_id", "status"),
    Index("ix_payment_hint_statement", "company_id", "statement_id"),
)

attachment = owned_table(
    "attachment",
    text_column("subject_kind"),  # answer, dispute
    Column("subject_id", Uuid, nullable=False),
    text_column("filename"),
    text_column("media_type"),
    Column("size", Integer, nullable=False),
    text_column("sha256"),  # of the plain bytes
    text_column("key_id"),
    Column("sealed", LargeBinary, nullable=False),  # nonce and AES-256-GCM, bound to this row
    text_column("author_kind"),
    recorded(),
    Index("ix_attachment_subject", "company_id", "subject_kind", "subject_id"),
)

feedback = owned_table(
    "feedback",
    Column("statement_id", Uuid, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("contact_id", Uuid, nullable=True),
    Column("score", SmallInteger, nullable=False),  # 1 bad, 2 middling, 3 good
    text_column("body", default=""),
    recorded("at"),
    reference("statement", "statement_id"),
    reference("answer", "answer_id"),
    CheckConstraint("score between 1 and 3", name="known_score"),
    Index("ix_feedback_statement", "company_id", "statement_id"),
)

adjustment = owned_table(
    "adjustment",
    text_column("kind"),  # credit_memo, write_off
    Column("customer_id", Uuid, nullable=False),
    Column("item_id", Uuid, nullable=False),  # the debit that it lowers
    Column("dispute_id", Uuid, nullable=True),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("effective_on", Date, nullable=False),
    text_column("reason"),
    text_column("status", default="asked"),  # asked, posted, refused
    Column("asked_by", Uuid, nullable=True),
    Column("credit_item_id", Uuid, nullable=True),
    text_column("number", default=""),  # of the credit, once posted
    recorded(),
    instant("closed_at", required=False),
    reference("customer", "customer_id"),
    reference("open_item", "item_id"),
    CheckConstraint("kind in ('credit_memo','write_off')", name="known_kind"),
    CheckConstraint("amount > 0", name="amount_positive"),
    Index("ix_adjustment_item", "company_id", "item_id", "status"),
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
