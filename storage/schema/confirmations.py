"""Confirmation letters: rounds, letters and replies, with the policies that keep an audit's replies from the company.

Row-level security does more here than in other tables: see docs/decisions and migration 0011.
"""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, SmallInteger, UniqueConstraint, Uuid

from storage.schema.base import instant, json_document, owned_table, recorded, reference, text_column

confirmation_round = owned_table(
    "confirmation_round",
    text_column("number"),  # "2026-06-30/1"
    text_column("mode"),
    text_column("form"),
    Column("as_of", Date, nullable=False),
    Column("auditor_id", Uuid, nullable=True),  # in audit mode: who alone draws, sends, receives and releases
    json_document("method"),
    json_document("population"),  # currency to accounts, net and absolute sums
    text_column("population_sha256"),
    text_column("sample_sha256"),
    text_column("state"),
    Column("reply_by", Date, nullable=False),
    Column("remind_after", SmallInteger, nullable=False),  # working days until the second request
    Column("prepared_by", Uuid, nullable=False),
    Column("dispatched_by", Uuid, nullable=True),
    instant("dispatched_at", required=False),
    instant("closed_at", required=False),
    instant("released_at", required=False),
    Column("row_version", Integer, nullable=False, server_default="1"),
    recorded(),
    reference("app_user", "prepared_by"),
    UniqueConstraint("company_id", "number"),
    CheckConstraint("mode in ('commercial','audit')", name="known_mode"),
    CheckConstraint("form in ('positive','negative','blank')", name="known_form"),
    CheckConstraint("state in ('drawn','sent','closed','released','discarded')", name="known_state"),
    CheckConstraint("(mode = 'audit') = (auditor_id is not null)", name="audit_has_auditor"),
    CheckConstraint("mode = 'audit' or dispatched_by <> prepared_by", name="second_person_sends"),
    CheckConstraint("mode = 'audit' or state <> 'released'", name="only_audits_are_released"),
    CheckConstraint("(state = 'released') = (released_at is not null)", name="released_has_instant"),
)

confirmation_letter = owned_table(
    "confirmation_letter",
    Column("round_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("contact_id", Uuid, nullable=True),
    text_column("number"),  # "2026-06-30/1/C00123"
    text_column("language"),
    text_column("content"),  # canonical JSON: what is printed and asked
    text_column("digest"),
    text_column("channel", default=""),  # email, post
    text_column("state"),
    json_document("differences"),  # currency to theirs minus ours, of the reply that counts
    text_column("note", default=""),  # how a difference was explained, or what was examined instead
    Column("noted_by", Uuid, nullable=True),
    instant("sent_at", required=False),
    instant("reminded_at", required=False),
    instant("replied_at", required=False),
    Column("row_version", Integer, nullable=False, server_default="1"),
    recorded(),
    reference("confirmation_round", "round_id"),
    reference("customer", "customer_id"),
    UniqueConstraint("company_id", "round_id", "customer_id"),
    UniqueConstraint("company_id", "number"),
    CheckConstraint(
        "state in ('drawn','sent','reminded','confirmed','differs','silent','explained','examined','discarded')",
        name="known_state",
    ),
    Index("ix_confirmation_letter_round", "company_id", "round_id", "state"),
)

confirmation_reply = owned_table(
    "confirmation_reply",
    Column("letter_id", Uuid, nullable=False),
    text_column("kind"),  # confirm, differ, fill
    json_document("amounts"),  # currency to the customer's balance
    json_document("differences"),
    text_column("reason", default=""),
    text_column("explanation", default=""),
    text_column("name"),
    text_column("position", default=""),
    text_column("channel"),  # web, paper
    Column("contact_id", Uuid, nullable=True),
    Column("entered_by", Uuid, nullable=True),  # of a reply on paper
    text_column("address_prefix", default=""),
    text_column("letter_digest"),  # what was confirmed
    text_column("idempotency_key"),
    text_column("seal"),  # SHA-256 of the reply with its random key: all that the audit trail says before release
    recorded("at"),
    reference("confirmation_letter", "letter_id"),
    UniqueConstraint("company_id", "idempotency_key"),
    CheckConstraint("kind in ('confirm','differ','fill')", name="known_kind"),
    Index("ix_confirmation_reply_letter", "company_id", "letter_id", "at"),
)
