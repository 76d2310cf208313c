"""Which applications may post by themselves: where number, name and amount agree and nothing else could be meant."""

from matching.amounts import Fit
from matching.claims import Claim
from matching.desk import SOLID, Desk
from matching.evidence import Candidate, Found, before_issue
from matching.facts import Band, Document
from matching.payers import Standing

FEWEST_CHANCES = 0.001
"""Expected number of documents that have the amount by chance, beyond which an amount alone is never trusted."""

PARTS = frozenset({Fit.PART, Fit.PERCENT_PART, Fit.SHORT, Fit.SURPLUS, Fit.CUSTOMARY})


def band(desk: Desk, claim: Claim, chosen: Candidate) -> Band:
    """`auto` only where the number, the payer and the amount each speak for this document and no other."""
    if before_issue(claim.receipt.day, chosen.document) or not _adds_up(claim):
        return Band.REVIEW
    if chosen.found is Found.NAMED:
        sure = len(claim.named) == 1 and chosen.standing > Standing.GROUP and _named_amount(desk, claim, chosen)
    elif chosen.found is Found.MISREAD:
        sure = chosen.standing >= Standing.SHORTENED and chosen.fitting.fit in SOLID and _only_one(desk, claim, chosen)
    else:
        sure = (
            chosen.standing >= Standing.SHORTENED
            and chosen.fitting.fit is Fit.EQUAL
            and chance_hits(claim, desk.owed_by(claim)) < FEWEST_CHANCES
        )
    return Band.AUTO if sure else Band.REVIEW


def _named_amount(desk: Desk, claim: Claim, chosen: Candidate) -> bool:
    fit = chosen.fitting.fit
    if desk.rivals(claim, chosen):
        return False
    if fit in SOLID:
        return True
    memo = claim.memo
    said = memo.part or memo.discounted or memo.deducted or memo.surplus or claim.several
    return fit in PARTS and said


def _only_one(desk: Desk, claim: Claim, chosen: Candidate) -> bool:
    """Whether no other document of the payer ever had this amount open."""
    if desk.rivals(claim, chosen):
        return False
    return all(one.id == chosen.document.id for one in desk.once_open(claim, claim.paid or 0))


def _adds_up(claim: Claim) -> bool:
    """Whether the advice is about this money: its lines make the amount."""
    amounts = [line.amount for line in claim.receipt.lines]
    known = [amount for amount in amounts if amount is not None]
    return not known or (len(known) == len(amounts) and sum(known) == claim.receipt.amount)


def chance_hits(claim: Claim, owed: list[Document]) -> float:
    """How many documents would have exactly this amount by chance.

    An amount of three digits and zeros is one of nine hundred that prices are made of; 12,345.67 one of
    nine million.
    """
    digits = len(str(abs(claim.paid or 0)).rstrip("0"))
    return len(owed) / (9.0 * 10.0 ** max(digits - 1, 0))
