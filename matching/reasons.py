"""Why a receipt is set against a document, as one sentence of two clauses in both languages."""

from dataclasses import dataclass, field

from words.catalog import translate

NAMED = "{reference} names this document of the payer"
STRANGER = "{reference} names this document, though {payer} is not known as its customer"
MISREAD = "{reference} is one slip away from {number}, a document of this payer"
OTHER_NUMBER = "{reference} is no document of ours, so the amount decides among what {payer} owes"
UNNAMED = "no document is named, so the amount decides among what {payer} owes"
UNNAMED_OWN = "no document is named, so the amount decides among what this customer owes"
DECIDED = "a person decided it"
APPLIED = "{paid} is applied"

EQUAL = "{paid} is exactly what is open"
DEDUCTED = "{paid} and the deduction of {difference} stated on the advice are what is open"
DISCOUNTED = "{paid} is what is open less the stated discount of {percent} %"
CUSTOMARY = "{paid} is what is open less a customary discount of {percent} %"
SHORT = "{paid} is less than the {open} open by a deduction of {difference}"
CHARGED = "{paid} is what is open less bank charges of {difference}"
PERCENT_PART = "{paid} is {percent} % of the {open} open, and the rest stays open"
PART = "{paid} is a part of the {open} open, and the rest stays open"
SURPLUS = "{paid} is more than the {open} open, and {difference} stays unapplied"
EXCEEDED = "{paid} is far more than the {open} open, and {difference} stays unapplied"
UNEXPLAINED = "what the advice says does not explain the difference of {difference} to the {open} open"
TOGETHER = "it is one of {count} documents that together are exactly {paid}, and no other choice of them is"
ALL_OWED = "{paid} is exactly all that the payer owes, in {count} documents"
OLDEST_FIRST = "{paid} goes to the oldest documents first, as agreed with this customer"


@dataclass(frozen=True, slots=True)
class Reason:
    """A clause about how the document was found, one about the amount, and what fills their places."""

    found: str
    fits: str
    values: dict[str, str] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """The sentence in "zh" or "en"."""
        clauses = [translate(clause, language, **self.values) for clause in (self.found, self.fits) if clause]
        joined = ("，" if language == "zh" else ", and ").join(clauses)
        return joined[:1].upper() + joined[1:] + ("。" if language == "zh" else ".")
