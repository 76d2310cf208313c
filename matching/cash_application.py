"""Which receipt pays which document: strongest evidence first, the rest by what is left, doubt to a person.

A claim is settled once one document stands out among those still open; settling it takes that document away from the
others, so that later claims have less to choose from. What stays even is given to the oldest document, for review only.
"""

import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from matching.bands import band
from matching.claims import Claim, claims_of
from matching.desk import Desk, is_clear
from matching.document_numbers import NumberIndex
from matching.evidence import BARELY, ENOUGH, Candidate, nearest_first
from matching.explain import explain, explain_oldest, explain_together
from matching.facts import Application, Band, Document, Receipt
from matching.payers import PayerIndex, Standing
from matching.reasons import Reason
from matching.together import together


@dataclass(slots=True)
class _Settled:
    claim: Claim
    chosen: Candidate
    amount: int
    band: Band
    reason: Reason


def apply_cash(
    documents: Sequence[Document],
    receipts: Sequence[Receipt],
    known_payers: Mapping[str, str] | None = None,
    oldest_first: Collection[str] = (),
) -> list[Application]:
    """Applications of all receipts, by receipt and document.

    `known_payers`: a payer's writing to the customer that people said it is. `oldest_first`: customers who agreed that
    money without a number pays their oldest documents.
    """
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
        found.extend(_Round(Desk(own, numbers), claims, oldest_first).applications())
    return sorted(found, key=lambda one: (one.receipt, one.document))


class _Round:
    """One currency's claims, settled one after the other."""

    def __init__(self, desk: Desk, claims: list[Claim], oldest_first: Collection[str]) -> None:
        self.desk = desk
        self.oldest_first = oldest_first
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
        self._put_earlier_money_first()
        self._settle_together()
        self._settle_oldest_first()
        self._doubt_repeated_amounts()
        self._doubt_unequal_sums()
        return [
            Application(one.claim.receipt.id, one.chosen.document.id, one.amount, one.band, one.reason)
            for one in self.settled
        ]

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
                for other in self._settle_in_order(place, candidates[0], enough):
                    self._push(queue, other)

    def _settle_in_order(self, place: int, chosen: Candidate, enough: int) -> list[int]:
        """Settles the claim, or earlier money of that amount that clearly means the same document, for review."""
        claim = self.claims[place]
        for other in sorted(self._waiting[chosen.document.id] & self._open_claims):
            earlier = self.claims[other]
            if earlier.order >= claim.order or earlier.paid != claim.paid or earlier.receipt is claim.receipt:
                continue
            candidates = self._candidates(other)
            if is_clear(candidates, enough) and candidates[0].document is chosen.document:
                return [*self._settle(other, candidates[0], even=True), place]
        return self._settle(place, chosen, even=False)

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
            self._keep(claim, chosen, amount, rated, explain(claim, chosen, amount))
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

    def _put_earlier_money_first(self) -> None:
        """Of two payments of one amount for one document the earlier pays it, however badly written; for review."""
        for place in sorted(self._open_claims):
            claim = self.claims[place]
            later = [
                one
                for one in self.settled
                if one.claim.paid == claim.paid
                and claim.order < one.claim.order
                and self._may_mean(claim, one.chosen.document)
            ]
            if len(later) == 1:
                self._exchange(place, later[0])

    def _may_mean(self, claim: Claim, document: Document) -> bool:
        if any(claim.payer.get(one.customer, Standing.NONE) > Standing.GROUP for one in claim.named):
            return document in claim.named
        return claim.payer.get(document.customer, Standing.NONE) > Standing.GROUP and not claim.memo.advance

    def _exchange(self, place: int, later: _Settled) -> None:
        claim = self.claims[place]
        self.desk.give_back(later.claim, later.chosen, later.amount)
        chosen = next((one for one in self.desk.candidates(claim) if one.document is later.chosen.document), None)
        if chosen is None or chosen.fitting.applied != later.amount:
            self.desk.take(later.claim, later.chosen, later.amount)
            return
        self.settled.remove(later)
        self.left[later.claim.receipt.id] += later.amount
        self._open_claims.add(self.claims.index(later.claim))
        self._settle(place, chosen, even=True)

    def _settle_together(self) -> None:
        """Receipts that name nothing and fit no single document: several documents that make the amount."""
        for place in sorted(self._open_claims):
            claim = self.claims[place]
            found = together(self.desk, claim) if self._untouched(claim) else None
            if found is not None:
                self._open_claims.discard(place)
                for one in found.candidates:
                    why = explain_together(claim, one, len(found.candidates), all_owed=found.all_owed)
                    self._keep(claim, one, one.fitting.applied, found.band, why)

    def _settle_oldest_first(self) -> None:
        """Money without a number of a customer who agreed to it, against the oldest documents."""
        for place in sorted(self._open_claims):
            claim = self.claims[place]
            agreed = [who for who, level in claim.payer.items() if level >= Standing.SAME and who in self.oldest_first]
            if claim.reference or len(agreed) != 1 or not self._untouched(claim) or (claim.paid or 0) <= 0:
                continue
            for one in sorted(self.desk.all_of(claim, agreed[0]), key=nearest_first):
                amount = min(one.fitting.applied, self.left[claim.receipt.id])
                if amount > 0:
                    self._open_claims.discard(place)
                    self._keep(claim, one, amount, Band.AUTO, explain_oldest(claim, one))

    def _untouched(self, claim: Claim) -> bool:
        return self.left[claim.receipt.id] == claim.receipt.amount

    def _keep(self, claim: Claim, chosen: Candidate, amount: int, rated: Band, why: Reason) -> None:
        self.desk.take(claim, chosen, amount)
        self.left[claim.receipt.id] -= amount
        self.settled.append(_Settled(claim, chosen, amount, rated, why))

    def _doubt_unequal_sums(self) -> None:
        """Documents named without amounts whose sum is not the money: somebody meant something else."""
        unequal = {key for key, left in self.left.items() if left}
        unequal |= {one.claim.receipt.id for one in self.settled if one.amount != one.chosen.fitting.applied}
        for one in self.settled:
            if one.claim.paid is None and one.claim.receipt.id in unequal:
                one.band = Band.REVIEW

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
