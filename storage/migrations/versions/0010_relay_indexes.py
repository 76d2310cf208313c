"""The relay finds what is due, under way, uncertain or tried by an index of its own, however long the queue is."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index for each question of a relay's round, and one for a message's attempts."""
    op.execute("drop index ix_outbox_due")
    op.execute("create index ix_outbox_due on outbox (company_id, lane, next_at) where state = 'pending'")
    op.execute("create index ix_outbox_sending on outbox (company_id) where state = 'sending'")
    op.execute("create index ix_outbox_uncertain on outbox (company_id, next_at) where state = 'uncertain'")
    op.execute("create index ix_delivery_attempt_outbox on delivery_attempt (company_id, outbox_id, number)")


def downgrade() -> None:
    """Back to one index for all that is open."""
    op.execute("drop index ix_delivery_attempt_outbox")
    op.execute("drop index ix_outbox_uncertain")
    op.execute("drop index ix_outbox_sending")
    op.execute("drop index ix_outbox_due")
    op.execute(
        "create index ix_outbox_due on outbox (company_id, lane, next_at)"
        " where state in ('pending','sending','uncertain')"
    )
