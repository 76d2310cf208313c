"""Runs the compliance checks, keeps their findings, and tells the compliance officers once a day."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.end_waivers import end_waivers
from services.tell_staff import DEFAULT_CHANNEL, tell_staff
from statements.compliance import CHECKS, SENTENCES, Facts, run_checks
from storage.audit import SYSTEM, record
from storage.companies import Company
from storage.compliance_facts import (
    audit_fact,
    backup_fact,
    decision_facts,
    document_facts,
    policy_facts,
    sent_facts,
    unapplied_facts,
    waiting_facts,
)
from storage.database import Database, Session, transaction
from storage.findings import NewFinding, StoredFinding, count_findings, fix_absent, keep_findings, list_findings
from words.catalog import translate
from words.refusal import Refusal

DIGEST_FINDINGS = 50
"""A mail lists this many findings; the page has the rest."""

LISTED_FINDINGS = 1_000
"""What one command prints; more is a page's work."""


class CheckUnknown(Refusal):
    """No check has that name."""

    code = "check_unknown"
    sentence = "There is no check named {name}."
    remedy = "The checks are: {names}."


async def check_compliance(
    engine: Database,
    company: Company,
    today: date,
    names: Sequence[str] | None = None,
    slack_channel: str = DEFAULT_CHANNEL,
) -> dict[str, Any]:
    """Runs the named checks or all of them, closes what is no longer true, and answers counts and open findings."""
    wanted = list(names or CHECKS)
    for name in wanted:
        if name not in CHECKS:
            raise CheckUnknown(name=name, names=", ".join(CHECKS))
    async with transaction(engine, company.id) as session:
        breaches = run_checks(await gather_facts(session, company, today, wanted), wanted)
        found = [
            NewFinding(b.check, b.subject_kind, b.subject_id, b.severity, b.code, b.facts, b.key) for b in breaches
        ]
        counts = await keep_findings(session, company.id, wanted, found)
        fixed = await fix_absent(session, company.id, wanted, [breach.key for breach in breaches])
        await end_waivers(session, company.id)
        still_open = await list_findings(session, company.id, checks=wanted, limit=LISTED_FINDINGS)
        figures: dict[str, Any] = {
            "day": today.isoformat(), "checks": wanted, "opened": counts["opened"] + counts["reopened"],
            "fixed": fixed, "known": counts["known"], "waived": counts["waived"],
            "open": sum((await count_findings(session, company.id, wanted)).values()),
        }  # fmt: skip
        await record(session, company.id, SYSTEM, "compliance_checked", ("company", company.code), figures)
        if still_open:
            await _tell(session, company, still_open, figures, slack_channel)
    return {**figures, "findings": [finding_json(finding, "en") for finding in still_open]}


async def gather_facts(session: Session, company: Company, today: date, names: Sequence[str]) -> Facts:
    """The facts that the named checks read, and no others."""
    country = company.country
    zone = company.timezone
    needs: tuple[tuple[str, Callable[[Session, UUID], Awaitable[Any]], set[str]], ...] = (
        ("decisions", decision_facts, {"duties_separated"}),
        ("policies", policy_facts, {"duties_separated"}),
        ("sent", sent_facts, {"sent_approved"}),
        ("waiting", lambda s, c: waiting_facts(s, c, zone, country), {"unanswered"}),
        ("documents", document_facts, {"number_gaps", "duplicates"}),
        ("unapplied", lambda s, c: unapplied_facts(s, c, today), {"unapplied_cash"}),
        ("audit", audit_fact, {"audit_chain"}),
        ("backup", lambda s, c: backup_fact(s, c, zone), {"backup_age"}),
    )
    gathered = {field: await gather(session, company.id) for field, gather, checks in needs if checks & set(names)}
    return Facts(today=today, **gathered)


def finding_json(finding: StoredFinding, language: str) -> dict[str, Any]:
    """A finding for people and scripts: its sentence and remedy in the language, with the evidence."""
    message, remedy = finding_text(finding.code, finding.facts, language)
    return {
        "id": str(finding.id),
        "check": finding.check,
        "code": finding.code,
        "severity": finding.severity,
        "subject": {"kind": finding.subject_kind, "id": finding.subject_id},
        "message": message,
        "remedy": remedy,
        "facts": finding.facts,
        "status": finding.status,
        "owner_id": str(finding.owner_id) if finding.owner_id else None,
        "due_on": finding.due_on.isoformat() if finding.due_on else None,
    }


def finding_text(code: str, facts: dict[str, Any], language: str) -> tuple[str, str]:
    """What a finding says and what to do about it, in "zh" or "en"."""
    sentence, remedy = SENTENCES.get(code, (code, ""))
    values = {key: _value_text(value) for key, value in facts.items()}
    return translate(sentence, language, **values), translate(remedy, language) if remedy else ""


def _value_text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


async def _tell(
    session: Session, company: Company, findings: list[StoredFinding], figures: dict[str, Any], slack_channel: str
) -> None:
    listed = [
        {
            "id": str(f.id), "check": f.check, "code": f.code, "severity": f.severity,
            "subject": str(f.facts.get("number") or f.facts.get("subject") or f.subject_id),
            "due_on": f.due_on.isoformat() if f.due_on else None,
            "en": finding_json(f, "en")["message"], "zh": finding_json(f, "zh")["message"],
        }
        for f in findings[:DIGEST_FINDINGS]
    ]  # fmt: skip
    more = max(0, figures["open"] - DIGEST_FINDINGS)
    payload = {"findings": listed, "more": more, "open": figures["open"], "day": figures["day"]}
    await tell_staff(
        session, company.id, "compliance_digest", payload, role="compliance", subject=("company", company.code),
        occasion=f"compliance_digest/{figures['day']}", channel=slack_channel,
    )  # fmt: skip
