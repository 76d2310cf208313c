"""Two-sided reconciliations of a statement, and which side accepted which bridge."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, UniqueConstraint, Uuid

from storage.schema.base import json_document, owned_table, recorded, reference, text_column

reconciliation = owned_table(
    "reconciliation",
    Column("statement_id", Uuid, nullable=False),
    text_column("digest"),  # of the statement's version that was compared
    text_column("author_kind"),  # customer, user
    Column("author_id", Uuid, nullable=False),
    text_column("filename"),
    text_column("file_sha256"),  # of the plain bytes
    Column("size", Integer, nullable=False),
    text_column("key_id"),
    Column("sealed", LargeBinary, nullable=False),  # the file, bound to this row
    json_document("wish"),  # what a person said of its columns
    json_document("reports"),  # language to what was found
    text_column("bridge_sha256"),  # of everything that is accepted
    recorded(),
    reference("statement", "statement_id"),
    Index("ix_reconciliation_statement", "company_id", "statement_id", "recorded_at"),
)

bridge_acceptance = owned_table(
    "bridge_acceptance",
    Column("reconciliation_id", Uuid, nullable=False),
    text_column("side"),
    Column("author_id", Uuid, nullable=False),
    text_column("name"),
    text_column("position", default=""),
    text_column("bridge_sha256"),
    text_column("address_prefix", default=""),
    recorded("at"),
    reference("reconciliation", "reconciliation_id"),
    UniqueConstraint("company_id", "reconciliation_id", "side"),
    CheckConstraint("side in ('company', 'customer')", name="known_side"),
)
