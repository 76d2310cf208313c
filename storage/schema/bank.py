"""What banks say: accounts, files as they came, the statements and lines in them, and who pays for which customer."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB

from storage.schema.base import instant, json_document, owned_table, recorded, reference, text_column

bank_layout = owned_table(
    "bank_layout",
    text_column("name"),
    text_column("body"),  # TOML as the user wrote it
    text_column("sha256"),
    recorded(),
    UniqueConstraint("company_id", "name"),
)

bank_account = owned_table(
    "bank_account",
    text_column("account"),
    Column("currency", CHAR(3), nullable=False),
    text_column("bank", default=""),
    recorded(),
    UniqueConstraint("company_id", "account", "currency"),
)

bank_file = owned_table(
    "bank_file",
    text_column("sha256"),
    text_column("filename"),
    text_column("format"),
    text_column("layout", default=""),  # name of the saved map that it was read with
    Column("content", LargeBinary, nullable=False),  # zstd of the file as it came
    text_column("state"),  # held, posted, discarded
    Column("ties", Boolean, nullable=True),
    json_document("counts"),
    Column("findings", JSONB, nullable=False),
    Column("imported_by", Uuid, nullable=True),
    Column("decided_by", Uuid, nullable=True),
    instant("decided_at", required=False),
    text_column("reason", default=""),
    recorded(),
    UniqueConstraint("company_id", "sha256", "layout"),
    CheckConstraint("state in ('held','posted','discarded')", name="known_state"),
)

bank_statement = owned_table(
    "bank_statement",
    Column("file_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    text_column("number", default=""),
    Column("place", Integer, nullable=False),  # in its file, from 0
    Column("opening", BigInteger, nullable=True),
    Column("closing", BigInteger, nullable=True),
    Column("moved", BigInteger, nullable=True),
    Column("opening_date", Date, nullable=True),
    Column("closing_date", Date, nullable=True),
    Column("ties", Boolean, nullable=True),
    text_column("difference", required=False),  # as exact as the file
    Column("lines", Integer, nullable=False),
    recorded(),
    reference("bank_file", "file_id"),
    reference("bank_account", "account_id"),
    Index("ix_bank_statement_account", "company_id", "account_id", "closing_date"),
)

bank_line = owned_table(
    "bank_line",
    Column("file_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    text_column("line_key"),  # the same line of an overlapping file has the same
    Column("row_number", Integer, nullable=True),
    Column("booked_on", Date, nullable=False),
    Column("value_date", Date, nullable=True),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),  # money in is positive
    Column("reversal", Boolean, nullable=False, server_default="false"),
    text_column("reference", default=""),
    text_column("bank_reference", default=""),
    text_column("description", default=""),
    text_column("payer", default=""),
    text_column("payer_account", default=""),
    text_column("state"),  # posted, unassigned, outgoing, set_aside
    Column("customer_id", Uuid, nullable=True),
    Column("item_id", Uuid, nullable=True),
    text_column("found_by", default=""),  # alias, name, person
    Column("decided_by", Uuid, nullable=True),
    recorded(),
    reference("bank_file", "file_id"),
    reference("bank_account", "account_id"),
    reference("customer", "customer_id"),
    reference("open_item", "item_id"),
    UniqueConstraint("company_id", "account_id", "line_key"),
    CheckConstraint("state in ('posted','unassigned','outgoing','set_aside')", name="known_state"),
    CheckConstraint("(state = 'posted') = (item_id is not null)", name="posted_has_item"),
    Index("ix_bank_line_state", "company_id", "state", "booked_on"),
)

bank_payer = owned_table(
    "bank_payer",
    text_column("key"),  # "name:…" or "account:…", as it is compared
    text_column("shown"),
    Column("customer_id", Uuid, nullable=False),
    Column("learned_by", Uuid, nullable=True),
    recorded(),
    reference("customer", "customer_id"),
    UniqueConstraint("company_id", "key"),
)
