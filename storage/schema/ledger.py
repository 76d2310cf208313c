"""What was collected: sources, profiles, files, raw records, open items, allocations, control balances."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB

from storage.schema.base import instant, json_document, metadata, owned_table, recorded, reference, text_column

source = owned_table(
    "source", text_column("name"), json_document("settings"), recorded(), UniqueConstraint("company_id", "name")
)

profile = owned_table(
    "profile",
    text_column("name"),
    Column("version", Integer, nullable=False),
    text_column("body"),  # TOML as the user wrote it
    text_column("sha256"),
    recorded(),
    UniqueConstraint("company_id", "name", "version"),
)

shared_profile = Table(
    "shared_profile",
    metadata,
    Column("name", Text, primary_key=True),
    text_column("body"),
    text_column("sha256"),
    recorded(),
)

import_file = owned_table(
    "import_file",
    Column("source_id", Uuid, nullable=False),
    text_column("sha256"),
    text_column("filename"),
    text_column("profile"),
    text_column("profile_sha256"),
    Column("content", LargeBinary, nullable=True),  # zstd of the file as it came: the raw records' source
    Column("rows", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("noticed", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    json_document("totals"),
    Column("imported_by", Uuid, nullable=True),
    recorded(),
    reference("source", "source_id"),
    UniqueConstraint("company_id", "source_id", "sha256", "profile_sha256"),
)

raw_record = owned_table(
    "raw_record",
    Column("import_id", Uuid, nullable=False),
    Column("row_number", Integer, nullable=False),  # as a person counts them in the file, header is 1
    json_document("cells"),
    text_column("outcome"),  # noticed, quarantined, rejected; accepted rows stay in import_file.content
    Column("findings", JSONB, nullable=False),
    text_column("state", default="open"),  # open, repaired, discarded
    json_document("repaired_cells", required=False),
    Column("repaired_by", Uuid, nullable=True),
    instant("repaired_at", required=False),
    reference("import_file", "import_id"),
    CheckConstraint("outcome in ('noticed','quarantined','rejected')", name="known_outcome"),
    Index("ix_raw_record_state", "company_id", "state", "outcome"),
)

open_item = owned_table(
    "open_item",
    Column("customer_id", Uuid, nullable=False),  # a trigger asks per statement whether it is there; customers stay
    text_column("kind"),
    text_column("number"),
    Column("instalment", SmallInteger, nullable=False, server_default="0"),
    Column("source_id", Uuid, nullable=False),  # sources are never deleted; a check per row would cost as the company's
    text_column("source_ref"),  # the document's id in its source
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("document_date", Date, nullable=False),
    Column("due_date", Date, nullable=True),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("residue", BigInteger, nullable=False, server_default="0"),
    Column("disputed", BigInteger, nullable=False, server_default="0"),  # as the source said at import
    Column("line_count", Integer, nullable=False, server_default="1"),
    text_column("description", default=""),
    json_document("attributes"),
    text_column("lines", required=False),  # digests of a grouped document's source lines; see connectors/documents.py
    Column("import_id", Uuid, nullable=True),
    Column("row_number", Integer, nullable=True),
    Column("reverses_id", Uuid, nullable=True),
    recorded(),
    UniqueConstraint("company_id", "source_id", "source_ref", "instalment", "revision"),
    Index("ix_open_item_customer", "company_id", "customer_id", "document_date"),
    CheckConstraint(
        "kind in ('invoice','debit_memo','credit_memo','receipt','write_off','fx_adjustment','opening')",
        name="known_kind",
    ),
    company_by_reference=True,
)

allocation = owned_table(
    "allocation",
    Column("credit_item_id", Uuid, nullable=False),
    Column("debit_item_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("effective_on", Date, nullable=False),
    text_column("reason", default=""),
    Column("undoes_id", Uuid, nullable=True),
    recorded(),
    reference("open_item", "credit_item_id"),
    reference("open_item", "debit_item_id"),
    CheckConstraint("amount <> 0", name="amount_not_zero"),
    Index("ix_allocation_credit", "company_id", "credit_item_id"),
    Index("ix_allocation_debit", "company_id", "debit_item_id"),
    company_by_reference=True,
)

control_balance = owned_table(
    "control_balance",
    Column("currency", CHAR(3), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    text_column("account", default=""),
    recorded(),
)
