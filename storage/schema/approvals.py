"""Approval policies, requests, acts, tasks, timers, delegations, and link tokens."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from storage.schema.base import instant, json_document, metadata, owned_table, recorded, reference, text_column

approval_policy = owned_table(
    "approval_policy",
    text_column("name"),
    Column("version", Integer, nullable=False),
    text_column("body"),  # canonical JSON
    text_column("sha256"),
    text_column("state"),  # draft, published, retired
    Column("drafted_by", Uuid, nullable=True),
    Column("published_by", Uuid, nullable=True),
    instant("published_at", required=False),
    recorded(),
    UniqueConstraint("company_id", "name", "version"),
    CheckConstraint("published_by is null or published_by is distinct from drafted_by", name="second_person"),
)

approval_request = owned_table(
    "approval_request",
    Column("policy_id", Uuid, nullable=False),
    text_column("subject_kind"),
    text_column("subject_id"),
    text_column("digest"),
    json_document("facts"),
    text_column("state"),  # open, approved, rejected, returned, withdrawn, expired, cancelled, consumed, superseded
    Column("stage", SmallInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    json_document("projection"),  # what of the fold of the acts no column holds
    text_column("head", default=""),  # hash of the newest act
    Column("act_count", Integer, nullable=False, server_default="0"),
    Column("submitted_by", Uuid, nullable=True),
    instant("opened_at"),
    instant("closed_at", required=False),
    instant("valid_until", required=False),
    # What the inbox is sorted by: whole units of money, and when the open stage expires (9999 when never).
    Column("amount_whole", BigInteger, nullable=False, server_default="0"),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=text("'9999-12-31 00:00:00+00'")),
    reference("approval_policy", "policy_id"),
    Index(
        "uq_approval_request_open_subject",
        "company_id",
        "subject_kind",
        "subject_id",
        unique=True,
        postgresql_where=text("state in ('open','approved')"),
    ),
    Index("ix_approval_request_subject", "company_id", "subject_kind", "subject_id"),
    Index("ix_approval_request_open", "company_id", "opened_at", "id", postgresql_where=text("state = 'open'")),
    Index("ix_approval_request_dearest", "company_id", "amount_whole", "id", postgresql_where=text("state = 'open'")),
    Index("ix_approval_request_urgent", "company_id", "due_at", "id", postgresql_where=text("state = 'open'")),
    Index("ix_approval_request_run", "company_id", text("(facts ->> 'run_id')")),
    company_by_reference=True,
)

# Acts, tasks and timers are written by the statement that writes their request, or under its row lock, and the
# application's role cannot delete a request: asking for it again, row by row, was a quarter of opening one.

approval_act = owned_table(
    "approval_act",
    Column("request_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),  # 1… within the request
    text_column("kind"),
    Column("actor_id", Uuid, nullable=True),
    Column("authority_id", Uuid, nullable=True),  # the person for whom the actor acted
    json_document("event"),
    text_column("channel"),
    text_column("assurance"),
    text_column("digest"),
    Column("stage", SmallInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    Column("is_vote", Boolean, nullable=False),
    Column("ballot", SmallInteger, nullable=False, server_default="0"),  # votes this person lost here before
    text_column("idempotency_key"),
    text_column("previous_hash"),
    text_column("hash"),
    instant("at"),
    UniqueConstraint("company_id", "request_id", "number"),
    UniqueConstraint("company_id", "idempotency_key", "number"),
    Index(
        "uq_approval_act_one_vote_per_actor",
        "company_id", "request_id", "round", "stage", "ballot", "actor_id",
        unique=True, postgresql_where=text("is_vote"),
    ),
    Index(
        "uq_approval_act_one_vote_per_authority",
        "company_id", "request_id", "round", "stage", "ballot", "authority_id",
        unique=True, postgresql_where=text("is_vote"),
    ),
    company_by_reference=True,
)  # fmt: skip

approval_task = owned_table(
    "approval_task",
    Column("request_id", Uuid, nullable=False),
    Column("stage", SmallInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    Column("user_id", Uuid, nullable=True),
    text_column("role", required=False),  # a role of 50 people is one row
    text_column("state", default="open"),  # open, done, dropped
    instant("opened_at"),
    instant("due_at", required=False),
    Index(
        "ix_approval_task_user", "company_id", "user_id",
        postgresql_where=text("state = 'open' and user_id is not null"),
    ),
    Index("ix_approval_task_role", "company_id", "role", postgresql_where=text("state = 'open' and role is not null")),
    Index("ix_approval_task_request", "company_id", "request_id", postgresql_where=text("state = 'open'")),
    company_by_reference=True,
)  # fmt: skip

approval_timer = owned_table(
    "approval_timer",
    Column("request_id", Uuid, nullable=False),
    text_column("kind"),  # remind, escalate, expire
    Column("stage", SmallInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    instant("due_at"),
    instant("fired_at", required=False),
    Index("ix_approval_timer_due", "company_id", "due_at", postgresql_where=text("fired_at is null")),
    Index("ix_approval_timer_request", "company_id", "request_id", postgresql_where=text("fired_at is null")),
    company_by_reference=True,
)

delegation = owned_table(
    "delegation",
    Column("principal_id", Uuid, nullable=False),
    Column("delegate_id", Uuid, nullable=False),
    instant("starts_at"),
    instant("ends_at"),  # half open
    json_document("scope"),
    instant("revoked_at", required=False),
    recorded(),
    reference("app_user", "principal_id"),
    reference("app_user", "delegate_id"),
)

access_token = Table(
    "access_token",
    metadata,
    Column("company_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),  # SHA-256 only
    text_column("purpose"),  # decide, answer
    text_column("subject_kind"),
    text_column("subject_id"),
    Column("person_id", Uuid, nullable=False),  # app_user or contact
    json_document("binding"),  # stage, round, digest …
    instant("expires_at"),
    instant("revoked_at", required=False),
    instant("first_opened_at", required=False),
    recorded("created_at"),
)
