"""Credit limits of customers as subjects of an approval: the last vote puts the limit in force."""

from typing import Any
from uuid import UUID

from approvals.request import Request
from ledger.canonical import canonical_json, sha256_hex
from ledger.money import decimal_text
from services.subject_kinds import Description, Facts, Figure, SubjectKind
from storage.audit import SYSTEM, Actor, record
from storage.credit_limits import Limit, limit_now, put_limit
from storage.database import Session
from words.catalog import translate
from words.figures import money_text

CREDIT_LIMIT = "credit_limit"


def limit_digest(proposed: Limit, before: int | None) -> str:
    """What an approver signs: this limit in place of that one, for this reason."""
    signed = [str(proposed.customer_id), proposed.currency, proposed.amount, proposed.reason, before]
    return sha256_hex(canonical_json(signed))


def proposed_limit(facts: Facts) -> Limit:
    """The limit that a request is about."""
    return Limit(UUID(facts["customer_id"]), facts["currency"], facts["amount_minor"], facts["reason"])


async def _digest_now(session: Session, company_id: UUID, _subject_id: str, facts: Facts) -> str:
    """Another one as soon as another limit came into force meanwhile."""
    proposed = proposed_limit(facts)
    return limit_digest(proposed, await limit_now(session, company_id, proposed.customer_id, proposed.currency))


async def _describe(session: Session, company_id: UUID, _subject_id: str, facts: Facts, language: str) -> Description:
    proposed = proposed_limit(facts)
    before = await limit_now(session, company_id, proposed.customer_id, proposed.currency)

    def shown(minor: int | None) -> str:
        if minor is None:
            return translate("no limit", language)
        return money_text(decimal_text(minor, 0, proposed.currency), proposed.currency, language)

    figures = (
        Figure("Credit limit now", shown(before)), Figure("Credit limit proposed", shown(proposed.amount)),
        Figure("Owed when it was proposed", shown(facts["owed_minor"])), Figure("Reason", proposed.reason),
    )  # fmt: skip
    title = translate("Credit limit of customer {customer}", language, customer=facts["customer"])
    return Description(title, figures, (), f"/customers/{proposed.customer_id}#credit")


async def _put_in_force(session: Session, company_id: UUID, request: Request) -> None:
    proposed = proposed_limit(request.facts)
    await put_limit(session, company_id, proposed, request.id)
    actor = SYSTEM if request.closed_by is None else Actor("user", request.closed_by)
    facts: dict[str, Any] = {
        "currency": proposed.currency, "amount": proposed.amount, "reason": proposed.reason, "request": str(request.id),
    }  # fmt: skip
    await record(session, company_id, actor, "credit_limit_set", ("customer", str(proposed.customer_id)), facts)


CREDIT_SUBJECTS = {CREDIT_LIMIT: SubjectKind(_digest_now, _describe, effect=_put_in_force)}
