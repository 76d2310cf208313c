"""The customer's side beyond agreeing and disputing; disputes as cases."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SQL = Path(__file__).with_suffix(".sql")

_OWNED = {
    "dispute_message": "select, insert",
    "promise": "select, insert, update, delete",
    "payment_hint": "select, insert, update, delete",
    "attachment": "select, insert",
    "feedback": "select, insert",
    "adjustment": "select, insert, update, delete",
}
"""Each new table and what the application's role may do with it."""

_DISPUTE_COLUMNS = ("due_at", "round", "reopens_id", "proposal", "credited", "note", "escalated_at")


def upgrade() -> None:
    """Creates what answers and cases need."""
    _answers_up()
    _reconciliations_up()


def downgrade() -> None:
    """Takes it away again."""
    _reconciliations_down()
    _answers_down()


def _answers_up() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(_SQL.read_text(encoding="utf-8"))
    for table, rights in _OWNED.items():
        connection.exec_driver_sql(
            f"grant {rights} on {table} to tieout_app;"
            f"alter table {table} enable row level security;"
            f"create policy own_company on {table} "
            "using (company_id = nullif(current_setting('tieout.company', true), '')::uuid)"
        )


def _answers_down() -> None:
    for table in _OWNED:
        op.drop_table(table)
    op.drop_index("ix_dispute_statement", "dispute")
    for column in _DISPUTE_COLUMNS:
        op.drop_column("dispute", column)


_RECONCILIATIONS_SQL = Path(__file__).with_name("0004_reconciliations.sql")

_RECONCILIATION_TABLES = ("bridge_acceptance", "reconciliation")
"""Each before the one that it refers to."""


def _reconciliations_up() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(_RECONCILIATIONS_SQL.read_text(encoding="utf-8"))
    for table in _RECONCILIATION_TABLES:
        connection.exec_driver_sql(
            f"grant select, insert on {table} to tieout_app;"
            f"alter table {table} enable row level security;"
            f"create policy own_company on {table} "
            "using (company_id = nullif(current_setting('tieout.company', true), '')::uuid)"
        )


def _reconciliations_down() -> None:
    for table in _RECONCILIATION_TABLES:
        op.drop_table(table)
