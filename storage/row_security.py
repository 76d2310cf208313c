"""The statements that bind the application's role to one company and to insert-only tables."""

from collections.abc import Iterator

from storage.database import APPLICATION_ROLE
from storage.schema import INSERT_ONLY_TABLES, UNOWNED_TABLES, metadata


def security_statements() -> Iterator[str]:
    """SQL, in order, safe to run again: role, grants, and one policy per owned table."""
    yield (
        f"do $$ begin create role {APPLICATION_ROLE} nologin; "
        "exception when duplicate_object or unique_violation then null; end $$"
    )
    yield f"grant {APPLICATION_ROLE} to current_user"
    yield f"grant usage on schema public to {APPLICATION_ROLE}"
    for table in metadata.sorted_tables:
        rights = "select, insert" if table.name in INSERT_ONLY_TABLES else "select, insert, update, delete"
        yield f"revoke all on {table.name} from {APPLICATION_ROLE}"
        yield f"grant {rights} on {table.name} to {APPLICATION_ROLE}"
        if table.name in UNOWNED_TABLES - {"company"}:
            continue
        column = "id" if table.name == "company" else "company_id"
        yield f"alter table {table.name} enable row level security"
        yield f"drop policy if exists own_company on {table.name}"
        yield (
            f"create policy own_company on {table.name} "
            f"using ({column} = nullif(current_setting('tieout.company', true), '')::uuid)"
        )
    yield f"grant usage on all sequences in schema public to {APPLICATION_ROLE}"
