"""How every table is made: company id first, text and instants as PostgreSQL keeps them best."""

from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def instant(name: str, *, required: bool = True) -> Column[object]:
    """A moment in UTC."""
    return Column(name, DateTime(timezone=True), nullable=not required)


def recorded(name: str = "recorded_at") -> Column[object]:
    """The moment at which the database wrote the row, by its own clock."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())


def text_column(name: str, *, required: bool = True, default: str | None = None) -> Column[str]:
    """Text without a length: PostgreSQL gains nothing from one."""
    return Column(name, Text, nullable=not required, server_default=default)


def json_document(name: str, *, required: bool = True) -> Column[object]:
    """A JSON object; empty unless given, or absent when not required."""
    return Column(name, JSONB, nullable=not required, server_default=text("'{}'::jsonb") if required else None)


def owned_table(name: str, *columns: SchemaItem, company_by_reference: bool = False) -> Table[Any]:
    """A table whose rows belong to one company: (company_id, id) is the key.

    With `company_by_reference` a reference to another owned table, never null, says already that the company exists:
    where rows come by the million, asking the company's one row again for each of them costs a quarter of the whole.
    """
    own_check = () if company_by_reference else (ForeignKeyConstraint(["company_id"], ["company.id"]),)
    return Table(
        name,
        metadata,
        Column("company_id", Uuid, primary_key=True),
        Column("id", Uuid, primary_key=True),
        *columns,
        *own_check,
    )


def reference(table: str, column: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the company."""
    return ForeignKeyConstraint(["company_id", column], [f"{table}.company_id", f"{table}.id"])
