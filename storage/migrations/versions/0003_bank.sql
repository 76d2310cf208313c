CREATE TABLE bank_layout (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_bank_layout PRIMARY KEY (company_id, id),
    CONSTRAINT uq_bank_layout_company_id_name UNIQUE (company_id, name),
    CONSTRAINT fk_bank_layout_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);

CREATE TABLE bank_account (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    account TEXT NOT NULL,
    currency CHAR(3) NOT NULL,
    bank TEXT DEFAULT '' NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_bank_account PRIMARY KEY (company_id, id),
    CONSTRAINT uq_bank_account_company_id_account_currency UNIQUE (company_id, account, currency),
    CONSTRAINT fk_bank_account_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);

CREATE TABLE bank_file (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    filename TEXT NOT NULL,
    format TEXT NOT NULL,
    layout TEXT DEFAULT '' NOT NULL,
    content BYTEA NOT NULL,
    state TEXT NOT NULL,
    ties BOOLEAN,
    counts JSONB DEFAULT '{}'::jsonb NOT NULL,
    findings JSONB NOT NULL,
    imported_by UUID,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason TEXT DEFAULT '' NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_bank_file PRIMARY KEY (company_id, id),
    CONSTRAINT uq_bank_file_company_id_sha256_layout UNIQUE (company_id, sha256, layout),
    CONSTRAINT ck_bank_file_known_state CHECK (state in ('held','posted','discarded')),
    CONSTRAINT fk_bank_file_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);

CREATE TABLE bank_statement (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    file_id UUID NOT NULL,
    account_id UUID NOT NULL,
    number TEXT DEFAULT '' NOT NULL,
    place INTEGER NOT NULL,
    opening BIGINT,
    closing BIGINT,
    moved BIGINT,
    opening_date DATE,
    closing_date DATE,
    ties BOOLEAN,
    difference TEXT,
    lines INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_bank_statement PRIMARY KEY (company_id, id),
    CONSTRAINT fk_bank_statement_company_id_file_id FOREIGN KEY(company_id, file_id) REFERENCES bank_file (company_id, id),
    CONSTRAINT fk_bank_statement_company_id_account_id FOREIGN KEY(company_id, account_id) REFERENCES bank_account (company_id, id),
    CONSTRAINT fk_bank_statement_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);

CREATE INDEX ix_bank_statement_account ON bank_statement (company_id, account_id, closing_date);

CREATE TABLE bank_line (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    file_id UUID NOT NULL,
    account_id UUID NOT NULL,
    line_key TEXT NOT NULL,
    row_number INTEGER,
    booked_on DATE NOT NULL,
    value_date DATE,
    currency CHAR(3) NOT NULL,
    amount BIGINT NOT NULL,
    reversal BOOLEAN DEFAULT 'false' NOT NULL,
    reference TEXT DEFAULT '' NOT NULL,
    bank_reference TEXT DEFAULT '' NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    payer TEXT DEFAULT '' NOT NULL,
    payer_account TEXT DEFAULT '' NOT NULL,
    state TEXT NOT NULL,
    customer_id UUID,
    item_id UUID,
    found_by TEXT DEFAULT '' NOT NULL,
    decided_by UUID,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_bank_line PRIMARY KEY (company_id, id),
    CONSTRAINT fk_bank_line_company_id_file_id FOREIGN KEY(company_id, file_id) REFERENCES bank_file (company_id, id),
    CONSTRAINT fk_bank_line_company_id_account_id FOREIGN KEY(company_id, account_id) REFERENCES bank_account (company_id, id),
    CONSTRAINT fk_bank_line_company_id_customer_id FOREIGN KEY(company_id, customer_id) REFERENCES customer (company_id, id),
    CONSTRAINT fk_bank_line_company_id_item_id FOREIGN KEY(company_id, item_id) REFERENCES open_item (company_id, id),
    CONSTRAINT uq_bank_line_company_id_account_id_line_key UNIQUE (company_id, account_id, line_key),
    CONSTRAINT ck_bank_line_known_state CHECK (state in ('posted','unassigned','outgoing','set_aside')),
    CONSTRAINT ck_bank_line_posted_has_item CHECK ((state = 'posted') = (item_id is not null)),
    CONSTRAINT fk_bank_line_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);

CREATE INDEX ix_bank_line_state ON bank_line (company_id, state, booked_on);

CREATE TABLE bank_payer (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    key TEXT NOT NULL,
    shown TEXT NOT NULL,
    customer_id UUID NOT NULL,
    learned_by UUID,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_bank_payer PRIMARY KEY (company_id, id),
    CONSTRAINT fk_bank_payer_company_id_customer_id FOREIGN KEY(company_id, customer_id) REFERENCES customer (company_id, id),
    CONSTRAINT uq_bank_payer_company_id_key UNIQUE (company_id, key),
    CONSTRAINT fk_bank_payer_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
