CREATE TABLE reconciliation (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    statement_id UUID NOT NULL,
    digest TEXT NOT NULL,
    author_kind TEXT NOT NULL,
    author_id UUID NOT NULL,
    filename TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    wish JSONB DEFAULT '{}'::jsonb NOT NULL,
    reports JSONB DEFAULT '{}'::jsonb NOT NULL,
    bridge_sha256 TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_reconciliation PRIMARY KEY (company_id, id),
    CONSTRAINT fk_reconciliation_company_id_statement_id FOREIGN KEY(company_id, statement_id) REFERENCES statement (company_id, id),
    CONSTRAINT fk_reconciliation_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
CREATE INDEX ix_reconciliation_statement ON reconciliation (company_id, statement_id, recorded_at);
CREATE TABLE bridge_acceptance (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    reconciliation_id UUID NOT NULL,
    side TEXT NOT NULL,
    author_id UUID NOT NULL,
    name TEXT NOT NULL,
    position TEXT DEFAULT '' NOT NULL,
    bridge_sha256 TEXT NOT NULL,
    address_prefix TEXT DEFAULT '' NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_bridge_acceptance PRIMARY KEY (company_id, id),
    CONSTRAINT fk_bridge_acceptance_company_id_reconciliation_id FOREIGN KEY(company_id, reconciliation_id) REFERENCES reconciliation (company_id, id),
    CONSTRAINT uq_bridge_acceptance_company_id_reconciliation_id_side UNIQUE (company_id, reconciliation_id, side),
    CONSTRAINT ck_bridge_acceptance_known_side CHECK (side in ('company', 'customer')),
    CONSTRAINT fk_bridge_acceptance_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
