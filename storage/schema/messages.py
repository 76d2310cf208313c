"""The outbox, its attempts, what became of each message, suppressed addresses, tasks."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.schema.base import instant, json_document, metadata, owned_table, recorded, reference, text_column

outbox = owned_table(
    "outbox",
    text_column("kind"),  # the message's folder name
    text_column("channel"),  # email, slack, …
    text_column("lane", default="normal"),  # urgent, normal, bulk
    text_column("dedup_key"),
    text_column("message_id"),
    text_column("recipient"),
    text_column("recipient_domain"),
    text_column("subject_kind"),
    text_column("subject_id"),
    Column("customer_id", Uuid, nullable=True),
    Column("person_id", Uuid, nullable=True),
    json_document("payload"),
    Column("frozen", LargeBinary, nullable=True),  # MIME bytes, the same on each try
    text_column("state", default="pending"),
    text_column("phase", default="new"),  # new, connect, data
    instant("not_before"),
    instant("next_at"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("internal_errors", Integer, nullable=False, server_default="0"),
    Column("lease_token", Uuid, nullable=True),
    instant("lease_until", required=False),
    text_column("answer", required=False),  # the server's words
    text_column("external_id", required=False),  # chat channel and timestamp
    instant("accepted_at", required=False),
    recorded("created_at"),
    UniqueConstraint("company_id", "dedup_key"),
    UniqueConstraint("company_id", "message_id"),
    CheckConstraint(
        "state in ('pending','sending','accepted','uncertain','suppressed','dead','cancelled')", name="known_state"
    ),
    Index("ix_outbox_due", "company_id", "lane", "next_at", postgresql_where=text("state = 'pending'")),
    Index("ix_outbox_sending", "company_id", postgresql_where=text("state = 'sending'")),
    Index("ix_outbox_uncertain", "company_id", "next_at", postgresql_where=text("state = 'uncertain'")),
    Index("ix_outbox_subject", "company_id", "subject_kind", "subject_id"),
    Index("ix_outbox_customer", "company_id", "customer_id", postgresql_where=text("customer_id is not null")),
)

send_throttle = Table(
    "send_throttle",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),  # email/example.com, slack/C0123
    instant("free_at"),  # when the next message fits without a burst
)

delivery_attempt = owned_table(
    "delivery_attempt",
    Column("outbox_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    text_column("phase"),
    text_column("outcome"),  # started, accepted, temporary, permanent, uncertain, internal
    text_column("answer", default=""),
    recorded("at"),
    reference("outbox", "outbox_id"),
    Index("ix_delivery_attempt_outbox", "company_id", "outbox_id", "number"),
)

delivery_event = owned_table(
    "delivery_event",
    Column("outbox_id", Uuid, nullable=True),
    text_column("subject_kind"),
    text_column("subject_id"),
    text_column("recipient", default=""),
    text_column("kind"),  # queued, accepted, bounced, opened, answered, no_address
    json_document("facts"),
    recorded("at"),
    Index("ix_delivery_event_subject", "company_id", "subject_kind", "subject_id"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("address", Text, primary_key=True),
    text_column("reason"),
    recorded(),
)

task = owned_table(
    "task",
    text_column("kind"),  # no_address, bounced, uncertain_delivery, dispute, call …
    text_column("subject_kind"),
    text_column("subject_id"),
    Column("customer_id", Uuid, nullable=True),
    Column("owner_id", Uuid, nullable=True),
    text_column("role", default="clerk"),
    json_document("facts"),
    text_column("state", default="open"),  # open, done
    text_column("dedup_key"),
    Column("due_on", Date, nullable=True),
    recorded(),
    instant("closed_at", required=False),
    UniqueConstraint("company_id", "dedup_key"),
)

inbound_mail = owned_table(
    "inbound_mail",
    text_column("digest"),  # SHA-256 of the bytes: the same mail fetched twice is one row
    text_column("kind"),  # reply, bounce, auto_reply, unsubscribe, unknown
    text_column("sender", default=""),
    text_column("title", default=""),
    text_column("words", default=""),  # a reply without its quotes; of a bounce the server's words
    Column("outbox_id", Uuid, nullable=True),  # what it answers, when that was found
    Column("customer_id", Uuid, nullable=True),
    Column("content", LargeBinary, nullable=False),
    recorded("at"),
    UniqueConstraint("company_id", "digest"),
    Index("ix_inbound_mail_outbox", "company_id", "outbox_id"),
)

message_preference = Table(
    "message_preference",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("person_id", Uuid, primary_key=True),  # a user or a contact
    Column("channels", JSONB, nullable=False, server_default=text("'[]'::jsonb")),  # in order; empty = all known
    Column("opted_out", JSONB, nullable=False, server_default=text("'[]'::jsonb")),  # kinds
    text_column("quiet", required=False),  # "21:00-08:00"
    text_column("timezone", required=False),
    Column("digest_above", Integer, nullable=True),
    recorded(),
    ForeignKeyConstraint(["company_id"], ["company.id"]),
)
