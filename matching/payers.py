"""Whose money it may be: a payer's name against the customers' names, with how well it stands.

Payers shorten words, write initials, leave out legal forms and branches, and mistype; one writing may fit several
customers, and then all of them stand. Pure comparison of names: nothing is decided here.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA


class Standing(IntEnum):
    """How well a payer's name stands for a customer; higher is better."""

    NONE = 0
    GROUP = 1
    INITIALS = 2
    BRANCH = 3
    SHORTENED = 4
    SAME = 5
    KNOWN = 6


LEGAL_FORMS = frozenset({
    "ltd", "limited", "inc", "incorporated", "corp", "corporation", "co", "company", "llc", "llp", "lp", "plc",
    "gmbh", "mbh", "ag", "kg", "ohg", "ug", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "oy", "ab", "as",
    "aps", "pty", "pte", "sdn", "bhd", "kk", "the", "and",
})  # fmt: skip
"""Words that say what kind of company it is, never which."""

BRANCH_WORDS = frozenset({
    "division", "div", "branch", "br", "store", "shop", "dept", "department", "unit", "region", "plant", "site",
    "no", "nr", "number",
})  # fmt: skip
"""Words in front of a branch's number."""

CHINESE_FORMS = re.compile(r"(股份有限公司|有限责任公司|有限公司|股份公司|集团公司|公司|集团|[(（].*?[)）])")
SHORTEST_CHINESE_NAME = 2
"""A Chinese firm's own name has two characters or more; one alone is in a hundred others."""

SMALLEST_SIMILARITY = 86.0
"""RapidFuzz ratio of whole names: "Sapphire Electroncs" has 97, two different firms of one trade about 60–75."""

FEWEST_INITIALS = 2
LONGEST_INITIALS = 6
FEWEST_LETTERS = 3
"""A shorter beginning of a word ("N" for Northern) is accepted beside other words only."""

