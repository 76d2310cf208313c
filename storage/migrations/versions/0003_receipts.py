"""Bank files, receipts and proposals of cash application."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BANK_SQL = Path(__file__).with_name("0003_bank.sql")

_BANK_TABLES = ("bank_payer", "bank_line", "bank_statement", "bank_file", "bank_account", "bank_layout")
"""Each before those that it refers to."""

_MATCHING_SQL = Path(__file__).with_suffix(".sql")

_MATCHING_TABLES = ("proposal", "parked_receipt", "match_rule")


def upgrade() -> None:
    """Creates what bank files and cash application need."""
    _bank_up()
    _matching_up()


def downgrade() -> None:
    """Takes it away again."""
    _matching_down()
    _bank_down()


def _bank_up() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(_BANK_SQL.read_text(encoding="utf-8"))
    for table in _BANK_TABLES:
        connection.exec_driver_sql(
            f"grant select, insert, update, delete on {table} to tieout_app;"
            f"alter table {table} enable row level security;"
            f"create policy own_company on {table} "
            "using (company_id = nullif(current_setting('tieout.company', true), '')::uuid)"
        )


def _bank_down() -> None:
    for table in _BANK_TABLES:
        op.drop_table(table)


def _matching_up() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(_MATCHING_SQL.read_text(encoding="utf-8"))
    for table in _MATCHING_TABLES:
        connection.exec_driver_sql(
            f"grant select, insert, update, delete on {table} to tieout_app;"
            f"alter table {table} enable row level security;"
            f"create policy own_company on {table} "
            "using (company_id = nullif(current_setting('tieout.company', true), '')::uuid)"
        )


def _matching_down() -> None:
    for table in _MATCHING_TABLES:
        op.drop_table(table)
