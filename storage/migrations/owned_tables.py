"""What migrations do to every new table of a company. They were run as they stand here: a change needs another name."""

from alembic import op

GROWS = "select, insert"
"""Rights on a table whose rows only grow."""

CHANGES = "select, insert, update, delete"


def own(tables: dict[str, str]) -> None:
    """Lets the application's role do what is named with each table, within the company of its transaction."""
    for table, rights in tables.items():
        op.execute(f"grant {rights} on {table} to tieout_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy own_company on {table}"
            " using (company_id = nullif(current_setting('tieout.company', true), '')::uuid)"
        )
