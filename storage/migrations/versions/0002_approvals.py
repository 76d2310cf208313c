"""What approvals need beyond the first schema: the ways in which 50,000 open requests are looked up."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_approval_request_subject": "approval_request (company_id, subject_kind, subject_id)",
    "ix_approval_request_open": "approval_request (company_id, opened_at, id) where state = 'open'",
    "ix_approval_request_run": "approval_request (company_id, (facts ->> 'run_id'))",
    "ix_approval_task_request": "approval_task (company_id, request_id) where state = 'open'",
    "ix_approval_timer_request": "approval_timer (company_id, request_id) where fired_at is null",
}


def upgrade() -> None:
    """Adds the indexes."""
    for name, place in INDEXES.items():
        op.execute(f"create index {name} on {place}")


def downgrade() -> None:
    """Takes them away."""
    for name in INDEXES:
        op.execute(f"drop index {name}")
