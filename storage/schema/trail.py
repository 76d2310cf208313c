"""The audit trail, idempotency keys, due jobs, backups, and the /dev catcher."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from storage.schema.base import instant, json_document, metadata, owned_table, recorded, text_column

audit_event = Table(
    "audit_event",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1… without gaps within the company
    Column("actor_id", Uuid, nullable=True),
    text_column("actor_kind"),  # user, customer, system
    text_column("verb"),
    text_column("subject_kind"),
    text_column("subject_id"),
    Column("facts", Text, nullable=False),  # canonical JSON
    instant("at"),
    text_column("previous_hash"),
    text_column("hash"),
    ForeignKeyConstraint(["company_id"], ["company.id"]),
    Index("ix_audit_event_subject", "company_id", "subject_kind", "subject_id"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("number", BigInteger, nullable=False),
    text_column("hash"),
    ForeignKeyConstraint(["company_id"], ["company.id"]),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    text_column("input_sha256"),
    Column("status", Integer, nullable=False),
    json_document("response"),
    recorded("at"),
)

job = owned_table(
    "job",
    text_column("name"),
    text_column("period"),  # the occasion: "2026-06-30" for a daily job
    text_column("state", default="due"),  # due, running, done, failed
    Column("tries", Integer, nullable=False, server_default="0"),
    json_document("figures"),
    text_column("error", required=False),
    Column("claim_token", Uuid, nullable=True),  # its holder keeps an advisory lock while alive
    instant("claimed_at", required=False),
    instant("heartbeat_at", required=False),
    instant("finished_at", required=False),
    recorded("due_at"),
    UniqueConstraint("company_id", "name", "period"),
)

backup = owned_table(
    "backup",
    text_column("path"),
    text_column("sha256"),
    Column("bytes", BigInteger, nullable=False),
    instant("verified_at", required=False),
    recorded("at"),
)

caught_message = Table(
    "caught_message",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    text_column("channel"),  # email, slack
    text_column("message_id", default=""),
    text_column("recipient"),
    text_column("sender", default=""),
    text_column("title", default=""),
    Column("content", LargeBinary, nullable=False),
    Column("external_id", String(80), nullable=True),
    recorded("at"),
    Index("ix_caught_message_message_id", "message_id"),
)
