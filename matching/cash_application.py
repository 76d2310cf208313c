"""Which receipt pays which document: strongest evidence first, the rest by what is left, doubt to a person.

A claim is settled once one document stands out among those still open; settling it takes that document away from the
others, so that later claims have less to choose from. What stays even is given to the oldest document, for review only.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matching.amounts import places
from matching.bands import band
from matching.claims import Claim, claims_of
from matching.desk import Desk, is_clear
from matching.document_numbers import NumberIndex
from matching.evidence import BARELY, ENOUGH, Candidate, Found
from matching.facts import Application, Band, Document, Receipt
from matching.payers import PayerIndex, Standing
from matching.reasons import STRANGER, Reason


@dataclass(slots=True)
class _Settled:
    claim: Claim
    chosen: Candidate
    amount: int
    even: bool
    band: Band


def apply_cash(
    documents: Sequence[Document],
    receipts: Sequence[Receipt],
    known_payers: Mapping[str, str] | None = None,
) -> list[Application]:
    """Applications of all receipts, by receipt and document; `known_payers`: writing to customer, as people decided."""
    customers = {document.customer: document.customer_name for document in documents}
    payers = PayerIndex(customers, known_payers)
    found: list[Application] = []
    for currency in sorted({receipt.currency for receipt in receipts}):
        own = sorted((one for one in documents if one.currency == currency), key=lambda one: one.id)
        numbers = NumberIndex(own)
        claims = [
            claim
            for receipt in sorted(receipts, key=lambda one: one.id)
            if receipt.currency == currency
            for claim in claims_of(receipt, numbers, payers)
        ]
        found.extend(_Round(Desk(own, numbers), claims).applications())
    return sorted(found, key=lambda one: (one.receipt, one.document))


class _Round:
    """One currency's claims, settled one after the other."""

    def __init__(self, desk: Desk, claims: list[Claim]) -> None:
        self.desk = desk
        self.claims = sorted(claims, key=lambda claim: claim.order)
        self.settled: list[_Settled] = []
        self.left = {claim.receipt.id: claim.receipt.amount for claim in claims}
        self._waiting: dict[str, set[int]] = defaultdict(set)
        self._open_claims = set(range(len(self.claims)))

    def applications(self) -> list[Application]:
        """What was settled, with bands and reasons."""
        self._settle_clear(ENOUGH, list(self._open_claims))
        self._settle_even()
        self._settle_clear(BARELY, list(self._open_claims))
        self._doubt_repeated_amounts()
        return [self._application(one) for one in self.settled if one.amount]

    def _settle_clear(self, enough: int, places_: list[int]) -> None:
        """Settles claims that have one document clearly, the surest first, until none has."""
        queue: list[tuple[int, int]] = []
        for place in places_:
            self._push(queue, place)
        while queue:
            points, place = heapq.heappop(queue)
            if place not in self._open_claims:
                continue
            candidates = self._candidates(place)
            if not candidates:
                continue
            if -candidates[0].points > points:
                heapq.heappush(queue, (-candidates[0].points, place))
            elif is_clear(candidates, enough):
                for other in self._settle(place, candidates[0], even=False):
                    self._push(queue, other)

    def _push(self, queue: list[tuple[int, int]], place: int) -> None:
        candidates = self._candidates(place)
        if candidates:
            heapq.heappush(queue, (-candidates[0].points, place))

    def _settle_even(self) -> None:
        """Gives claims that fit several documents alike the oldest of them, one by one."""
        waiting = sorted(self._open_claims)
        while waiting:
            place = waiting.pop(0)
            if place not in self._open_claims:
                continue
            candidates = self._candidates(place)
            if candidates and candidates[0].points >= ENOUGH:
                self._settle_clear(ENOUGH, self._settle(place, candidates[0], even=True))

    def _candidates(self, place: int) -> list[Candidate]:
        found = self.desk.candidates(self.claims[place])
        for candidate in found:
            self._waiting[candidate.document.id].add(place)
        return found

    def _settle(self, place: int, chosen: Candidate, *, even: bool) -> list[int]:
        """Takes the money; answers the claims that had looked at the same document."""
        claim = self.claims[place]
        self._open_claims.discard(place)
        amount = self._within_receipt(claim, chosen.fitting.applied)
        if amount:
            rated = Band.REVIEW if even or amount != chosen.fitting.applied else band(self.desk, claim, chosen)
            self.desk.take(claim, chosen, amount)
            self.left[claim.receipt.id] -= amount
            self.settled.append(_Settled(claim, chosen, amount, even, rated))
        return sorted(self._waiting.pop(chosen.document.id, set()) & self._open_claims)

    def _within_receipt(self, claim: Claim, wanted: int) -> int:
        """Never more than the receipt has; what a credit memo adds is there for the other lines."""
        if (wanted < 0) != (claim.receipt.amount < 0):
            return wanted
        credits_ = sum(
            line.amount or 0
            for line in claim.receipt.lines
            if line.amount and (line.amount < 0) != (claim.receipt.amount < 0)
        )
        room = self.left[claim.receipt.id] - credits_
        return max(min(wanted, room), 0) if wanted > 0 else min(max(wanted, room), 0)

    def _doubt_repeated_amounts(self) -> None:
        """Earlier money of the same payer and amount that found no document may be the real payment."""
        unused: dict[int, list[Claim]] = defaultdict(list)
        for place in self._open_claims:
            claim = self.claims[place]
            if claim.paid is not None:
                unused[claim.paid].append(claim)
        for one in self.settled:
            for other in unused.get(one.claim.paid or 0, ()):
                if other.order <= one.claim.order and other.payer.get(one.chosen.document.customer, Standing.NONE):
                    one.band = Band.REVIEW

    def _application(self, one: _Settled) -> Application:
        return Application(one.claim.receipt.id, one.chosen.document.id, one.amount, one.band, _reason(one))


def _reason(one: _Settled) -> Reason:
    document, fit = one.chosen.document, one.chosen.fitting
    found = one.chosen.found.value
    if one.chosen.found is Found.NAMED and one.chosen.standing <= Standing.GROUP:
        found = STRANGER
    paid = one.claim.paid if one.claim.paid is not None else one.amount
    open_ = paid + fit.difference
    shown = places(document.currency)

    def text(minor: int) -> str:
        sign, whole = ("-" if minor < 0 else ""), abs(minor)
        return f"{sign}{whole // 10**shown:,}" + (f".{whole % 10**shown:0{shown}d}" if shown else "")

    if paid and abs(paid) > abs(document.open):
        open_ = fit.applied
    values = {
        "reference": one.claim.reference,
        "number": document.number,
        "payer": one.claim.receipt.payer or document.customer_name,
        "paid": text(paid),
        "open": text(open_),
        "difference": text(abs(fit.difference)),
        "percent": f"{fit.percent / 100:g}",
    }
    return Reason(found, fit.fit.value, values)
