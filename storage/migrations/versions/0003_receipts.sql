create table proposal (
    company_id uuid not null,
    id uuid not null,
    receipt_id uuid not null,
    document_id uuid not null,
    amount bigint not null,
    band text not null,
    reason_en text not null,
    reason_zh text not null,
    state text default 'waiting' not null,
    allocation_id uuid,
    decided_by uuid,
    decided_at timestamp with time zone,
    row_version integer default 1 not null,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_proposal primary key (company_id, id),
    constraint fk_proposal_company_id foreign key (company_id) references company (id),
    constraint fk_proposal_company_id_receipt_id foreign key (company_id, receipt_id)
        references open_item (company_id, id),
    constraint fk_proposal_company_id_document_id foreign key (company_id, document_id)
        references open_item (company_id, id),
    constraint fk_proposal_company_id_allocation_id foreign key (company_id, allocation_id)
        references allocation (company_id, id),
    constraint ck_proposal_amount_positive check (amount > 0),
    constraint ck_proposal_known_band check (band in ('auto','review')),
    constraint ck_proposal_known_state check (state in ('waiting','applied','refused','lapsed','undone')),
    constraint ck_proposal_applied_has_allocation
        check ((state in ('applied','undone')) = (allocation_id is not null))
);
create index ix_proposal_receipt on proposal (company_id, receipt_id);
create unique index uq_proposal_waiting on proposal (company_id, receipt_id, document_id) where state = 'waiting';

create table parked_receipt (
    company_id uuid not null,
    id uuid not null,
    receipt_id uuid not null,
    reason text default '' not null,
    parked_by uuid,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_parked_receipt primary key (company_id, id),
    constraint fk_parked_receipt_company_id foreign key (company_id) references company (id),
    constraint fk_parked_receipt_company_id_receipt_id foreign key (company_id, receipt_id)
        references open_item (company_id, id),
    constraint uq_parked_receipt_company_id_receipt_id unique (company_id, receipt_id)
);

create table match_rule (
    company_id uuid not null,
    id uuid not null,
    kind text not null,
    writing text default '' not null,
    customer_id uuid not null,
    learned_by uuid,
    recorded_at timestamp with time zone default clock_timestamp() not null,
    constraint pk_match_rule primary key (company_id, id),
    constraint fk_match_rule_company_id foreign key (company_id) references company (id),
    constraint fk_match_rule_company_id_customer_id foreign key (company_id, customer_id)
        references customer (company_id, id),
    constraint ck_match_rule_known_kind check (kind in ('pays_for','oldest_first')),
    constraint ck_match_rule_writing_when_paying check ((kind = 'pays_for') = (writing <> '')),
    constraint uq_match_rule_company_id_kind_writing_customer_id unique (company_id, kind, writing, customer_id)
);
