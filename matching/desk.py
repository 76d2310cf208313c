"""The desk on which claims and open documents meet: what is open now, who could be meant, what was taken by whom."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

from matching.amounts import (
    CHARGE_SHARE,
    CUSTOMARY_STEP,
    LARGEST_CHARGE,
    LARGEST_CUSTOMARY,
    NO_FIT,
    SURPLUS_SHARE,
    WHOLE,
    Fit,
    Fitting,
    fitting,
    places,
)
from matching.claims import Claim
from matching.document_numbers import NumberIndex
from matching.evidence import (
    BARELY,
    BEGUN,
    CLEARLY,
    PAID_BEFORE_ISSUED,
    Candidate,
    Found,
    before_issue,
    nearest_first,
    points_for,
    standing_points,
)
from matching.facts import Document
from matching.payers import Standing

SOLID = frozenset({Fit.EQUAL, Fit.DEDUCTED, Fit.DISCOUNTED})
"""Fits that leave no difference unexplained."""

WITHOUT_NUMBER = frozenset({Fit.EQUAL, Fit.CUSTOMARY, Fit.CHARGED})
"""What an amount alone can show; a part or a surplus of something unnamed is a guess."""


MOST_LOOKED_AT = 2_000
"""Documents weighed for one claim; of more, only those of near amount: a part of one among thousands is a guess."""


class Desk:
    """Open amounts while they are being applied."""

    def __init__(self, documents: Iterable[Document], numbers: NumberIndex) -> None:
        """`documents` of one currency."""
        self.documents = {document.id: document for document in documents}
        self.numbers = numbers
        self.open = {key: document.open for key, document in self.documents.items()}
        self.of_customer: dict[str, list[Document]] = defaultdict(list)
        for document in self.documents.values():
            self.of_customer[document.customer].append(document)
        self.taken: dict[str, list[tuple[Claim, int]]] = defaultdict(list)
        self._begun: dict[str, dict[str, Document]] = defaultdict(dict)
        self._payers_of: dict[str, set[str]] = defaultdict(set)
        self._owed_by: dict[tuple[str, ...], list[Document]] = {}
        self._slips: dict[tuple[str, str], bool] = {}

    def take(self, claim: Claim, candidate: Candidate, amount: int) -> None:
        """Sets `amount` of the claim against the candidate's document."""
        self.open[candidate.document.id] -= amount
        self.taken[candidate.document.id].append((claim, amount))
        if self.open[candidate.document.id]:
            self._begun[candidate.document.customer][candidate.document.id] = candidate.document
        if candidate.found in {Found.NAMED, Found.MISREAD}:
            self._payers_of[claim.receipt.id].add(candidate.document.customer)

    def give_back(self, claim: Claim, candidate: Candidate, amount: int) -> None:
        """Takes `take` back."""
        self.open[candidate.document.id] += amount
        self.taken[candidate.document.id].remove((claim, amount))

    def owed_by(self, claim: Claim) -> list[Document]:
        """All documents of the customers that the payer may be, the smallest amounts first."""
        key = tuple(sorted(who for who, standing in claim.payer.items() if standing > Standing.GROUP))
        if key not in self._owed_by:
            owed = [document for who in key for document in self.of_customer[who]]
            self._owed_by[key] = sorted(owed, key=_size)
        return self._owed_by[key]

    def once_open(self, claim: Claim, amount: int) -> list[Document]:
        """The payer's documents that had exactly this amount open at first."""
        owed, size = self.owed_by(claim), abs(amount)
        near = owed[bisect_left(owed, size, key=_size) : bisect_right(owed, size, key=_size)]
        return [document for document in near if document.open == amount]

    def _near(self, claim: Claim, paid: int, *, certain: bool) -> list[Document]:
        """The documents whose amount the claim can fit: what was there at first, and what is begun.

        A customer may have twenty thousand documents open; looking at each for each claim would take minutes.
        """
        owed, least = self.owed_by(claim), abs(paid)
        if certain:
            near = owed[bisect_left(owed, least, key=_size) : bisect_right(owed, least, key=_size)]
            return self._with_begun(claim, [one for one in near if self.open[one.id] == paid], paid)
        if claim.reference:
            start = bisect_left(owed, least - least // SURPLUS_SHARE, key=_size)
            if len(owed) - start <= MOST_LOOKED_AT:
                return self._with_begun(claim, owed[start:])
        near = []
        for low, high in _explained(least, claim.receipt.currency):
            near += owed[bisect_left(owed, low, key=_size) : bisect_right(owed, high, key=_size)]
        return self._with_begun(claim, near)

    def _with_begun(self, claim: Claim, near: list[Document], only: int | None = None) -> list[Document]:
        """`near` and the payer's documents of which a part was paid, whatever their amount was at first."""
        begun: dict[str, Document] = {}
        for who, standing in claim.payer.items():
            if standing > Standing.GROUP:
                begun |= self._begun.get(who, {})
        if not begun:
            return near
        there = {one.id for one in near}
        added = [one for key, one in begun.items() if key not in there and only in {None, self.open[key]}]
        return near + added

    def all_of(self, claim: Claim, customer: str) -> list[Candidate]:
        """The customer's open invoices, each wholly."""
        return [
            Candidate(document, Found.UNNAMED, claim.payer[customer], Fitting(Fit.EQUAL, self.open[document.id]), 0)
            for document in self.of_customer[customer]
            if self.open[document.id] > 0
        ]

    def candidates(self, claim: Claim) -> list[Candidate]:
        """What the claim may be set against now, best first."""
        if self.is_repeated(claim):
            return []
        found = [self._weighed(claim, document, Found.NAMED) for document in claim.named]
        certain = any(one.fitting.fit in SOLID and one.standing > Standing.GROUP for one in found)
        named = {document.id for document in claim.named}
        if claim.paid is not None:
            for document in self._near(claim, claim.paid, certain=certain):
                if not self.open[document.id] or document.id in named:
                    continue
                how = self._how(claim, document)
                if how is not None:
                    found.append(self._weighed(claim, document, how))
        kept = [one for one in found if one.points >= BARELY and _possible(claim, one)]
        kept = self._of_same_payer(claim, kept)
        return sorted(kept, key=lambda one: (-one.points, nearest_first(one)))

    def _of_same_payer(self, claim: Claim, candidates: list[Candidate]) -> list[Candidate]:
        """Where other lines of the advice named documents of a branch, this line most likely means that branch."""
        payers = self._payers_of[claim.receipt.id]
        same = [one for one in candidates if one.found is Found.NAMED or one.document.customer in payers]
        return same if payers and same else candidates

    def _how(self, claim: Claim, document: Document) -> Found | None:
        if not claim.reference:
            return Found.UNNAMED
        if claim.ours and self._slip(claim.reference, document):
            return Found.MISREAD
        return None if claim.memo.advance else Found.OTHER_NUMBER

    def _slip(self, reference: str, document: Document) -> bool:
        key = reference, document.id
        if key not in self._slips:
            self._slips[key] = bool(self.numbers.slips(reference, [document]))
        return self._slips[key]

    def _weighed(self, claim: Claim, document: Document, found: Found) -> Candidate:
        fit = self._fit(claim, document)
        standing = claim.payer.get(document.customer, Standing.NONE)
        if fit.fit is Fit.NONE:
            return Candidate(document, found, standing, fit, 0)
        name = standing_points(standing, payer_is_known=bool(claim.payer))
        points = points_for(found, name, fit, claim.memo, several=claim.several)
        if before_issue(claim.receipt.day, document):
            points += PAID_BEFORE_ISSUED
        if found is not Found.NAMED and self.open[document.id] != document.open:
            points += BEGUN
        return Candidate(document, found, standing, fit, points)

    def _fit(self, claim: Claim, document: Document) -> Fitting:
        open_ = self.open[document.id]
        if claim.paid is not None:
            return fitting(claim.paid, open_, claim.memo, document.currency)
        return Fitting(Fit.EQUAL, open_) if open_ else NO_FIT

    def is_repeated(self, claim: Claim) -> bool:
        """Whether a document that the claim names was settled already, by this very amount or wholly.

        A second half of the same amount is no repetition while it is exactly what is open.
        """
        for document in claim.named:
            if claim.payer.get(document.customer, Standing.NONE) is Standing.NONE:
                continue
            open_ = self.open[document.id]
            same = any(
                other.paid == claim.paid and other.receipt is not claim.receipt for other, _ in self.taken[document.id]
            )
            if same and open_ != claim.paid:
                return True
            if not open_ and self._fitted_once(claim, document):
                return True
        return False

    def _fitted_once(self, claim: Claim, document: Document) -> bool:
        if claim.paid is None:
            return True
        return fitting(claim.paid, document.open, claim.memo, document.currency).fit in SOLID | {
            Fit.SURPLUS,
            Fit.CUSTOMARY,
        }

    def rivals(self, claim: Claim, chosen: Candidate) -> list[Document]:
        """Documents of the payer one slip away from the written number whose amount fits as well as the chosen one's.

        Looks at the amounts before anything was applied: the order of work must not hide a doubt.
        """
        if claim.paid is None or not claim.reference:
            return []
        solid = chosen.fitting.fit in SOLID
        found = []
        for document in self._near(claim, claim.paid, certain=False):
            if document.id == chosen.document.id or not self._slip(claim.reference, document):
                continue
            fit = fitting(claim.paid, document.open, claim.memo, document.currency).fit
            if fit in SOLID or (not solid and fit not in {Fit.NONE, Fit.CONTRADICTED, Fit.EXCEEDED}):
                found.append(document)
        return found


def _explained(paid: int, currency: str) -> list[tuple[int, int]]:
    """Between which amounts a document can lie of which `paid` is all, less bank charges or a customary discount."""
    charges = min(LARGEST_CHARGE * 10 ** places(currency), paid // (CHARGE_SHARE - 1))
    spans = [(paid, paid + charges)]
    for points in range(CUSTOMARY_STEP, LARGEST_CUSTOMARY + 1, CUSTOMARY_STEP):
        whole = paid * WHOLE // (WHOLE - points)
        spans.append((max(whole - 1, spans[-1][1] + 1), whole + 2))  # never a document twice
    return [(low, high) for low, high in spans if low <= high]


def _size(document: Document) -> int:
    return abs(document.open)


def _possible(claim: Claim, candidate: Candidate) -> bool:
    """Whether the way the document was found can bear the way the amount fits."""
    fit = candidate.fitting.fit
    if candidate.found is Found.UNNAMED:
        return fit in WITHOUT_NUMBER
    if claim.memo.advance:
        return fit in SOLID
    return candidate.found is Found.NAMED or fit not in {Fit.NONE, Fit.CONTRADICTED, Fit.EXCEEDED}


def is_clear(candidates: list[Candidate], enough: int) -> bool:
    """Whether the first candidate stands out."""
    if not candidates or candidates[0].points < enough:
        return False
    return len(candidates) == 1 or candidates[0].points - candidates[1].points >= CLEARLY
