"""What approvals need beyond the first schema: the ways in which 50,000 open requests are looked up."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_approval_request_subject": "approval_request (company_id, subject_kind, subject_id)",
    "ix_approval_request_open": "approval_request (company_id, opened_at, id) where state = 'open'",
    "ix_approval_request_dearest": "approval_request (company_id, amount_whole, id) where state = 'open'",
    "ix_approval_request_urgent": "approval_request (company_id, due_at, id) where state = 'open'",
    "ix_approval_request_run": "approval_request (company_id, (facts ->> 'run_id'))",
    "ix_approval_task_request": "approval_task (company_id, request_id) where state = 'open'",
    "ix_approval_timer_request": "approval_timer (company_id, request_id) where fired_at is null",
}

OPEN_REQUESTS = """
    update approval_request set
        amount_whole = coalesce(facts ->> 'closing_whole', facts ->> 'amount_whole', '0')::bigint,
        due_at = coalesce(
            (select min((one ->> 'expires_at')::timestamptz)
             from jsonb_array_elements(projection -> 'request' -> 'stages') as one where one ->> 'status' = 'open'),
            due_at)
    where state = 'open'
"""


def upgrade() -> None:
    """Adds what the inbox is sorted by, fills it in for requests that are open, and adds the indexes."""
    op.execute(
        "alter table approval_request add column amount_whole bigint not null default 0,"
        " add column due_at timestamptz not null default '9999-12-31 00:00:00+00'"
    )
    op.execute(OPEN_REQUESTS)
    for name, place in INDEXES.items():
        op.execute(f"create index {name} on {place}")


def downgrade() -> None:
    """Takes both away."""
    for name in INDEXES:
        op.execute(f"drop index {name}")
    op.execute("alter table approval_request drop column amount_whole, drop column due_at")
