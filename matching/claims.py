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
        payer = dict.fromkeys((receipt.customer, *receipt.also), Standing.KNOWN)
    else:
        payer = payers.standings(receipt.payer, *names_in_text(receipt.text))
    said = [
        (each, paid, named)
        for each in _said(receipt, numbers)
        for paid, named in _by_instalment(each.paid, numbers.named(each.reference) if each.reference else [])
        if paid != 0
    ]
    return [
        Claim(
            receipt, place, each.reference, paid, read_memo(each.memo), len(said) > 1, named,
            bool(each.reference) and numbers.is_ours(each.reference), payer,
        )
        for place, (each, paid, named) in enumerate(said)
    ]  # fmt: skip


def _by_instalment(paid: int | None, named: list[Document]) -> list[tuple[int | None, tuple[Document, ...]]]:
    """The instalments of one document are paid from the first on; another customer or number is another document."""
    if len(named) < 2 or len({(one.customer, one.number) for one in named}) > 1:  # noqa: PLR2004 - two make a plan
        return [(paid, tuple(named))]
    oldest = sorted(named, key=lambda one: (one.due or one.issued or date.max, one.id))
    if paid is None:
        return [(None, (one,)) for one in oldest]
    parts: list[tuple[int | None, tuple[Document, ...]]] = []
    for one in oldest:
        part = min(paid, one.open) if one is not oldest[-1] else paid
        if part > 0:
            parts.append((part, (one,)))
            paid -= part
    return parts or [(paid, tuple(named))]


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
