alter table dispute add column due_at timestamp with time zone;
alter table dispute add column round smallint default '1' not null;
alter table dispute add column reopens_id uuid;
alter table dispute add column proposal jsonb default '{}'::jsonb not null;
alter table dispute add column credited bigint default '0' not null;
alter table dispute add column note text default '' not null;
alter table dispute add column escalated_at timestamp with time zone;
create index ix_dispute_statement on dispute (company_id, statement_id);

CREATE TABLE dispute_message (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    dispute_id UUID NOT NULL,
    author_kind TEXT NOT NULL,
    author_id UUID,
    author TEXT NOT NULL,
    body TEXT NOT NULL,
    public BOOLEAN NOT NULL,
    idempotency_key TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_dispute_message PRIMARY KEY (company_id, id),
    CONSTRAINT fk_dispute_message_company_id_dispute_id FOREIGN KEY(company_id, dispute_id) REFERENCES dispute (company_id, id),
    CONSTRAINT uq_dispute_message_company_id_idempotency_key UNIQUE (company_id, idempotency_key),
    CONSTRAINT fk_dispute_message_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
CREATE INDEX ix_dispute_message_dispute ON dispute_message (company_id, dispute_id, at);
CREATE TABLE promise (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    statement_id UUID NOT NULL,
    answer_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    currency CHAR(3) NOT NULL,
    amount BIGINT NOT NULL,
    due_on DATE NOT NULL,
    status TEXT DEFAULT 'open' NOT NULL,
    received BIGINT DEFAULT '0' NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_promise PRIMARY KEY (company_id, id),
    CONSTRAINT fk_promise_company_id_statement_id FOREIGN KEY(company_id, statement_id) REFERENCES statement (company_id, id),
    CONSTRAINT fk_promise_company_id_answer_id FOREIGN KEY(company_id, answer_id) REFERENCES answer (company_id, id),
    CONSTRAINT fk_promise_company_id_customer_id FOREIGN KEY(company_id, customer_id) REFERENCES customer (company_id, id),
    CONSTRAINT ck_promise_amount_positive CHECK (amount > 0),
    CONSTRAINT fk_promise_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
CREATE INDEX ix_promise_customer ON promise (company_id, customer_id, status);
CREATE INDEX ix_promise_statement ON promise (company_id, statement_id);
CREATE TABLE payment_hint (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    statement_id UUID NOT NULL,
    answer_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    currency CHAR(3) NOT NULL,
    amount BIGINT NOT NULL,
    paid_on DATE NOT NULL,
    reference TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT 'open' NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_payment_hint PRIMARY KEY (company_id, id),
    CONSTRAINT fk_payment_hint_company_id_statement_id FOREIGN KEY(company_id, statement_id) REFERENCES statement (company_id, id),
    CONSTRAINT fk_payment_hint_company_id_answer_id FOREIGN KEY(company_id, answer_id) REFERENCES answer (company_id, id),
    CONSTRAINT fk_payment_hint_company_id_customer_id FOREIGN KEY(company_id, customer_id) REFERENCES customer (company_id, id),
    CONSTRAINT ck_payment_hint_amount_positive CHECK (amount > 0),
    CONSTRAINT fk_payment_hint_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
CREATE INDEX ix_payment_hint_customer ON payment_hint (company_id, customer_id, status);
CREATE INDEX ix_payment_hint_statement ON payment_hint (company_id, statement_id);
CREATE TABLE attachment (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    filename TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    author_kind TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_attachment PRIMARY KEY (company_id, id),
    CONSTRAINT fk_attachment_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
CREATE INDEX ix_attachment_subject ON attachment (company_id, subject_kind, subject_id);
CREATE TABLE feedback (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    statement_id UUID NOT NULL,
    answer_id UUID NOT NULL,
    contact_id UUID,
    score SMALLINT NOT NULL,
    body TEXT DEFAULT '' NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_feedback PRIMARY KEY (company_id, id),
    CONSTRAINT fk_feedback_company_id_statement_id FOREIGN KEY(company_id, statement_id) REFERENCES statement (company_id, id),
    CONSTRAINT fk_feedback_company_id_answer_id FOREIGN KEY(company_id, answer_id) REFERENCES answer (company_id, id),
    CONSTRAINT ck_feedback_known_score CHECK (score between 1 and 3),
    CONSTRAINT fk_feedback_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
CREATE INDEX ix_feedback_statement ON feedback (company_id, statement_id);
CREATE TABLE adjustment (
    company_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    customer_id UUID NOT NULL,
    item_id UUID NOT NULL,
    dispute_id UUID,
    currency CHAR(3) NOT NULL,
    amount BIGINT NOT NULL,
    effective_on DATE NOT NULL,
    reason TEXT NOT NULL,
    status TEXT DEFAULT 'asked' NOT NULL,
    asked_by UUID,
    credit_item_id UUID,
    number TEXT DEFAULT '' NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_adjustment PRIMARY KEY (company_id, id),
    CONSTRAINT fk_adjustment_company_id_customer_id FOREIGN KEY(company_id, customer_id) REFERENCES customer (company_id, id),
    CONSTRAINT fk_adjustment_company_id_item_id FOREIGN KEY(company_id, item_id) REFERENCES open_item (company_id, id),
    CONSTRAINT ck_adjustment_known_kind CHECK (kind in ('credit_memo','write_off')),
    CONSTRAINT ck_adjustment_amount_positive CHECK (amount > 0),
    CONSTRAINT fk_adjustment_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
CREATE INDEX ix_adjustment_item ON adjustment (company_id, item_id, status);
