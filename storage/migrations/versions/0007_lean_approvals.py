"""Requests keep what they share in one document; their tables check less per row, and index less.

Opening writes seven rows a request, and each asked twice for a row that the same statement had written or locked.
"""

from alembic import op

revision = "0007"
down_revision = "0010"
branch_labels = None
depends_on = None

PARTS = ("approval_act", "approval_task", "approval_timer")
"""Written by the statement that writes their request, or under its row lock."""

TASK_INDEXES = {"user": "user_id", "role": "role"}

COLUMNS = (
    "id", "subject_kind", "subject_id", "state", "round", "stage", "digest", "facts", "submitted_by", "opened_at",
    "closed_at", "valid_until",
)  # fmt: skip
"""What stood in the document and in columns too."""


def upgrade() -> None:
    """Takes out of the document what columns hold, and gives the newest hash a column."""
    op.execute("alter table approval_request add column head text not null default ''")
    names = ", ".join(f"'{name}'" for name in COLUMNS)
    op.execute(
        "update approval_request set head = coalesce(projection ->> 'head', ''),"  # noqa: S608 - names of our own
        f" projection = (projection -> 'request') - array[{names}] where projection ? 'request'"
    )
    op.execute("alter table approval_request drop constraint fk_approval_request_company_id")
    op.execute("revoke delete on approval_request from tieout_app")
    for table in PARTS:
        op.execute(f"alter table {table} drop constraint fk_{table}_company_id")
        op.execute(f"alter table {table} drop constraint fk_{table}_company_id_request_id")
    for name, column in TASK_INDEXES.items():
        op.execute(f"drop index ix_approval_task_{name}")
        op.execute(
            f"create index ix_approval_task_{name} on approval_task (company_id, {column})"
            f" where state = 'open' and {column} is not null"
        )


def downgrade() -> None:
    """Writes the document as it was; fails where a row has lost its company or its request."""
    for name, column in TASK_INDEXES.items():
        op.execute(f"drop index ix_approval_task_{name}")
        op.execute(f"create index ix_approval_task_{name} on approval_task (company_id, {column}, state)")
    for table in PARTS:
        op.execute(
            f"alter table {table} add constraint fk_{table}_company_id_request_id"
            " foreign key (company_id, request_id) references approval_request (company_id, id)"
        )
    for table in (*PARTS, "approval_request"):
        op.execute(
            f"alter table {table} add constraint fk_{table}_company_id foreign key (company_id) references company (id)"
        )
    op.execute("grant delete on approval_request to tieout_app")
    pairs = ", ".join(f"'{name}', {name}" for name in COLUMNS)
    op.execute(
        "update approval_request set projection = jsonb_build_object("  # noqa: S608 - names of our own
        f"'head', head, 'request', projection || jsonb_build_object({pairs}))"
    )
    op.execute("alter table approval_request drop column head")
