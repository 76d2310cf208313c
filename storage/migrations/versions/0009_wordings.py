"""A company's own wording of messages, what each message was told with, and credit limits of customers."""

from alembic import op

from storage.migrations.owned_tables import CHANGES, GROWS, own

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLES = """
create table wording (
    company_id uuid not null,
    id uuid not null,
    kind text not null,
    language text not null,
    version integer not null,
    body text not null,
    sha256 text not null,
    drafted_by uuid,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_wording primary key (company_id, id),
    constraint uq_wording_company_id_kind_language_version unique (company_id, kind, language, version),
    constraint fk_wording_company_id foreign key (company_id) references company (id)
);

create table wording_in_force (
    company_id uuid not null,
    id uuid not null,
    kind text not null,
    language text not null,
    wording_id uuid not null,
    request_id uuid not null,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_wording_in_force primary key (company_id, id),
    constraint fk_wording_in_force_company_id_wording_id foreign key (company_id, wording_id)
        references wording (company_id, id),
    constraint fk_wording_in_force_company_id foreign key (company_id) references company (id)
);
create index ix_wording_in_force_newest on wording_in_force (company_id, kind, language, id);

create table told_wording (
    company_id uuid not null,
    id uuid not null,
    wording_id uuid not null,
    variant text not null,
    problem text default '' not null,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_told_wording primary key (company_id, id),
    constraint fk_told_wording_company_id_wording_id foreign key (company_id, wording_id)
        references wording (company_id, id),
    constraint fk_told_wording_company_id_id foreign key (company_id, id) references outbox (company_id, id),
    constraint fk_told_wording_company_id foreign key (company_id) references company (id)
);
create index ix_told_wording_wording on told_wording (company_id, wording_id);

create table credit_limit (
    company_id uuid not null,
    id uuid not null,
    customer_id uuid not null,
    currency char(3) not null,
    amount bigint,
    reason text not null,
    request_id uuid not null,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_credit_limit primary key (company_id, id),
    constraint fk_credit_limit_company_id_customer_id foreign key (company_id, customer_id)
        references customer (company_id, id),
    constraint fk_credit_limit_company_id foreign key (company_id) references company (id)
);
create index ix_credit_limit_newest on credit_limit (company_id, customer_id, currency, id);
"""

_OWNED = {"told_wording": CHANGES, "wording_in_force": GROWS, "wording": GROWS, "credit_limit": GROWS}
"""Each before those that it refers to."""


def upgrade() -> None:
    """Creates the tables and binds the application's role to one company."""
    op.get_bind().exec_driver_sql(_TABLES)
    own(_OWNED)


def downgrade() -> None:
    """Drops them."""
    for table in _OWNED:
        op.drop_table(table)
