"""A claim is one thing that a receipt says it pays: a line of its advice, a number in its text, or just its amount."""

from dataclasses import dataclass
from datetime import date

from matching.document_numbers import NumberIndex
from matching.facts import Document, Receipt
from matching.memos import Memo, read_memo
from matching.payers import PayerIndex, Standing, names_in_text


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said to be paid: `paid` is None where a document is named without an amount."""

    receipt: Receipt
    place: int
    reference: str
    paid: int | None
    memo: Memo
    memo_text: str
    several: bool
    named: tuple[Document, ...]
    ours: bool
    payer: dict[str, Standing]

    @property
    def order(self) -> tuple[date, str, int]:
        """Earlier money first; the same for every order of input."""
        return self.receipt.day or date.max, self.receipt.id, self.place


@dataclass(frozen=True, slots=True)
class _Said:
    reference: str
    paid: int | None
    memo: str = ""


def claims_of(receipt: Receipt, numbers: NumberIndex, payers: PayerIndex) -> list[Claim]:
    """The claims of one receipt."""
    if receipt.customer:
        payer = {receipt.customer: Standing.KNOWN}
    else:
        payer = payers.standings(receipt.payer, *names_in_text(receipt.text))
    said = _said(receipt, numbers)
    return [
        Claim(
            receipt, place, each.reference, each.paid, read_memo(each.memo), each.memo, len(said) > 1,
            tuple(numbers.named(each.reference)) if each.reference else (),
            bool(each.reference) and numbers.is_ours(each.reference), payer,
        )
        for place, each in enumerate(said)
        if each.paid != 0
    ]  # fmt: skip


def _said(receipt: Receipt, numbers: NumberIndex) -> list[_Said]:
    if receipt.lines:
        alone = len(receipt.lines) == 1
        return [
            _Said(line.reference, receipt.amount if alone and line.amount is None else line.amount, line.memo)
            for line in receipt.lines
        ]
    references = [text for text in numbers.in_text(receipt.text) if numbers.named(text)]
    if len(references) == 1:
        return [_Said(references[0], receipt.amount)]
    return [_Said(reference, None) for reference in references] or [_Said("", receipt.amount)]
