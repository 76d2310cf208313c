"""Receipts without a number or a single fitting document: several documents that together make the amount."""

from dataclasses import dataclass

from matching.amounts import places
from matching.claims import Claim
from matching.desk import Desk
from matching.evidence import Candidate, nearest_first
from matching.facts import Band
from matching.payers import Standing
from matching.subset_sums import MOST_ITEMS, Choice, only_run, only_subset

MOST_CANDIDATES = 60
"""Beyond, some six documents make nearly every amount."""

MOST_LISTED = 500
"""Documents of a customer beyond which even runs of neighbours make every amount by chance."""

POSTS_BY_ITSELF = 0.001
WORTH_A_LOOK = 0.05
"""Expected choices by chance: one wrong in a thousand is still too many to post, one in twenty is a fair proposal."""


@dataclass(frozen=True, slots=True)
class Together:
    """Documents that a receipt pays together."""

    candidates: tuple[Candidate, ...]
    all_owed: bool
    band: Band


def together(desk: Desk, claim: Claim) -> Together | None:
    """The only documents of one customer that together make the amount, where chance is an unlikely reason."""
    paid = claim.paid or 0
    if claim.reference or paid <= 0:
        return None
    found = [answer for who in _payers(claim) if (answer := _of_customer(desk, claim, who, paid)) is not None]
    return found[0] if len(found) == 1 else None


def _payers(claim: Claim) -> list[str]:
    """The customers whose name is written out best; initials alone never carry a sum."""
    best = max(claim.payer.values(), default=Standing.NONE)
    return sorted(who for who, standing in claim.payer.items() if standing is best and best >= Standing.SHORTENED)


def _of_customer(desk: Desk, claim: Claim, customer: str, paid: int) -> Together | None:
    if len(desk.of_customer[customer]) > MOST_LISTED:
        return None
    lines = sorted(desk.all_of(claim, customer), key=nearest_first)
    amounts = [line.fitting.applied for line in lines]
    if len(lines) > 1 and sum(amounts) == paid:
        return Together(tuple(lines), all_owed=True, band=Band.REVIEW)
    choice = only_run(amounts, paid) or (only_subset(amounts, paid) if len(amounts) <= MOST_CANDIDATES else None)
    if choice is None or choice.chance > WORTH_A_LOOK or len(choice.places) > MOST_ITEMS:
        return None
    return Together(tuple(lines[place] for place in choice.places), all_owed=False, band=_band(claim, choice))


def _band(claim: Claim, choice: Choice) -> Band:
    """Whole units are price-list amounts: those sums come by chance whatever is reckoned, and never post."""
    standing = max(claim.payer.values(), default=Standing.NONE)
    finer = choice.step < 10 ** places(claim.receipt.currency)
    sure = finer and choice.chance < POSTS_BY_ITSELF and standing >= Standing.SAME
    return Band.AUTO if sure else Band.REVIEW