_WORDS = re.compile(r"[^\W_]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_CHANNEL = re.compile(
    r"^(ach|eft|wire|sepa|bacs|fps|chk|check|ck|ref|payment|pmt|from|transfer|tt|neft|rtgs|ddr)\b[\s:#.-]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in words: without legal forms, with them (for initials), and the number of a branch."""

    words: tuple[str, ...]
    all_words: tuple[str, ...]
    branch: str

    joined: str = field(init=False)
    """The words without the gaps, in which payers differ most."""

    def __post_init__(self) -> None:
        """Joined once: it is compared very often."""
        object.__setattr__(self, "joined", "".join(self.words))


@lru_cache(maxsize=100_000)
def name_of(text: str) -> Name:
    """A name taken apart; both languages."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("&", " ").replace("'", "").replace(".", "")
    if _CHINESE.search(folded):
        return _chinese_name(folded)
    words = _WORDS.findall(folded)
    branch, kept = _without_branch(words)
    core = tuple(word for word in kept if word not in LEGAL_FORMS) or tuple(kept)
    return Name(core, tuple(kept), branch)


def _chinese_name(folded: str) -> Name:
    branch = "".join(re.findall(r"\d+", folded))
    core = "".join(_WORDS.findall(CHINESE_FORMS.sub("", folded))) or folded
    return Name((core,), (core,), branch)


def _without_branch(words: list[str]) -> tuple[str, list[str]]:
    """The number of a branch at the end, and the words in front of it."""
    end = len(words)
    number = ""
    if end > 1 and words[-1].isdecimal():
        number, end = words[-1].lstrip("0") or "0", end - 1
    while end > 1 and _is_branch_word(words[end - 1], numbered=bool(number)):
        end -= 1
    return number, words[:end]


def _is_branch_word(word: str, *, numbered: bool) -> bool:
    """Whether it says "branch"; in front of a number a beginning of the word is enough."""
    if word in BRANCH_WORDS:
        return numbered or len(word) > FEWEST_LETTERS
    return numbered and len(word) >= FEWEST_LETTERS and any(full.startswith(word) for full in BRANCH_WORDS)


def standing(payer: Name, customer: Name) -> Standing:
    """How well a payer's writing stands for one customer."""
    return _with_branch(core_standing(payer, customer), payer, customer)


def _with_branch(level: Standing, payer: Name, customer: Name) -> Standing:
    if payer.branch and payer.branch != customer.branch:
        return Standing.GROUP if level is Standing.SAME else Standing.NONE
    if level > Standing.BRANCH and customer.branch and not payer.branch:
        return Standing.BRANCH
    return level


def core_standing(payer: Name, customer: Name) -> Standing:
    """The same without regard to branches."""
    if not payer.words or not customer.words:
        return Standing.NONE
    if payer.joined == customer.joined:
        return Standing.SAME
    if _CHINESE.search(payer.joined):
        return _chinese_standing(payer.joined, customer.joined)
    if _shortened(payer.words, customer.words) or _same_start(payer.joined, customer.joined):
        return Standing.SHORTENED
    if fuzz.ratio(payer.joined, customer.joined) >= SMALLEST_SIMILARITY:
        return Standing.SHORTENED
    return Standing.INITIALS if _initials(payer, customer) else Standing.NONE


def _chinese_standing(payer: str, customer: str) -> Standing:
    short, long = sorted((payer, customer), key=len)
    named = len(short) >= SHORTEST_CHINESE_NAME and _in_order(short, long)
    if named and (short in long or len(short) * 2 >= len(long)):
        return Standing.SHORTENED
    return Standing.SHORTENED if fuzz.ratio(payer, customer) >= SMALLEST_SIMILARITY else Standing.NONE


def _same_start(payer: str, customer: str) -> bool:
    short, long = sorted((payer, customer), key=len)
    return len(short) * 2 >= len(long) and long.startswith(short)


def _shortened(payer: tuple[str, ...], customer: tuple[str, ...]) -> bool:
    """Whether each of the payer's words shortens or mistypes one of the customer's, in order, from the first on."""
    if sum(map(len, payer)) <= LONGEST_INITIALS and len(payer) == 1 and not customer[0].startswith(payer[0]):
        return False
    position = 0
    whole = False
    for place, word in enumerate(payer):
        found = next((n for n in range(position, len(customer)) if _short_for(word, customer[n])), None)
        if found is None or (place == 0 and found != 0):
            return False
        whole = whole or len(word) > FEWEST_LETTERS
        position = found + 1
    return whole and (len(payer) > 1 or len(customer) == 1)


def _short_for(short: str, word: str) -> bool:
    if word.startswith(short) or (len(short) > FEWEST_LETTERS and short.startswith(word)):
        return True
    if short[:1] != word[:1]:
        return False
    if len(short) >= FEWEST_LETTERS and len(short) < len(word) and _in_order(short, word):
        return True
    stem = min(len(short), len(word)) - 1
    if stem > FEWEST_LETTERS and short[: stem - 1] == word[: stem - 1]:
        return True
    return len(word) > FEWEST_LETTERS + 1 and OSA.distance(short, word, score_cutoff=1) <= 1


def _in_order(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)


def _initials(payer: Name, customer: Name) -> bool:
    """Whether one short word is made of the first letters of the customer's words, legal form or not."""
    if len(payer.words) != 1 or not FEWEST_INITIALS <= len(payer.words[0]) <= LONGEST_INITIALS:
        return False
    return any(_initials_of(payer.words[0], words) for words in (customer.words, customer.all_words))


def _initials_of(short: str, words: tuple[str, ...]) -> bool:
    """First letters of all words in order; a long word may give one more letter (Ironbridge: I, B)."""
    rest = short
    for place, word in enumerate(words, start=1):
        if not rest.startswith(word[0]):
            return False
        rest = rest[1:]
        if len(rest) > len(words) - place and rest[:1] in word[1:]:
            rest = rest[1:]
    return not rest


class PayerIndex:
    """Answers, for a payer's writing, which customers it may stand for; each writing is compared once."""

    def __init__(self, customers: Mapping[str, str], known: Mapping[str, str] | None = None) -> None:
        """`customers`: id to name; `known`: writing to the id of the customer that a person said it is."""
        self._names = {customer: name_of(name) for customer, name in customers.items()}
        self._known = {writing_key(writing): customer for writing, customer in (known or {}).items()}
        self._branches: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
        for customer, name in self._names.items():
            self._branches[(name.words, name.all_words)].append(customer)
        self._firms = {key: Name(key[0], key[1], "") for key in self._branches}
        self._by_letter: dict[str, list[Name]] = defaultdict(list)
        self._by_joined: dict[str, list[Name]] = defaultdict(list)
        for firm in self._firms.values():
            self._by_letter[firm.joined[:1]].append(firm)
            self._by_joined[firm.joined].append(firm)
        self._joined = list(self._by_joined)
        self._seen: dict[str, dict[str, Standing]] = {}

    def standings(self, *writings: str) -> dict[str, Standing]:
        """Customers that any of the writings may stand for, each with its best standing."""
        found: dict[str, Standing] = {}
        for writing in writings:
            for customer, level in self._standings_of(writing).items():
                found[customer] = max(level, found.get(customer, Standing.NONE))
        return found

    def _standings_of(self, writing: str) -> dict[str, Standing]:
        key = writing_key(writing)
        if key not in self._seen:
            self._seen[key] = self._compared(key) if key else {}
        return self._seen[key]

    def _compared(self, key: str) -> dict[str, Standing]:
        if key in self._known:
            return {self._known[key]: Standing.KNOWN}
        payer = name_of(key)
        found: dict[str, Standing] = {}
        for firm in self._near(payer):
            level = core_standing(payer, firm)
            if level is not Standing.NONE:
                for customer in self._branches[(firm.words, firm.all_words)]:
                    found[customer] = _with_branch(level, payer, self._names[customer])
        return _best_of(found)

    def _near(self, payer: Name) -> Iterable[Name]:
        """The firms worth a comparison: the one written in full, or those that begin alike or look alike."""
        if payer.joined in self._by_joined:
            return self._by_joined[payer.joined]
        if _CHINESE.search(payer.joined):
            return [
                firm
                for firm in self._firms.values()
                if payer.joined[:1] in firm.joined or firm.joined[:1] in payer.joined
            ]
        alike = process.extract(
            payer.joined, self._joined, scorer=fuzz.ratio, score_cutoff=SMALLEST_SIMILARITY, limit=None
        )
        return [*self._by_letter[payer.joined[:1]], *(firm for joined, *_ in alike for firm in self._by_joined[joined])]


def _best_of(levels: dict[str, Standing]) -> dict[str, Standing]:
    """Initials count only where nobody's name is written out."""
    found = {customer: level for customer, level in levels.items() if level is not Standing.NONE}
    best = max(found.values(), default=Standing.NONE)
    return {who: level for who, level in found.items() if level is not Standing.INITIALS or best is Standing.INITIALS}


def writing_key(writing: str) -> str:
    """A payer's writing as it is remembered: form, case and gaps do not matter."""
    return " ".join(unicodedata.normalize("NFKC", writing).casefold().split())


def names_in_text(text: str) -> list[str]:
    """What may be a payer's name in a bank text: the text without the channel in front, when it holds no digits."""
    rest = _CHANNEL.sub("", text.strip())
    return [rest] if rest and not _reference_like(rest) else []


def _reference_like(text: str) -> bool:
    words = _WORDS.findall(text)
    return not words or any(len(word) > FEWEST_LETTERS and any(c.isdecimal() for c in word) for word in words)
