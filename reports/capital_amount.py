"""人民币大写金额: an amount in the characters that Chinese law wants beside the digits."""

from decimal import ROUND_HALF_UP, Decimal

import cn2an

FEN = Decimal("0.01")


def capital_amount(amount: str) -> str:
    """1005.05 becomes 壹仟零伍元零伍分; rounded to fen first, a negative amount starts with 负."""
    rounded = Decimal(amount).quantize(FEN, rounding=ROUND_HALF_UP)
    return str(cn2an.an2cn(f"{rounded:f}", "rmb"))
