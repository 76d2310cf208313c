"""The portal of customers who want one: codes by mail and sessions of their own kind."""

from alembic import op

from storage.migrations.owned_tables import CHANGES, own

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = """
create table portal_code (
    company_id uuid not null,
    id uuid not null,
    contact_id uuid not null,
    ask_hash bytea not null,
    email text not null,
    code_hash text not null,
    tries smallint default '0' not null,
    expires_at timestamp with time zone not null,
    used_at timestamp with time zone,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_portal_code primary key (company_id, id),
    constraint uq_portal_code_company_id_contact_id_ask_hash unique (company_id, contact_id, ask_hash),
    constraint fk_portal_code_company_id foreign key (company_id) references company (id),
    constraint fk_portal_code_company_id_contact_id foreign key (company_id, contact_id)
        references contact (company_id, id)
);
create index ix_portal_code_ask_hash on portal_code (ask_hash);

create table portal_session (
    company_id uuid not null,
    token_hash bytea not null,
    contact_id uuid not null,
    email text not null,
    csrf text not null,
    expires_at timestamp with time zone not null,
    created_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_portal_session primary key (company_id, token_hash),
    constraint fk_portal_session_company_id foreign key (company_id, contact_id) references contact (company_id, id)
);
create index ix_portal_session_token_hash on portal_session (token_hash);
"""

_OWNED = {"portal_code": CHANGES, "portal_session": CHANGES}


def upgrade() -> None:
    """Creates the tables and binds the application's role to one company."""
    op.get_bind().exec_driver_sql(_TABLES)
    own(_OWNED)


def downgrade() -> None:
    """Drops them."""
    for table in _OWNED:
        op.drop_table(table)
