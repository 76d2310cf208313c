"""The certain part of cash application over a whole company at once, on Polars columns; the rest is told, not guessed.

Documents: document, account, currency, number, open, issued. Receipts: receipt, account, currency, number, left, day.
`number` is a comparable document number (null where nothing is named), `account` anything that can be joined; amounts
are int64 minor units. What is applied here `cash_application.py` would apply too, and post by itself: a property test
holds one against the other. Everything in doubt is left for it, customer by customer.
"""

from dataclasses import dataclass

import polars as pl

from matching.bands import FEWEST_CHANCES

SAME_DEBT = ["account", "currency", "amount"]


@dataclass(frozen=True, slots=True)
class Cascade:
    """Applications (receipt, document, amount, named) and the receipts that need a closer look, as given."""

    applications: pl.DataFrame
    rest: pl.DataFrame


def cascade(documents: pl.DataFrame, receipts: pl.DataFrame) -> Cascade:
    """Receipts that name a document of their account over exactly its amount, then those whose amount is only one's."""
    debts = documents.select("account", "currency", "number", "issued", amount="open").with_row_index("d")
    money = receipts.select("account", "currency", "number", "day", amount="left").with_row_index("m")
    only = _once(_account_and_amount(debts))
    naming = money.select("m", "number").join(debts.select("d", "number"), on="number", how="inner").select("m", "d")
    named = _named(debts, money, naming)
    unnamed_money = money.filter(~_marked(money.height, named["m"]) & money["number"].is_null())
    alone = _alone(debts.filter(~_marked(debts.height, named["d"]) & only), unnamed_money, debts["account"])
    named = named.filter(only.gather(named["d"]))
    pairs = pl.concat([named.with_columns(named=pl.lit(value=True)), alone.with_columns(named=pl.lit(value=False))])
    applied = _uncontested(pairs, money, naming)
    rows = pl.DataFrame({
        "receipt": receipts["receipt"].gather(applied["m"]),
        "document": documents["document"].gather(applied["d"]),
        "amount": money["amount"].gather(applied["m"]),
        "named": applied["named"],
    })  # fmt: skip
    return Cascade(rows, receipts.filter(~_marked(money.height, applied["m"])))


def _account_and_amount(rows: pl.DataFrame) -> pl.Series:
    """A mixed hash: equal for equal accounts and amounts, and rarely for others, which are then doubted for nothing."""
    return rows.select(pl.col("account").hash() ^ pl.col("amount").hash(1)).to_series()


def _once(values: pl.Series) -> pl.Series:
    """Which values stand once; sorting finds the others in a quarter of the time that hashing takes."""
    ordered = values.sort()
    return ~values.is_in(ordered.filter(ordered == ordered.shift()).implode())


def _named(debts: pl.DataFrame, money: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs (m, d) of one number of which the account and the whole amount agree too, each side once."""
    agree = pl.repeat(value=True, n=pairs.height, dtype=pl.Boolean, eager=True)
    for column in SAME_DEBT:
        agree &= money[column].gather(pairs["m"]) == debts[column].gather(pairs["d"])
    early = money["day"].gather(pairs["m"]) < debts["issued"].gather(pairs["d"])
    pairs = pairs.filter(agree & ~early.fill_null(value=False))
    return pairs.filter(_once(pairs["m"]) & _once(pairs["d"]))


def _alone(free: pl.DataFrame, money: pl.DataFrame, accounts: pl.Series) -> pl.DataFrame:
    """Pairs (m, d) of an amount that one receipt and one document of the account have, unlikely to be chance."""
    pairs = money.join(free, on=SAME_DEBT, how="inner").filter(pl.col("m").is_unique() & pl.col("d").is_unique())
    pairs = pairs.filter(~(pl.col("day") < pl.col("issued")).fill_null(value=False))
    owed = accounts.value_counts(name="owed")
    chance = pl.col("owed") / (9.0 * 10.0 ** (significant_digits("amount") - 1))
    return pairs.join(owed, on="account", how="inner").filter(chance < FEWEST_CHANCES).select("m", "d")


def significant_digits(column: str) -> pl.Expr:
    """Digits of an amount without the zeros at its end: 12,345.67 has seven, 8,400.00 has two."""
    return pl.col(column).abs().cast(pl.String).str.strip_chars_end("0").str.len_bytes().cast(pl.Float64)


def _uncontested(pairs: pl.DataFrame, money: pl.DataFrame, naming: pl.DataFrame) -> pl.DataFrame:
    """Leaves out pairs in doubt: other money has the account and amount, or names the document, and found nothing."""
    used = _marked(money.height, pairs["m"])
    keys = _account_and_amount(money)
    same_amount = keys.gather(pairs["m"]).is_in(keys.filter(~used).implode())
    named_too = naming["d"].filter(~used.gather(naming["m"]))
    same_number = pairs["d"].is_in(named_too.implode())
    return pairs.filter(~same_amount & ~same_number)


def _marked(height: int, places: pl.Series) -> pl.Series:
    """A mask with the places set."""
    return pl.repeat(value=False, n=height, dtype=pl.Boolean, eager=True).scatter(places, values=True)
