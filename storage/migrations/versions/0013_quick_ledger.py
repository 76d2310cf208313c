"""A whole file's rows are checked against their customers at once, not one by one."""

from alembic import op

revision = "0013"
down_revision = "0007"
branch_labels = None
depends_on = None

_CHECK = """
create function open_item_has_customer() returns trigger language plpgsql as $$
begin
  if exists (
    select from (select distinct company_id, customer_id from added) a
    where not exists (
      select from customer c where c.company_id = a.company_id and c.id = a.customer_id
      offset 0 -- by the index, one customer after the other: joined, new customers without statistics are a nested loop
    )
  ) then
    raise foreign_key_violation using message = 'an open item names a customer that is not there';
  end if;
  return null;
end $$
"""


def upgrade() -> None:
    """Replaces the reference by a check per statement; what made the reference needed, a customer that goes, cannot be.

    Asking for each of a million rows cost a quarter of their import.
    """
    op.execute("revoke delete on customer from tieout_app")
    op.execute("alter table open_item drop constraint fk_open_item_company_id_customer_id")
    op.execute(_CHECK)
    op.execute(
        "create trigger open_item_has_customer after insert on open_item"
        " referencing new table as added for each statement execute function open_item_has_customer()"
    )


def downgrade() -> None:
    """Puts the reference back; fails where an item has lost its customer."""
    op.execute("drop trigger open_item_has_customer on open_item")
    op.execute("drop function open_item_has_customer()")
    op.execute(
        "alter table open_item add constraint fk_open_item_company_id_customer_id"
        " foreign key (company_id, customer_id) references customer (company_id, id)"
    )
    op.execute("grant delete on customer to tieout_app")
