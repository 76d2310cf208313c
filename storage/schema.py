"""Every table of the house, for SQLAlchemy Core. The company id leads every key; row-level security holds it.

Amounts are BIGINT minor units beside CHAR(3) currency codes; instants are timestamptz; ids are UUIDv7.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, CHAR, JSONB
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _instant(name: str, *, required: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=not required)


def _recorded(name: str = "recorded_at") -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())


def _text(name: str, *, required: bool = True, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=not required, server_default=default)


def _json(name: str, *, required: bool = True) -> Column[object]:
    return Column(name, JSONB, nullable=not required, server_default=text("'{}'::jsonb") if required else None)


def _owned(name: str, *columns: SchemaItem) -> Table[Any]:
    """A table whose rows belong to one company: (company_id, id) is the key."""
    return Table(
        name,
        metadata,
        Column("company_id", Uuid, primary_key=True),
        Column("id", Uuid, primary_key=True),
        *columns,
        ForeignKeyConstraint(["company_id"], ["company.id"]),
    )


def _to(table: str, column: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the company."""
    return ForeignKeyConstraint(["company_id", column], [f"{table}.company_id", f"{table}.id"])


# -- who ---------------------------------------------------------------------------------------------

company = Table(
    "company",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    _text("name"),
    Column("currency", CHAR(3), nullable=False),
    _text("timezone"),
    _text("language", default="en"),
    _json("settings"),
    _recorded(),
)

app_user = _owned(
    "app_user",
    _text("email"),
    _text("name"),
    _text("language", default="en"),
    _text("password_hash", required=False),
    _text("totp_secret", required=False),
    Column("totp_last_step", BigInteger, nullable=True),
    _text("slack_user_id", required=False),
    _instant("disabled_at", required=False),
    _recorded(),
    UniqueConstraint("company_id", "email"),
)

user_role = Table(
    "user_role",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("role", Text, primary_key=True),
    _to("app_user", "user_id"),
    CheckConstraint("role in ('clerk','reviewer','manager','compliance','administrator')", name="known_role"),
)

user_session = Table(
    "user_session",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    _text("assurance"),  # session < mfa
    _text("csrf"),
    _instant("expires_at"),
    _recorded("created_at"),
    _to("app_user", "user_id"),
)

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _text("subject"),  # e-mail or address prefix: limits survive a restart
    Column("succeeded", Boolean, nullable=False),
    _recorded("at"),
    Index("ix_login_attempt_subject_at", "subject", "at"),
)

customer = _owned(
    "customer",
    _text("code"),
    _text("name"),
    Column("parent_id", Uuid, nullable=True),  # group
    Column("payer_id", Uuid, nullable=True),
    _text("language", default="en"),
    _text("country", required=False),
    _json("attributes"),
    _instant("disabled_at", required=False),
    _recorded(),
    UniqueConstraint("company_id", "code"),
)

contact = _owned(
    "contact",
    Column("customer_id", Uuid, nullable=False),
    _text("name"),
    _text("email", required=False),
    _text("language", required=False),
    _text("purpose", default="statement"),
    _instant("disabled_at", required=False),
    _recorded(),
    _to("customer", "customer_id"),
    Index("ix_contact_customer", "company_id", "customer_id"),
)

# -- collect -----------------------------------------------------------------------------------------

source = _owned("source", _text("name"), _json("settings"), _recorded(), UniqueConstraint("company_id", "name"))

profile = _owned(
    "profile",
    _text("name"),
    Column("version", Integer, nullable=False),
    _text("body"),  # TOML as the user wrote it
    _text("sha256"),
    _recorded(),
    UniqueConstraint("company_id", "name", "version"),
)

