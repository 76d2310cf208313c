"""The first schema, from the SQL beside this file."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).with_suffix(".sql")


def upgrade() -> None:
    """Create every table and bind the application's role."""
    op.get_bind().exec_driver_sql(_SQL.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Drop everything."""
    for table in _TABLES:
        op.drop_table(table)


_TABLES = (
    "dispute",
    "raw_record",
    "approval_timer",
    "approval_task",
    "approval_act",
    "answer",
    "allocation",
    "user_session",
    "user_role",
    "statement",
    "run_batch",
    "open_item",
    "import_file",
    "delivery_attempt",
    "delegation",
    "contact",
    "chase",
    "approval_request",
    "task",
    "statement_run",
    "source",
    "profile",
    "outbox",
    "job",
    "finding",
    "delivery_event",
    "customer",
    "control_balance",
    "backup",
    "audit_head",
    "audit_event",
    "approval_policy",
    "app_user",
    "aging_policy",
    "suppression",
    "shared_profile",
    "send_throttle",
    "login_attempt",
    "idempotency",
    "company",
    "caught_message",
    "access_token",
)
