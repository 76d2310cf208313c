"""Messages beyond the first schema: mail that comes in, and what people want to hear."""

from alembic import op

from storage.migrations.owned_tables import CHANGES, GROWS, own

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = """
create index ix_outbox_customer on outbox (company_id, customer_id) where customer_id is not null;

create table inbound_mail (
    company_id uuid not null,
    id uuid not null,
    digest text not null,
    kind text not null,
    sender text default '' not null,
    title text default '' not null,
    words text default '' not null,
    outbox_id uuid,
    customer_id uuid,
    content bytea not null,
    at timestamp with time zone default clock_timestamp() not null,
    constraint pk_inbound_mail primary key (company_id, id),
    constraint uq_inbound_mail_company_id_digest unique (company_id, digest),
    constraint fk_inbound_mail_company_id foreign key (company_id) references company (id)
);
create index ix_inbound_mail_outbox on inbound_mail (company_id, outbox_id);

create table message_preference (
    company_id uuid not null,
    person_id uuid not null,
    channels jsonb default '[]'::jsonb not null,
    opted_out jsonb default '[]'::jsonb not null,
    quiet text,
    timezone text,
    digest_above integer,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_message_preference primary key (company_id, person_id),
    constraint fk_message_preference_company_id foreign key (company_id) references company (id)
);
"""

_OWNED = {"inbound_mail": GROWS, "message_preference": CHANGES}


def upgrade() -> None:
    """Creates the tables and binds the application's role to one company."""
    op.get_bind().exec_driver_sql(_TABLES)
    own(_OWNED)


def downgrade() -> None:
    """Drops them."""
    for table in _OWNED:
        op.drop_table(table)
    op.drop_index("ix_outbox_customer", "outbox")
