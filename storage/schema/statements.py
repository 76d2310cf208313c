"""Statement runs, statements with their versions, aging policies, findings."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, CHAR

from storage.schema.base import instant, json_document, owned_table, recorded, reference, text_column

aging_policy = owned_table(
    "aging_policy",
    text_column("name"),
    Column("version", Integer, nullable=False),
    json_document("body"),
    text_column("sha256"),
    Column("published_by", Uuid, nullable=True),
    recorded(),
    UniqueConstraint("company_id", "name", "version"),
)

statement_run = owned_table(
    "statement_run",
    text_column("period"),
    text_column("segment", default="all"),
    text_column("form"),
    Column("as_of", Date, nullable=False),
    instant("as_known"),
    text_column("stage"),  # collect, reconcile, draft, review, send, follow_up, closed
    json_document("figures"),
    Column("started_by", Uuid, nullable=True),
    text_column("prefect_run_id", required=False),
    instant("heartbeat_at", required=False),
    recorded("started_at"),
    instant("finished_at", required=False),
    UniqueConstraint("company_id", "period", "segment", "form"),
)

run_batch = owned_table(
    "run_batch",
    Column("run_id", Uuid, nullable=False),
    text_column("stage"),
    Column("number", Integer, nullable=False),
    Column("customer_ids", ARRAY(Uuid), nullable=False),
    text_column("state", default="pending"),  # pending, running, done, failed
    text_column("error", required=False),
    Column("claim_token", Uuid, nullable=True),  # its holder keeps an advisory lock while alive
    instant("claimed_at", required=False),
    instant("heartbeat_at", required=False),
    instant("finished_at", required=False),
    json_document("figures"),
    reference("statement_run", "run_id"),
    UniqueConstraint("company_id", "run_id", "stage", "number"),
)

statement = owned_table(
    "statement",
    text_column("number"),  # 2026-06/C00123/CNY/v2
    Column("run_id", Uuid, nullable=True),
    Column("customer_id", Uuid, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    text_column("period"),
    text_column("form"),
    Column("version", Integer, nullable=False),
    text_column("status"),  # written only through statements.lifecycle
    Column("row_version", Integer, nullable=False, server_default="1"),
    Column("content", Text, nullable=False),  # canonical JSON, never changes
    text_column("digest"),  # SHA-256 of content, hex
    text_column("figures_digest", default=""),  # the same without number, version and as-known: did the account change?
    Column("opening", BigInteger, nullable=False),
    Column("debits", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("closing", BigInteger, nullable=False),
    Column("overdue", BigInteger, nullable=False),
    Column("ties", Boolean, nullable=False),
    Column("supersedes_id", Uuid, nullable=True),
    json_document("difference", required=False),
    Column("prepared_by", Uuid, nullable=True),
    text_column("reason", required=False),  # why returned, rejected or void
    instant("sent_at", required=False),
    instant("answered_at", required=False),
    recorded("created_at"),
    reference("customer", "customer_id"),
    reference("statement_run", "run_id"),
    UniqueConstraint("company_id", "customer_id", "currency", "period", "version"),
    UniqueConstraint("company_id", "number"),
    Index("ix_statement_run", "company_id", "run_id", "status"),
)

finding = owned_table(
    "finding",
    text_column("check_name"),
    text_column("subject_kind"),
    text_column("subject_id"),
    text_column("severity"),  # notice, warning, breach
    text_column("code"),
    json_document("facts"),  # figures the sentence is written from, and the evidence
    text_column("status", default="open"),  # open, fixed, waived
    Column("owner_id", Uuid, nullable=True),
    Column("due_on", Date, nullable=True),
    Column("run_id", Uuid, nullable=True),
    text_column("dedup_key"),
    recorded(),
    instant("closed_at", required=False),
    UniqueConstraint("company_id", "dedup_key"),
    Index("ix_finding_open", "company_id", "status", "check_name"),
)
