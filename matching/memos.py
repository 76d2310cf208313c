"""What a remittance line's memo says about its amount: a deduction, a discount, a part, an advance."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Memo:
    """What is said: amounts and percents as decimals where stated, flags where only words are there."""

    deduction: Decimal | None = None
    percent: Decimal | None = None
    percent_is_whole: bool = False
    discounted: bool = False
    deducted: bool = False
    part: bool = False
    surplus: bool = False
    advance: bool = False


_AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)")
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d+)?)\s*(?:%|percent|pct|per cent)")
_NET = re.compile(r"\bnet\s*(\d{2}(?:\.\d+)?)\b(?!\s*days)")
_TENTHS = re.compile(r"(\d(?:\.?\d)?)\s*折")
_DISCOUNT = re.compile(
    r"discount|disc\b|early pay|prompt pay|early settlement|rebate|skonto|escompte|descuento|\bterms\b|\bnet \d\d\b"
    r"|折扣|现金折扣|提前付款|优惠|折让"
)
_DEDUCTION = re.compile(
    r"deduct|deduction|short|chargeback|claim|penalty|damag|defect|missing|returned|withh|allowance|freight adj|abzug"
    r"|扣款|扣除|扣减|质量|破损|短少|罚款|索赔"
)
_PART = re.compile(
    r"partial|part pay|instal|progress|milestone|balance to follow|on acct|part of|rate \d|teilzahlung|acompte"
    r"|分期|部分|首付|尾款|进度款|余款"
)
_SURPLUS = re.compile(r"on account|overpay|over pay|excess|credit balance|挂账|多付|超付")
_ADVANCE = re.compile(r"advance|prepay|pre-pay|deposit|down payment|retainer|预付|预存|定金|订金|押金")

WHOLE = Decimal(100)
LARGEST_NET = Decimal(99)
SMALLEST_NET = Decimal(80)
"""Net 97 is a discount of three percent; "net 30" and "net 60" are days."""


@lru_cache(maxsize=50_000)
def read_memo(text: str) -> Memo:
    """The memo understood; words it does not know say nothing."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not folded.strip():
        return Memo()
    percent = _percent(folded)
    deducted = bool(_DEDUCTION.search(folded))
    return Memo(
        deduction=_stated_amount(folded) if deducted else None,
        percent=percent,
        percent_is_whole=percent is not None and percent == percent.to_integral_value(),
        discounted=percent is not None or bool(_DISCOUNT.search(folded)),
        deducted=deducted,
        part=bool(_PART.search(folded)),
        surplus=bool(_SURPLUS.search(folded)),
        advance=bool(_ADVANCE.search(folded)),
    )


def _percent(folded: str) -> Decimal | None:
    if not _DISCOUNT.search(folded) and not _TENTHS.search(folded):
        return None
    stated = _PERCENT.search(folded)
    if stated:
        return Decimal(stated.group(1))
    net = _NET.search(folded)
    if net and SMALLEST_NET <= Decimal(net.group(1)) <= LARGEST_NET:
        return WHOLE - Decimal(net.group(1))
    tenths = _TENTHS.search(folded)
    if tenths:
        kept = Decimal(tenths.group(1))
        kept = kept * 10 if kept < 10 else kept  # noqa: PLR2004 - 9.8折 and 98折 are the same
        return WHOLE - kept if SMALLEST_NET <= kept <= LARGEST_NET else None
    return None


def _stated_amount(folded: str) -> Decimal | None:
    """The one amount that stands in the memo; two could be anything."""
    found = [Decimal(part.replace(",", "")) for part in _AMOUNT.findall(folded) if part.strip(",")]
    return found[0] if len(found) == 1 else None
