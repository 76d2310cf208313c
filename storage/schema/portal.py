"""The portal of customers who want one: codes by mail, and sessions that are never a person's of ours."""

from sqlalchemy import Column, Index, LargeBinary, SmallInteger, Table, UniqueConstraint, Uuid

from storage.schema.base import instant, metadata, owned_table, recorded, reference, text_column

portal_code = owned_table(
    "portal_code",
    Column("contact_id", Uuid, nullable=False),
    Column("ask_hash", LargeBinary, nullable=False),  # of the secret that the asking browser holds
    text_column("email"),  # where it was mailed
    text_column("code_hash"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    instant("expires_at"),
    instant("used_at", required=False),
    recorded(),
    reference("contact", "contact_id"),
    UniqueConstraint("company_id", "contact_id", "ask_hash"),
    Index("ix_portal_code_ask_hash", "ask_hash"),
)

portal_session = Table(
    "portal_session",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("contact_id", Uuid, nullable=False),  # who asked for the code; others with the same address are theirs too
    text_column("email"),  # the address that was proved: what changes later at the contact gives nothing away
    text_column("csrf"),
    instant("expires_at"),
    recorded("created_at"),
    reference("contact", "contact_id"),
    Index("ix_portal_session_token_hash", "token_hash"),
)
