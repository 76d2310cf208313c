"""The ledger's two long tables check less per row: what their customer and items already prove is not proved again."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drops the checks, and takes away the right that made one of them needed: a source can only be added."""
    op.execute("alter table open_item drop constraint fk_open_item_company_id_source_id")
    op.execute("alter table open_item drop constraint fk_open_item_company_id")
    op.execute("alter table allocation drop constraint fk_allocation_company_id")
    op.execute("revoke update, delete on source from tieout_app")


def downgrade() -> None:
    """Puts them back; fails where a row has lost its company or source."""
    op.execute("grant update, delete on source to tieout_app")
    op.execute(
        "alter table allocation add constraint fk_allocation_company_id"
        " foreign key (company_id) references company (id)"
    )
    op.execute(
        "alter table open_item add constraint fk_open_item_company_id foreign key (company_id) references company (id),"
        " add constraint fk_open_item_company_id_source_id"
        " foreign key (company_id, source_id) references source (company_id, id)"
    )
