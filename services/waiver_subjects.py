"""Waivers: a difference at the tie-out gate, or a compliance finding, that people decide to live with."""

from typing import Any
from uuid import UUID

from approvals.request import Request
from ledger.canonical import canonical_json, sha256_hex
from services.subject_kinds import Description, Facts, Figure, SubjectKind, SubjectUnknown
from statements.compliance import SENTENCES
from storage.approval_subjects import finding_row, waive_finding
from storage.audit import SYSTEM, Actor, record
from storage.database import Session
from storage.jobs import insert_due
from words.catalog import translate

TIE_OUT_CHECK = "tie_out"
"""The check under which the gate of a run keeps its differences."""

TIE_OUT_WAIVER = "tie_out_waiver"
FINDING_WAIVER = "finding_waiver"
WAIVERS = (TIE_OUT_WAIVER, FINDING_WAIVER)

_TIE_OUT_FIGURES = {
    "period": "Period", "customer": "Customer", "currency": "Currency", "left": "Left side", "right": "Right side",
    "difference": "Difference",
}  # fmt: skip
"""Fact of a difference to the label under which people know it."""


def waiver_kind(check: str) -> str:
    """Which kind of waiver a finding of this check asks for."""
    return TIE_OUT_WAIVER if check == TIE_OUT_CHECK else FINDING_WAIVER


def finding_digest(row: dict[str, Any]) -> str:
    """What a waiver signs. A difference is signed with its amounts; other findings may age while people decide."""
    signed = {name: row[name] for name in ("check_name", "subject_kind", "subject_id", "severity", "code")}
    amounts = {"facts": row["facts"]} if row["check_name"] == TIE_OUT_CHECK else {}
    return sha256_hex(canonical_json({**signed, **amounts}))


class _Told(dict[str, object]):
    """Values of a sentence; one that a finding does not have is written as its own place."""

    def __missing__(self, name: str) -> str:
        return f"[{name}]"


def finding_sentence(code: str, subject: str, facts: Facts, language: str) -> str:
    """What was found, in the reader's language."""
    sentence, _ = SENTENCES.get(code, (code.replace("_", " "), ""))
    told = {name: "; ".join(map(str, value)) if isinstance(value, list) else value for name, value in facts.items()}
    return translate(sentence, language).format_map(_Told({"subject": subject, **told}))


async def _digest_now(session: Session, company_id: UUID, subject_id: str, _facts: Facts) -> str:
    row = await finding_row(session, company_id, UUID(subject_id))
    return "" if row is None or row["status"] != "open" else finding_digest(row)


async def _describe(session: Session, company_id: UUID, subject_id: str, facts: Facts, language: str) -> Description:
    row = await finding_row(session, company_id, UUID(subject_id))
    if row is None:
        raise SubjectUnknown(kind="finding", id=subject_id)
    reason = Figure("Reason", str(facts.get("reason", "")))
    found = row["facts"]
    if row["check_name"] != TIE_OUT_CHECK:
        sentence = finding_sentence(row["code"], f"{row['subject_kind']} {row['subject_id']}", found, language)
        return Description(translate("Waiver: {finding}", language, finding=sentence), (reason,), (), "/compliance")
    figures = tuple(Figure(label, str(found[name])) for name, label in _TIE_OUT_FIGURES.items() if found.get(name))
    check = {"label": found.get("equation", ""), "holds": False, "difference": found.get("difference", "")}
    title = translate("Waiver of a tie-out difference in {period}", language, period=found.get("period", ""))
    return Description(title, (*figures, reason), (check,), "/exceptions")


async def _waive(session: Session, company_id: UUID, request: Request) -> None:
    """Ends the finding as waived, and lets runs that wait at their gate look again."""
    await waive_finding(session, company_id, UUID(request.subject_id))
    actor = SYSTEM if request.closed_by is None else Actor("user", request.closed_by)
    facts = {"reason": request.facts.get("reason", ""), "check": request.facts.get("check", ""),
             "code": request.facts.get("code", ""), "request": str(request.id)}  # fmt: skip
    await record(session, company_id, actor, "finding_waived", ("finding", request.subject_id), facts)
    if request.subject_kind == TIE_OUT_WAIVER:
        await insert_due(session, company_id, "advance_runs", f"waiver/{request.id}")


WAIVER_SUBJECTS = dict.fromkeys(WAIVERS, SubjectKind(_digest_now, _describe, effect=_waive))
