"""Document numbers as payers write them: zeros dropped, words for prefixes, full-width digits, slips of one character.

Digits misread as letters (O for 0) are put right; a number with another prefix than ours is somebody else's number.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from matching.facts import Document

ANY_PREFIX = frozenset({
    "INV", "INVOICE", "INVOICES", "INVNO", "INVNR", "BILL", "DOC", "DOCUMENT", "NO", "NR", "NUMBER", "NUM",
    "RE", "RG", "RECHNUNG", "RECHNUNGSNR", "FACT", "FACTURE", "FACTURA", "FATTURA", "FV", "FA", "RN", "发票",
    "发票号", "发票号码", "单号", "单据", "单据号", "编号", "号", "票号", "账单", "请求书",
})  # fmt: skip
"""Words that mean "document" in a payer's hand, whatever our own prefix is."""

SHORTEST_SLIP = 4
"""With three digits every number is one slip away from dozens of others."""

SHORTEST_PREFIX = 2
"""IN for INV is meant as ours; a single letter may be anything."""

LONG_BARE_NUMBER = 6
"""Digits alone in a free text are a document's number only when there are so many; fewer are cheques and dates."""

_MISREAD = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2"})
_RUNS = re.compile(r"\d+|[^\W\d_]+")
_IN_TEXT = re.compile(r"[A-Za-z\u4e00-\u9fff]*[\s#:№.\-/]*\d[\w/\-]*")


@dataclass(frozen=True, slots=True)
class Number:
    """A document number taken apart: letters in front, the digits behind, and digits without leading zeros."""

    prefix: str
    digits: str

    @property
    def plain(self) -> str:
        """The digits without leading zeros."""
        return self.digits.lstrip("0") or "0"


@lru_cache(maxsize=200_000)
def taken_apart(text: str) -> Number | None:
    """`text` as a number, or None when it has no digits."""
    runs: list[str] = _RUNS.findall(unicodedata.normalize("NFKC", text).upper().replace("#", " "))
    letters: list[str] = []
    digits: list[str] = []
    for run in runs:
        if run.isdecimal():
            digits.append(run)
        elif digits and (misread := run.translate(_MISREAD)).isdecimal():
            digits.append(misread)
        elif not digits:
            letters.append(run)
        else:
            digits.append(run)
    while letters and digits and _misread_digits(letters[-1]):
        digits.insert(0, letters.pop().translate(_MISREAD))
    return Number("".join(letters), "".join(digits)) if digits else None


def _misread_digits(run: str) -> bool:
    return "O" in run and run not in ANY_PREFIX and run.translate(_MISREAD).isdecimal()


def slip_between(written: str, meant: str) -> bool:
    """Whether one wrong, missing, added or swapped character makes `meant` out of `written`."""
    if max(len(written), len(meant)) < SHORTEST_SLIP:
        return False
    width = max(len(written), len(meant))
    padded = written.zfill(width), meant.zfill(width)
    return 1 in (OSA.distance(written, meant, score_cutoff=1), OSA.distance(*padded, score_cutoff=1))


class NumberIndex:
    """Finds the documents that a reference names; built once over all open documents."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """`documents` may share numbers: instalments, or two of our series."""
        self._by_number: dict[tuple[str, str], list[Document]] = defaultdict(list)
        self._by_plain: dict[str, list[Document]] = defaultdict(list)
        self._number_of: dict[str, Number] = {}
        self._prefixes: set[str] = set()
        for document in documents:
            number = taken_apart(document.number)
            if number is None:
                self._by_number[(document.number.upper().strip(), "")].append(document)
                continue
            self._number_of[document.id] = number
            self._prefixes.add(number.prefix)
            self._by_number[(number.prefix, number.digits)].append(document)
            self._by_plain[number.plain].append(document)

    def is_ours(self, reference: str) -> bool:
        """Whether the reference is written as our documents are, or without any prefix."""
        number = taken_apart(reference)
        return number is not None and self._our_prefix(number.prefix)

    def named(self, reference: str) -> list[Document]:
        """The documents whose number this is, whatever was dropped around its digits."""
        number = taken_apart(reference)
        if number is None:
            return self._by_number.get((reference.upper().strip(), ""), [])
        exact = self._by_number.get((number.prefix, number.digits))
        if exact:
            return exact
        if not self._our_prefix(number.prefix):
            return []
        same = self._by_plain.get(number.plain, [])
        if number.prefix in self._prefixes:
            same = [one for one in same if self._number_of[one.id].prefix == number.prefix]
        return same

    def slips(self, reference: str, among: Iterable[Document]) -> list[Document]:
        """The documents of `among` that the reference misses by one character."""
        number = taken_apart(reference)
        if number is None or not self._our_prefix(number.prefix):
            return []
        found = []
        for document in among:
            meant = self._number_of.get(document.id)
            if meant is not None and slip_between(number.digits, meant.digits):
                found.append(document)
        return found

    def in_text(self, text: str) -> list[str]:
        """References in a free text: words with our prefix or a word for document before the digits."""
        words = {prefix for prefix in self._prefixes if prefix} | ANY_PREFIX
        found = []
        for match in _IN_TEXT.finditer(unicodedata.normalize("NFKC", text)):
            number = taken_apart(match.group())
            if number is not None and (number.prefix in words or self._bare_number(number)):
                found.append(match.group().strip())
        return list(dict.fromkeys(found))

    def _bare_number(self, number: Number) -> bool:
        return not number.prefix and len(number.digits) >= LONG_BARE_NUMBER and ("", number.digits) in self._by_number

    def _our_prefix(self, prefix: str) -> bool:
        if not prefix or prefix in self._prefixes or prefix in ANY_PREFIX:
            return True
        return any(
            min(len(one), len(prefix)) >= SHORTEST_PREFIX and (one.startswith(prefix) or prefix.startswith(one))
            for one in self._prefixes
        )
