"""The sentence that is stored with an application."""

from matching.amounts import Fitting, places
from matching.claims import Claim
from matching.evidence import Candidate, Found
from matching.facts import Document
from matching.payers import Standing
from matching.reasons import ALL_OWED, OLDEST_FIRST, STRANGER, TOGETHER, Reason


def explain(claim: Claim, chosen: Candidate, amount: int) -> Reason:
    """Why `amount` of the claim is set against the document."""
    document, fit = chosen.document, chosen.fitting
    paid = claim.paid if claim.paid is not None else amount
    found = STRANGER if chosen.found is Found.NAMED and chosen.standing <= Standing.GROUP else chosen.found.value
    return Reason(found, fit.fit.value, _values(claim, document, paid, fit))


def explain_together(claim: Claim, chosen: Candidate, count: int, *, all_owed: bool) -> Reason:
    """Why the document is one of several that the claim pays."""
    values = _values(claim, chosen.document, claim.paid or 0, chosen.fitting) | {"count": str(count)}
    return Reason(Found.UNNAMED.value, ALL_OWED if all_owed else TOGETHER, values)


def explain_oldest(claim: Claim, chosen: Candidate) -> Reason:
    """Why the document is paid before younger ones."""
    return Reason("", OLDEST_FIRST, _values(claim, chosen.document, claim.paid or 0, chosen.fitting))


def _values(claim: Claim, document: Document, paid: int, fit: Fitting) -> dict[str, str]:
    shown = places(document.currency)
    open_ = fit.applied if abs(paid) > abs(fit.applied) else paid + fit.difference
    return {
        "reference": claim.reference,
        "number": document.number,
        "payer": claim.receipt.payer or document.customer_name,
        "paid": grouped(paid, shown),
        "open": grouped(open_, shown),
        "difference": grouped(abs(fit.difference), shown),
        "percent": f"{fit.percent / 100:g}",
    }


def grouped(minor: int, shown: int) -> str:
    """An amount as people read it, "-1,234.50"."""
    sign, whole = ("-" if minor < 0 else ""), abs(minor)
    return f"{sign}{whole // 10**shown:,}" + (f".{whole % 10**shown:0{shown}d}" if shown else "")
