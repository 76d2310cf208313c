"""The first schema."""

from alembic import op

from storage.row_security import security_statements
from storage.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates every table and binds the application's role."""
    metadata.create_all(op.get_bind())
    for statement in security_statements():
        op.execute(statement)


def downgrade() -> None:
    """Drops everything."""
    metadata.drop_all(op.get_bind())
