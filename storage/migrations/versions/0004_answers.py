"""The customer's side beyond agreeing and disputing: answers, disputes as cases, two-sided reconciliation."""

from pathlib import Path

from alembic import op

from storage.migrations.owned_tables import CHANGES, GROWS, own

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FILES = ("0004_answers.sql", "0004_reconciliations.sql")

_TABLES = {
    "bridge_acceptance": GROWS,
    "reconciliation": GROWS,
    "dispute_message": GROWS,
    "promise": CHANGES,
    "payment_hint": CHANGES,
    "attachment": GROWS,
    "feedback": GROWS,
    "adjustment": CHANGES,
}
"""Each before those that it refers to."""

_DISPUTE_COLUMNS = ("due_at", "round", "reopens_id", "proposal", "credited", "note", "escalated_at")


def upgrade() -> None:
    """Creates what answers, cases and reconciliations need."""
    for name in _FILES:
        op.get_bind().exec_driver_sql(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    own(_TABLES)


def downgrade() -> None:
    """Takes it away again."""
    for table in _TABLES:
        op.drop_table(table)
    op.drop_index("ix_dispute_statement", "dispute")
    for column in _DISPUTE_COLUMNS:
        op.drop_column("dispute", column)