import_file = _owned(
    "import_file",
    Column("source_id", Uuid, nullable=False),
    _text("sha256"),
    _text("filename"),
    _text("profile"),
    _text("profile_sha256"),
    Column("content", LargeBinary, nullable=True),  # zstd of the file as it came: the raw records' source
    Column("rows", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("noticed", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    _json("totals"),
    Column("imported_by", Uuid, nullable=True),
    _recorded(),
    _to("source", "source_id"),
    UniqueConstraint("company_id", "source_id", "sha256", "profile_sha256"),
)

raw_record = _owned(
    "raw_record",
    Column("import_id", Uuid, nullable=False),
    Column("row_number", Integer, nullable=False),  # as a person counts them in the file, header is 1
    _json("cells"),
    _text("outcome"),  # noticed, quarantined, rejected; accepted rows stay in import_file.content
    Column("findings", JSONB, nullable=False),
    _text("state", default="open"),  # open, repaired, discarded
    _json("repaired_cells", required=False),
    Column("repaired_by", Uuid, nullable=True),
    _instant("repaired_at", required=False),
    _to("import_file", "import_id"),
    CheckConstraint("outcome in ('noticed','quarantined','rejected')", name="known_outcome"),
    Index("ix_raw_record_state", "company_id", "state", "outcome"),
)

open_item = _owned(
    "open_item",
    Column("customer_id", Uuid, nullable=False),
    _text("kind"),
    _text("number"),
    Column("instalment", SmallInteger, nullable=False, server_default="0"),
    Column("source_id", Uuid, nullable=False),
    _text("source_ref"),  # the document's id in its source
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("document_date", Date, nullable=False),
    Column("due_date", Date, nullable=True),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("residue", BigInteger, nullable=False, server_default="0"),
    Column("disputed", BigInteger, nullable=False, server_default="0"),  # as the source said at import
    Column("line_count", Integer, nullable=False, server_default="1"),
    _text("description", default=""),
    _json("attributes"),
    Column("import_id", Uuid, nullable=True),
    Column("row_number", Integer, nullable=True),
    Column("reverses_id", Uuid, nullable=True),
    _recorded(),
    _to("customer", "customer_id"),
    _to("source", "source_id"),
    UniqueConstraint("company_id", "source_id", "source_ref", "instalment", "revision"),
    Index("ix_open_item_customer", "company_id", "customer_id", "document_date"),
    CheckConstraint(
        "kind in ('invoice','debit_memo','credit_memo','receipt','write_off','fx_adjustment','opening')",
        name="known_kind",
    ),
)

allocation = _owned(
    "allocation",
    Column("credit_item_id", Uuid, nullable=False),
    Column("debit_item_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("effective_on", Date, nullable=False),
    _text("reason", default=""),
    Column("undoes_id", Uuid, nullable=True),
    _recorded(),
    _to("open_item", "credit_item_id"),
    _to("open_item", "debit_item_id"),
    CheckConstraint("amount <> 0", name="amount_not_zero"),
    Index("ix_allocation_credit", "company_id", "credit_item_id"),
    Index("ix_allocation_debit", "company_id", "debit_item_id"),
)

control_balance = _owned(
    "control_balance",
    Column("currency", CHAR(3), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    _text("account", default=""),
    _recorded(),
)

# -- statements --------------------------------------------------------------------------------------

aging_policy = _owned(
    "aging_policy",
    _text("name"),
    Column("version", Integer, nullable=False),
    _json("body"),
    _text("sha256"),
    Column("published_by", Uuid, nullable=True),
    _recorded(),
    UniqueConstraint("company_id", "name", "version"),
)

statement_run = _owned(
    "statement_run",
    _text("period"),
    _text("segment", default="all"),
    _text("form"),
    Column("as_of", Date, nullable=False),
    _instant("as_known"),
    _text("stage"),  # collect, reconcile, draft, review, send, follow_up, closed
    _json("figures"),
    Column("started_by", Uuid, nullable=True),
    _text("prefect_run_id", required=False),
    _instant("heartbeat_at", required=False),
    _recorded("started_at"),
    _instant("finished_at", required=False),
    UniqueConstraint("company_id", "period", "segment", "form"),
)

run_batch = _owned(
    "run_batch",
    Column("run_id", Uuid, nullable=False),
    _text("stage"),
    Column("number", Integer, nullable=False),
    Column("customer_ids", ARRAY(Uuid), nullable=False),
    _text("state", default="pending"),  # pending, running, done, failed
    _text("error", required=False),
    _instant("claimed_at", required=False),
    _instant("finished_at", required=False),
    _json("figures"),
    _to("statement_run", "run_id"),
    UniqueConstraint("company_id", "run_id", "stage", "number"),
)

statement = _owned(
    "statement",
    _text("number"),  # 2026-06/C00123/CNY/v2
    Column("run_id", Uuid, nullable=True),
    Column("customer_id", Uuid, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    _text("period"),
    _text("form"),
    Column("version", Integer, nullable=False),
    _text("status"),  # written only through statements.lifecycle
    Column("row_version", Integer, nullable=False, server_default="1"),
    Column("content", Text, nullable=False),  # canonical JSON, never changes
    _text("digest"),  # SHA-256 of content, hex
    Column("opening", BigInteger, nullable=False),
    Column("debits", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("closing", BigInteger, nullable=False),
    Column("overdue", BigInteger, nullable=False),
    Column("ties", Boolean, nullable=False),
    Column("supersedes_id", Uuid, nullable=True),
    _json("difference", required=False),
    Column("prepared_by", Uuid, nullable=True),
    _text("reason", required=False),  # why returned, rejected or void
    _instant("sent_at", required=False),
    _instant("answered_at", required=False),
    _recorded("created_at"),
    _to("customer", "customer_id"),
    _to("statement_run", "run_id"),
    UniqueConstraint("company_id", "customer_id", "currency", "period", "version"),
    UniqueConstraint("company_id", "number"),
    Index("ix_statement_run", "company_id", "run_id", "status"),
)

finding = _owned(
    "finding",
    _text("check_name"),
    _text("subject_kind"),
    _text("subject_id"),
    _text("severity"),  # notice, warning, breach
    _text("code"),
    _json("facts"),  # figures the sentence is written from, and the evidence
    _text("status", default="open"),  # open, fixed, waived
    Column("owner_id", Uuid, nullable=True),
    Column("due_on", Date, nullable=True),
    Column("run_id", Uuid, nullable=True),
    _text("dedup_key"),
    _recorded(),
    _instant("closed_at", required=False),
    UniqueConstraint("company_id", "dedup_key"),
    Index("ix_finding_open", "company_id", "status", "check_name"),
)

# -- approvals ---------------------------------------------------------------------------------------

approval_policy = _owned(
    "approval_policy",
    _text("name"),
    Column("version", Integer, nullable=False),
    _text("body"),  # canonical JSON
    _text("sha256"),
    _text("state"),  # draft, published, retired
    Column("drafted_by", Uuid, nullable=True),
    Column("published_by", Uuid, nullable=True),
    _instant("published_at", required=False),
    _recorded(),
    UniqueConstraint("company_id", "name", "version"),
    CheckConstraint("published_by is null or published_by is distinct from drafted_by", name="second_person"),
)

approval_request = _owned(
    "approval_request",
    Column("policy_id", Uuid, nullable=False),
    _text("subject_kind"),
    _text("subject_id"),
    _text("digest"),
    _json("facts"),
    _text("state"),  # open, approved, rejected, returned, withdrawn, expired, cancelled, consumed, superseded
    Column("stage", SmallInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    _json("projection"),  # fold of the acts
    Column("act_count", Integer, nullable=False, server_default="0"),
    Column("submitted_by", Uuid, nullable=True),
    _instant("opened_at"),
    _instant("closed_at", required=False),
    _instant("valid_until", required=False),
    _to("approval_policy", "policy_id"),
    Index(
        "uq_approval_request_open_subject",
        "company_id",
        "subject_kind",
        "subject_id",
        unique=True,
        postgresql_where=text("state in ('open','approved')"),
    ),
)

approval_act = _owned(
    "approval_act",
    Column("request_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),  # 1… within the request
    _text("kind"),
    Column("actor_id", Uuid, nullable=True),
    Column("authority_id", Uuid, nullable=True),  # the person for whom the actor acted
    _json("event"),
    _text("channel"),
    _text("assurance"),
    _text("digest"),
    Column("stage", SmallInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    Column("is_vote", Boolean, nullable=False),
    _text("idempotency_key"),
    _text("previous_hash"),
    _text("hash"),
    _instant("at"),
    _to("approval_request", "request_id"),
    UniqueConstraint("company_id", "request_id", "number"),
    UniqueConstraint("company_id", "idempotency_key", "number"),
    Index(
        "uq_approval_act_one_vote_per_actor",
        "company_id", "request_id", "round", "stage", "actor_id",
        unique=True, postgresql_where=text("is_vote"),
    ),
    Index(
        "uq_approval_act_one_vote_per_authority",
        "company_id", "request_id", "round", "stage", "authority_id",
        unique=True, postgresql_where=text("is_vote"),
    ),
)  # fmt: skip

approval_task = _owned(
    "approval_task",
    Column("request_id", Uuid, nullable=False),
    Column("stage", SmallInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    Column("user_id", Uuid, nullable=True),
    _text("role", required=False),  # a role of 50 people is one row
    _text("state", default="open"),  # open, done, dropped
    _instant("opened_at"),
    _instant("due_at", required=False),
    _to("approval_request", "request_id"),
    Index("ix_approval_task_user", "company_id", "user_id", "state"),
    Index("ix_approval_task_role", "company_id", "role", "state"),
)

approval_timer = _owned(
    "approval_timer",
    Column("request_id", Uuid, nullable=False),
    _text("kind"),  # remind, escalate, expire
    Column("stage", SmallInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    _instant("due_at"),
    _instant("fired_at", required=False),
    _to("approval_request", "request_id"),
    Index("ix_approval_timer_due", "company_id", "due_at", postgresql_where=text("fired_at is null")),
)

delegation = _owned(
    "delegation",
    Column("principal_id", Uuid, nullable=False),
    Column("delegate_id", Uuid, nullable=False),
    _instant("starts_at"),
    _instant("ends_at"),  # half open
    _json("scope"),
    _instant("revoked_at", required=False),
    _recorded(),
    _to("app_user", "principal_id"),
    _to("app_user", "delegate_id"),
)

access_token = Table(
    "access_token",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),  # SHA-256 only
    _text("purpose"),  # decide, answer
    _text("subject_kind"),
    _text("subject_id"),
    Column("person_id", Uuid, nullable=False),  # app_user or contact
    _json("binding"),  # stage, round, digest …
    _instant("expires_at"),
    _instant("revoked_at", required=False),
    _instant("first_opened_at", required=False),
    _recorded("created_at"),
)

# -- messages ----------------------------------------------------------------------------------------

outbox = _owned(
    "outbox",
    _text("kind"),  # the message's folder name
    _text("channel"),  # email, slack, …
    _text("lane", default="normal"),  # urgent, normal, bulk
    _text("dedup_key"),
    _text("message_id"),
    _text("recipient"),
    _text("recipient_domain"),
    _text("subject_kind"),
    _text("subject_id"),
    Column("customer_id", Uuid, nullable=True),
    Column("person_id", Uuid, nullable=True),
    _json("payload"),
    Column("frozen", LargeBinary, nullable=True),  # MIME bytes, the same on each try
    _text("state", default="pending"),
    _text("phase", default="new"),  # new, connect, data
    _instant("not_before"),
    _instant("next_at"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("internal_errors", Integer, nullable=False, server_default="0"),
    Column("lease_token", Uuid, nullable=True),
    _instant("lease_until", required=False),
    _text("answer", required=False),  # the server's words
    _text("external_id", required=False),  # chat channel and timestamp
    _instant("accepted_at", required=False),
    _recorded("created_at"),
    UniqueConstraint("company_id", "dedup_key"),
    UniqueConstraint("company_id", "message_id"),
    CheckConstraint(
        "state in ('pending','sending','accepted','uncertain','suppressed','dead','cancelled')", name="known_state"
    ),
    Index("ix_outbox_due", "next_at", postgresql_where=text("state in ('pending','sending','uncertain')")),
    Index("ix_outbox_subject", "company_id", "subject_kind", "subject_id"),
)

delivery_attempt = _owned(
    "delivery_attempt",
    Column("outbox_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    _text("phase"),
    _text("outcome"),  # started, accepted, temporary, permanent, uncertain, internal
    _text("answer", default=""),
    _recorded("at"),
    _to("outbox", "outbox_id"),
)

delivery_event = _owned(
    "delivery_event",
    Column("outbox_id", Uuid, nullable=True),
    _text("subject_kind"),
    _text("subject_id"),
    _text("recipient", default=""),
    _text("kind"),  # queued, accepted, bounced, opened, answered, no_address
    _json("facts"),
    _recorded("at"),
    Index("ix_delivery_event_subject", "company_id", "subject_kind", "subject_id"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("address", Text, primary_key=True),
    _text("reason"),
    _recorded(),
)

task = _owned(
    "task",
    _text("kind"),  # no_address, bounced, uncertain_delivery, dispute, call …
    _text("subject_kind"),
    _text("subject_id"),
    Column("customer_id", Uuid, nullable=True),
    Column("owner_id", Uuid, nullable=True),
    _text("role", default="clerk"),
    _json("facts"),
    _text("state", default="open"),  # open, done
    _text("dedup_key"),
    Column("due_on", Date, nullable=True),
    _recorded(),
    _instant("closed_at", required=False),
    UniqueConstraint("company_id", "dedup_key"),
)

# -- the customer's side -----------------------------------------------------------------------------

answer = _owned(
    "answer",
    Column("statement_id", Uuid, nullable=False),
    Column("contact_id", Uuid, nullable=True),
    _text("kind"),  # agree, dispute, already_paid, promise …
    _text("digest"),  # of the version that was seen
    _text("name"),
    _text("position", default=""),
    _json("facts"),
    _text("channel"),
    _text("address_prefix", default=""),
    _text("idempotency_key"),
    _recorded("at"),
    _to("statement", "statement_id"),
    UniqueConstraint("company_id", "idempotency_key"),
    Index("ix_answer_statement", "company_id", "statement_id", "at"),
)

dispute = _owned(
    "dispute",
    Column("statement_id", Uuid, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("item_id", Uuid, nullable=False),
    _text("reason"),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),  # disputed part, minor units
    _text("explanation", default=""),
    _text("status", default="open"),  # open, investigating, proposed, resolved
    _text("resolution", required=False),  # accepted, credited, corrected, withdrawn
    Column("owner_id", Uuid, nullable=True),
    Column("due_on", Date, nullable=True),
    _recorded("opened_at"),
    _instant("closed_at", required=False),
    _to("statement", "statement_id"),
    _to("answer", "answer_id"),
    _to("open_item", "item_id"),
    Index("ix_dispute_item", "company_id", "item_id", "status"),
)

chase = _owned(
    "chase",
    Column("customer_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("level", SmallInteger, nullable=False),
    _json("facts"),
    _recorded(),
    _to("customer", "customer_id"),
    UniqueConstraint("company_id", "customer_id", "day"),
)

# -- the record --------------------------------------------------------------------------------------

audit_event = Table(
    "audit_event",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1… without gaps within the company
    Column("actor_id", Uuid, nullable=True),
    _text("actor_kind"),  # user, customer, system
    _text("verb"),
    _text("subject_kind"),
    _text("subject_id"),
    Column("facts", Text, nullable=False),  # canonical JSON
    _instant("at"),
    _text("previous_hash"),
    _text("hash"),
    ForeignKeyConstraint(["company_id"], ["company.id"]),
    Index("ix_audit_event_subject", "company_id", "subject_kind", "subject_id"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("number", BigInteger, nullable=False),
    _text("hash"),
    ForeignKeyConstraint(["company_id"], ["company.id"]),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    _text("input_sha256"),
    Column("status", Integer, nullable=False),
    _json("response"),
    _recorded("at"),
)

job = _owned(
    "job",
    _text("name"),
    _text("period"),  # the occasion: "2026-06-30" for a daily job
    _text("state", default="due"),  # due, running, done, failed
    Column("tries", Integer, nullable=False, server_default="0"),
    _json("figures"),
    _text("error", required=False),
    _instant("claimed_at", required=False),
    _instant("finished_at", required=False),
    _recorded("due_at"),
    UniqueConstraint("company_id", "name", "period"),
)

backup = _owned(
    "backup",
    _text("path"),
    _text("sha256"),
    Column("bytes", BigInteger, nullable=False),
    _instant("verified_at", required=False),
    _recorded("at"),
)

caught_message = Table(
    "caught_message",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _text("channel"),  # email, slack
    _text("message_id", default=""),
    _text("recipient"),
    _text("sender", default=""),
    _text("title", default=""),
    Column("content", LargeBinary, nullable=False),
    Column("external_id", String(80), nullable=True),
    _recorded("at"),
    Index("ix_caught_message_message_id", "message_id"),
)

UNOWNED_TABLES = frozenset({"company", "login_attempt", "caught_message"})
"""No company id: the list of companies, sign-in limits that know no company yet, and the /dev catcher."""

INSERT_ONLY_TABLES = frozenset({"audit_event", "approval_act", "delivery_attempt", "delivery_event", "answer"})
"""The application's role may not update or delete these."""
