"""A chat account is a person's only once the person has confirmed it; those that were typed in are asked again."""

from alembic import op

revision = "0008"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keeps the workspace, when it was asked and when it was confirmed; one confirmed account is one person's."""
    op.execute(
        "alter table app_user add column slack_team_id text, add column slack_asked_at timestamp with time zone,"
        " add column slack_confirmed_at timestamp with time zone"
    )
    op.execute(
        "create unique index uq_app_user_chat on app_user (company_id, slack_team_id, slack_user_id)"
        " where slack_confirmed_at is not null"
    )


def downgrade() -> None:
    """Forgets who has confirmed."""
    op.execute("drop index uq_app_user_chat")
    op.execute(
        "alter table app_user drop column slack_team_id, drop column slack_asked_at, drop column slack_confirmed_at"
    )
