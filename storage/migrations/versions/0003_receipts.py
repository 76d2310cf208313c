"""Bank files, receipts and proposals of cash application."""

from pathlib import Path

from alembic import op

from storage.migrations.owned_tables import CHANGES, own

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FILES = ("0003_bank.sql", "0003_receipts.sql")

_TABLES = {
    "proposal": CHANGES,
    "parked_receipt": CHANGES,
    "match_rule": CHANGES,
    "bank_payer": CHANGES,
    "bank_line": CHANGES,
    "bank_statement": CHANGES,
    "bank_file": CHANGES,
    "bank_account": CHANGES,
    "bank_layout": CHANGES,
}
"""Each before those that it refers to."""


def upgrade() -> None:
    """Creates what bank files and cash application need."""
    for name in _FILES:
        op.get_bind().exec_driver_sql(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    own(_TABLES)


def downgrade() -> None:
    """Takes it away again."""
    for table in _TABLES:
        op.drop_table(table)
