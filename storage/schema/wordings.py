"""A company's own wording of messages, which of it is in force, what each message was told with; credit limits."""

from sqlalchemy import CHAR, BigInteger, Column, Index, Integer, UniqueConstraint, Uuid

from storage.schema.base import owned_table, recorded, reference, text_column

wording = owned_table(
    "wording",
    text_column("kind"),  # the message's folder name, with the level of a reminder: reminder.2
    text_column("language"),
    Column("version", Integer, nullable=False),  # 1… within kind and language
    text_column("body"),  # canonical JSON: variants with their weights and parts
    text_column("sha256"),
    Column("drafted_by", Uuid, nullable=True),
    recorded(),
    UniqueConstraint("company_id", "kind", "language", "version"),
)

wording_in_force = owned_table(
    "wording_in_force",
    text_column("kind"),
    text_column("language"),
    Column("wording_id", Uuid, nullable=False),
    Column("request_id", Uuid, nullable=False),  # the approval that put it in force
    recorded(),
    reference("wording", "wording_id"),
    Index("ix_wording_in_force_newest", "company_id", "kind", "language", "id"),
)

told_wording = owned_table(
    "told_wording",  # its id is the message's: one row per message that was told in a company's own words
    Column("wording_id", Uuid, nullable=False),
    text_column("variant"),
    text_column("problem", default=""),  # why the house's wording was sent after all
    recorded(),
    reference("wording", "wording_id"),
    reference("outbox", "id"),
    Index("ix_told_wording_wording", "company_id", "wording_id"),
)

credit_limit = owned_table(
    "credit_limit",
    Column("customer_id", Uuid, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=True),  # minor units; null: no limit any more
    text_column("reason"),
    Column("request_id", Uuid, nullable=False),
    recorded(),
    reference("customer", "customer_id"),
    Index("ix_credit_limit_newest", "company_id", "customer_id", "currency", "id"),
)
