"""How much speaks for setting a claim against a document: what was named, whose name it is, how the amount fits.

The points say only which evidence outweighs which; a document is never chosen for its points when another is as near.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from matching import reasons
from matching.amounts import Fit, Fitting
from matching.facts import Document
from matching.memos import Memo
from matching.payers import Standing


class Found(Enum):
    """How a document came to be considered; the value is the clause that says so."""

    NAMED = reasons.NAMED
    MISREAD = reasons.MISREAD
    OTHER_NUMBER = reasons.OTHER_NUMBER
    UNNAMED = reasons.UNNAMED


FOUND_POINTS = {Found.NAMED: 60, Found.MISREAD: 38, Found.OTHER_NUMBER: 0, Found.UNNAMED: 0}

STANDING_POINTS = {
    Standing.KNOWN: 34,
    Standing.SAME: 30,
    Standing.SHORTENED: 26,
    Standing.BRANCH: 16,
    Standing.INITIALS: 16,
    Standing.GROUP: 4,
}
SOMEONE_ELSE = -35
"""The payer's name is another customer's: only the number and the whole amount together outweigh it."""

UNKNOWN_PAYER = -12

FIT_POINTS = {
    Fit.EQUAL: 50,
    Fit.DEDUCTED: 50,
    Fit.DISCOUNTED: 46,
    Fit.CUSTOMARY: 34,
    Fit.CHARGED: 26,
    Fit.SHORT: 20,
    Fit.PERCENT_PART: 10,
    Fit.SURPLUS: 4,
    Fit.PART: 0,
    Fit.EXCEEDED: -20,
    Fit.CONTRADICTED: -30,
}
SAID_SO = 12
"""The memo calls the amount what it looks like: a discount, a part, a payment on account."""

SEVERAL_LINES = 8
"""On an advice of several lines a part needs no word: its line says how much is meant."""

PAID_BEFORE_ISSUED = -12
BEGUN = -6
"""What is left of a document that other money has paid a part of is paid next less often than a whole one."""

ENOUGH = 46
"""Below it, too little speaks for the document to bother a person: a payer's name and a vague amount."""

BARELY = 36
"""Enough when a claim that says it pays something has one document left to pay."""

CLEARLY = 6
"""Points between the best document and the next; with fewer, neither is chosen for its points."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that a claim may be set against."""

    document: Document
    found: Found
    standing: Standing
    fitting: Fitting
    points: int


def points_for(found: Found, standing: int, fitting: Fitting, memo: Memo, *, several: bool) -> int:
    """All that speaks for a document, in points; `standing` in points."""
    total = FOUND_POINTS[found] + standing + FIT_POINTS[fitting.fit]
    if _said(fitting.fit, memo):
        total += SAID_SO
    elif several and fitting.fit in {Fit.PART, Fit.PERCENT_PART}:
        total += SEVERAL_LINES
    return total


def _said(fit: Fit, memo: Memo) -> bool:
    return (
        (fit in {Fit.PART, Fit.PERCENT_PART} and memo.part)
        or (fit is Fit.SURPLUS and memo.surplus)
        or (fit is Fit.CUSTOMARY and memo.discounted)
    )


def standing_points(standing: Standing, *, payer_is_known: bool) -> int:
    """What the payer's name adds or takes away."""
    if standing is not Standing.NONE:
        return STANDING_POINTS[standing]
    return SOMEONE_ELSE if payer_is_known else UNKNOWN_PAYER


def before_issue(paid_on: date | None, document: Document) -> bool:
    """Whether the money came before the document was issued."""
    return paid_on is not None and document.issued is not None and paid_on < document.issued


def nearest_first(candidate: Candidate) -> tuple[date, date, str]:
    """Oldest due first, as receipts are applied where nothing else decides."""
    document = candidate.document
    return document.due or document.issued or date.max, document.issued or date.max, document.id
