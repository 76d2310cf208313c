"""Who: companies, users and their roles, customers and their contacts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR

from storage.schema.base import instant, json_document, metadata, owned_table, recorded, reference, text_column

company = Table(
    "company",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    text_column("name"),
    Column("currency", CHAR(3), nullable=False),
    text_column("timezone"),
    text_column("language", default="en"),
    json_document("settings"),
    recorded(),
)

app_user = owned_table(
    "app_user",
    text_column("email"),
    text_column("name"),
    text_column("language", default="en"),
    text_column("password_hash", required=False),
    text_column("totp_secret", required=False),
    Column("totp_last_step", BigInteger, nullable=True),
    text_column("slack_user_id", required=False),
    text_column("slack_team_id", required=False),
    instant("slack_asked_at", required=False),
    instant("slack_confirmed_at", required=False),  # until then nothing is sent there and no press there counts
    instant("disabled_at", required=False),
    recorded(),
    UniqueConstraint("company_id", "email"),
    Index(
        "uq_app_user_chat",
        "company_id",
        "slack_team_id",
        "slack_user_id",
        unique=True,
        postgresql_where=text("slack_confirmed_at is not null"),
    ),
)

user_role = Table(
    "user_role",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("role", Text, primary_key=True),
    reference("app_user", "user_id"),
    CheckConstraint("role in ('clerk','reviewer','manager','compliance','administrator','auditor')", name="known_role"),
)

user_session = Table(
    "user_session",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    text_column("assurance"),  # session < mfa
    text_column("csrf"),
    instant("expires_at"),
    recorded("created_at"),
    reference("app_user", "user_id"),
)

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    text_column("subject"),  # e-mail or address prefix: limits survive a restart
    Column("succeeded", Boolean, nullable=False),
    recorded("at"),
    Index("ix_login_attempt_subject_at", "subject", "at"),
)

customer = owned_table(
    "customer",
    text_column("code"),
    text_column("name"),
    Column("parent_id", Uuid, nullable=True),  # group
    Column("payer_id", Uuid, nullable=True),
    text_column("language", default="en"),
    text_column("country", required=False),
    json_document("attributes"),
    instant("disabled_at", required=False),
    recorded(),
    UniqueConstraint("company_id", "code"),
)

contact = owned_table(
    "contact",
    Column("customer_id", Uuid, nullable=False),
    text_column("name"),
    text_column("email", required=False),
    text_column("language", required=False),
    text_column("purpose", default="statement"),
    instant("disabled_at", required=False),
    recorded(),
    reference("customer", "customer_id"),
    Index("ix_contact_customer", "company_id", "customer_id"),
)
