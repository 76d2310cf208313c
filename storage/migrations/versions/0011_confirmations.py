"""Confirmation letters, the role of an auditor, and policies by which the database keeps an audit's replies closed.

`own_company` says which company's rows a transaction sees. The policies here are restrictive: they take away from that
what hangs on an audit's letter, until the auditor releases the round.
"""

from pathlib import Path

from alembic import op

from storage.migrations.owned_tables import own

revision = "0011"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = {
    "confirmation_reply": "select, insert",
    "confirmation_letter": "select, insert, update",
    "confirmation_round": "select, insert, update",
}
"""Each before those that it refers to. Nothing of a confirmation is ever deleted."""

_ROLES = "'clerk','reviewer','manager','compliance','administrator'"

_FOLLOWERS = {
    "outbox": ("confirmation_letter", "confirmation_letter", "subject_id::uuid"),
    "delivery_event": ("confirmation_letter", "confirmation_letter", "subject_id::uuid"),
    "task": ("confirmation_letter", "confirmation_letter", "subject_id::uuid"),
    "attachment": ("confirmation_reply", "confirmation_reply", "subject_id"),
}
"""Table to (kind of subject, the subject's table, its id): a row is seen when its subject is."""


def upgrade() -> None:
    """Creates the tables, lets auditors in, and closes their letters."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    own(_TABLES)
    _known_roles(f"{_ROLES},'auditor'")
    op.get_bind().exec_driver_sql(Path(__file__).with_name("0011_policies.sql").read_text(encoding="utf-8"))
    for table, (kind, subject, id_text) in _FOLLOWERS.items():
        op.execute(
            f"create policy follows_subject on {table} as restrictive using (case when subject_kind = '{kind}' then"
            f" exists (select 1 from {subject} s where s.company_id = {table}.company_id and s.id = {table}.{id_text})"
            " else true end)"
        )


def downgrade() -> None:
    """Takes it away again."""
    for table in _FOLLOWERS:
        op.execute(f"drop policy follows_subject on {table}")
    op.execute("drop policy follows_message on inbound_mail")
    for table in _TABLES:
        op.drop_table(table)
    op.execute("drop function reading_auditor(uuid)")
    op.execute("delete from user_role where role = 'auditor'")
    _known_roles(_ROLES)


def _known_roles(roles: str) -> None:
    op.execute("alter table user_role drop constraint ck_user_role_known_role")
    op.execute(f"alter table user_role add constraint ck_user_role_known_role check (role in ({roles}))")
