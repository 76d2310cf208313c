"""Every table of the house, for SQLAlchemy Core. The company id leads every key; row-level security holds it.

Amounts are BIGINT minor units beside CHAR(3) currency codes; instants are timestamptz; ids are UUIDv7.
"""

from storage.schema.answers import (
    adjustment,
    answer,
    attachment,
    chase,
    dispute,
    dispute_message,
    feedback,
    payment_hint,
    promise,
)
from storage.schema.approvals import (
    access_token,
    approval_act,
    approval_policy,
    approval_request,
    approval_task,
    approval_timer,
    delegation,
)
from storage.schema.bank import bank_account, bank_file, bank_layout, bank_line, bank_payer, bank_statement
from storage.schema.base import metadata
from storage.schema.confirmations import confirmation_letter, confirmation_reply, confirmation_round
from storage.schema.ledger import (
    allocation,
    control_balance,
    import_file,
    open_item,
    profile,
    raw_record,
    shared_profile,
    source,
)
from storage.schema.messages import (
    delivery_attempt,
    delivery_event,
    inbound_mail,
    message_preference,
    outbox,
    send_throttle,
    suppression,
    task,
)
from storage.schema.people import app_user, company, contact, customer, login_attempt, user_role, user_session
from storage.schema.portal import portal_code, portal_session
from storage.schema.receipts import match_rule, parked_receipt, proposal
from storage.schema.reconciliations import bridge_acceptance, reconciliation
from storage.schema.statements import aging_policy, finding, run_batch, statement, statement_run
from storage.schema.trail import audit_event, audit_head, backup, caught_message, idempotency, job
from storage.schema.wordings import credit_limit, told_wording, wording, wording_in_force

UNOWNED_TABLES = frozenset({"company", "login_attempt", "caught_message", "shared_profile"})
"""No company id: the list of companies, sign-in limits that know no company yet, the /dev catcher, and the profiles
added for all companies, which each company copies when it first uses them."""

INSERT_ONLY_TABLES = frozenset(
    {
        "answer",
        "approval_act",
        "attachment",
        "audit_event",
        "bridge_acceptance",
        "confirmation_reply",
        "credit_limit",
        "delivery_attempt",
        "delivery_event",
        "dispute_message",
        "feedback",
        "inbound_mail",
        "reconciliation",
        "source",
        "wording",
        "wording_in_force",
    }
)
"""The application's role may not update or delete these."""

__all__ = [
    "INSERT_ONLY_TABLES",
    "UNOWNED_TABLES",
    "access_token",
    "adjustment",
    "aging_policy",
    "allocation",
    "answer",
    "app_user",
    "approval_act",
    "approval_policy",
    "approval_request",
    "approval_task",
    "approval_timer",
    "attachment",
    "audit_event",
    "audit_head",
    "backup",
    "bank_account",
    "bank_file",
    "bank_layout",
    "bank_line",
    "bank_payer",
    "bank_statement",
    "bridge_acceptance",
    "caught_message",
    "chase",
    "company",
    "confirmation_letter",
    "confirmation_reply",
    "confirmation_round",
    "contact",
    "control_balance",
    "credit_limit",
    "customer",
    "delegation",
    "delivery_attempt",
    "delivery_event",
    "dispute",
    "dispute_message",
    "feedback",
    "finding",
    "idempotency",
    "import_file",
    "inbound_mail",
    "job",
    "login_attempt",
    "match_rule",
    "message_preference",
    "metadata",
    "open_item",
    "outbox",
    "parked_receipt",
    "payment_hint",
    "portal_code",
    "portal_session",
    "profile",
    "promise",
    "proposal",
    "raw_record",
    "reconciliation",
    "run_batch",
    "send_throttle",
    "shared_profile",
    "source",
    "statement",
    "statement_run",
    "suppression",
    "task",
    "told_wording",
    "user_role",
    "user_session",
    "wording",
    "wording_in_force",
]
