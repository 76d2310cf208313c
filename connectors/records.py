"""Rows of typed columns become records: amounts rounded once, signs by type, lines grouped, settlements split off.

`rid` is the row that a record is named by: its own row, or the first line of its document.
"""

import hashlib

import polars as pl

from connectors.columns import AMOUNTS_IN_PARTS, SCALE, Columns
from connectors.profiles import Extra, Group
from connectors.tables import locate
from ledger.items import Kind
from ledger.money import MAX_MINOR, RESIDUE_PER_MINOR, decimals

DEBIT_KINDS = (Kind.INVOICE.value, Kind.DEBIT_MEMO.value)
REDUCING_KINDS = (Kind.CREDIT_MEMO.value, Kind.RECEIPT.value, Kind.WRITE_OFF.value)
FACTOR_SCALE = SCALE // 2
"""Quantity and price may have six decimals each: their product is then exact in 10^-12 parts."""

LINE_DIGEST_BYTES = 8
"""Told apart within one document only: 64 bits are plenty for its few thousand lines."""

RESIDUE_SCALE = len(str(RESIDUE_PER_MINOR)) - 1
"""Decimals that a residue keeps beyond the minor unit."""

RECORD_COLUMNS = (
    "rid", "ref", "instalment", "revision", "kind", "number", "customer", "customer_name", "country",
    "document_date", "due_date", "currency", "parts", "disputed_parts", "line_count", "description", "attributes",
    "row", "last_row", "lines", "line_parts", "settles_ref", "settles", "contact_email",
)  # fmt: skip


def row_parts(work: Columns) -> None:
    """Adds `parts`, the row's amount in 10^-12, and flags what is missing or finer than can be multiplied."""
    if "amount" in work.places:
        parts, name = pl.col("v_amount"), "amount"
        missing = pl.col("v_amount").is_null() & pl.col("e_amount").is_null()
    elif "debit" in work.places:
        parts, name = pl.col("v_debit").fill_null(0) - pl.col("v_credit").fill_null(0), "debit"
        missing = pl.all_horizontal(pl.col("v_debit", "e_debit", "v_credit", "e_credit").is_null())
        _name_credits(work)
    else:
        unit = 10**FACTOR_SCALE
        quantity, price, name = pl.col("v_quantity"), pl.col("v_price"), "price"
        fine = (quantity % unit != 0) | (price % unit != 0)
        work.flag(fine, name, "too_many_decimals")
        parts = pl.when(~fine).then((quantity // unit) * (price // unit))
        missing = (quantity.is_null() & pl.col("e_quantity").is_null()) | (
            price.is_null() & pl.col("e_price").is_null()
        )
    work.flag(missing, name, "value_missing")
    work.frame = work.frame.with_columns(parts.cast(AMOUNTS_IN_PARTS).alias("parts"))


def _name_credits(work: Columns) -> None:
    """A row on the credit side is no invoice, whatever the constant says; a row on both sides is held."""
    debit, credit = (pl.col(f"v_{side}").fill_null(0) for side in ("debit", "credit"))
    work.flag((debit != 0) & (credit != 0), "credit", "debit_and_credit")
    if "kind" not in work.places:
        is_credit = (debit == 0) & (credit != 0) & pl.col("v_kind").is_in(DEBIT_KINDS)
        kind = pl.lit(work.profile.constants.get("credit_kind", Kind.RECEIPT.value))
        work.frame = work.frame.with_columns(pl.when(is_credit).then(kind).otherwise(pl.col("v_kind")).alias("v_kind"))


def disputed_parts(work: Columns) -> None:
    """Adds `disputed_parts`: the disputed amount, or the whole row where the profile has words for it."""
    disputed: pl.Expr = pl.lit(0, dtype=AMOUNTS_IN_PARTS)
    if "disputed" in work.places and not work.profile.disputed_values:
        disputed = pl.col("v_disputed").fill_null(0)
    elif "disputed" in work.places:
        flagged = pl.col("t_disputed").is_in(list(work.profile.disputed_values))
        disputed = pl.when(flagged).then(pl.col("parts")).otherwise(disputed)
    work.frame = work.frame.with_columns(disputed.alias("disputed_parts"))


def read_only(work: Columns) -> pl.DataFrame:
    """What the records are made of: typed fields without the texts that they were read from."""
    amounts = {"v_amount", "v_debit", "v_credit", "v_quantity", "v_price", "v_disputed"}
    names = [
        name
        for name in work.frame.columns
        if name in {"row", "parts", "disputed_parts", "attributes", "line"}
        or (name[:2] == "v_" and name not in amounts)
    ]
    return work.frame.select(names)


def name_records(work: Columns) -> None:
    """Adds `ref`, the record's name in its source, and `rid`."""
    profile = work.profile
    keys = profile.key if profile.group is None else ("kind", *profile.group.columns)
    parts = [pl.col(f"v_{key}").cast(pl.String) for key in keys]
    ref = pl.concat_str(parts, separator="/")
    work.frame = work.frame.with_columns(pl.when(pl.col("v_number") != "").then(ref).alias("ref"))
    rid = pl.col("row")
    if profile.group is not None:
        rid = pl.when(pl.col("ref").is_null()).then(pl.col("row")).otherwise(pl.col("row").min().over("ref"))
    work.frame = work.frame.with_columns(rid.alias("rid"))


def records_of_rows(work: Columns) -> pl.DataFrame:
    """One record per row."""
    return work.frame.select(
        "rid", "ref", *_common(work), "parts", "disputed_parts",
        pl.lit(1, dtype=pl.Int32).alias("line_count"), "attributes", "row", pl.col("row").alias("last_row"),
        pl.lit(None, dtype=pl.List(pl.String)).alias("lines"),
        pl.lit(None, dtype=pl.List(AMOUNTS_IN_PARTS)).alias("line_parts"),
        pl.lit(None, dtype=pl.String).alias("settles_ref"), pl.col("v_settles").alias("settles"),
        pl.col("v_contact_email").alias("contact_email"),
    ).select(RECORD_COLUMNS)  # fmt: skip


def records_of_lines(work: Columns, group: Group) -> pl.DataFrame:
    """One record per document; flags documents whose lines do not belong together."""
    if group.rounding == "line":
        _round_lines(work)
    mixed = pl.any_horizontal(
        (pl.col(name).min() != pl.col(name).max()).over("rid") for name in ("v_customer", "v_currency", "v_kind")
    )
    work.flag(mixed, "number", "document_mixed")
    common = [expr.first() for expr in _common(work)]
    records = work.frame.group_by("rid", maintain_order=True).agg(
        pl.col("ref").first(), *common, pl.col("parts").sum(), pl.col("disputed_parts").sum(),
        pl.len().cast(pl.Int32).alias("line_count"), pl.col("attributes").first(), pl.col("row").first(),
        pl.col("row").last().alias("last_row"), pl.col("line").alias("lines"), pl.col("parts").alias("line_parts"),
        pl.lit(None, dtype=pl.String).first().alias("settles_ref"), pl.col("v_settles").first().alias("settles"),
        pl.col("v_contact_email").first().alias("contact_email"),
    )  # fmt: skip
    return records.select(RECORD_COLUMNS)


def _common(work: Columns) -> list[pl.Expr]:
    profile = work.profile
    terms = pl.coalesce(pl.col("v_terms_days"), pl.lit(profile.terms_days, dtype=pl.Int32))
    by_terms = pl.col("v_document_date") + pl.duration(days=terms)
    has_terms = pl.lit(value=True) if profile.terms_for == "all" else pl.col("v_kind").is_in(DEBIT_KINDS)
    due = pl.when(has_terms).then(pl.coalesce(pl.col("v_due_date"), by_terms))
    names = (
        "instalment", "revision", "kind", "number", "customer", "customer_name", "country", "document_date", "currency",
        "description",
    )  # fmt: skip
    return [*(pl.col(f"v_{name}").alias(name) for name in names), due.otherwise(pl.col("v_due_date")).alias("due_date")]


def add_attributes(work: Columns) -> None:
    """Adds `attributes`, a JSON object of the columns that the profile keeps."""
    found = {name: locate(work.table.headers, (name,), needed=False) for name in work.profile.attributes}
    places = {name: place for name, place in found.items() if place is not None}
    if not places:
        work.frame = work.frame.with_columns(pl.lit("{}").alias("attributes"))
        return
    kept = pl.struct(pl.col(f"c{place}").alias(name) for name, place in places.items())
    work.frame = work.frame.with_columns(kept.struct.json_encode().alias("attributes"))


def _unit(currency: pl.Expr, work: Columns, scale: int) -> pl.Expr:
    codes = work.frame["v_currency"].drop_nulls().unique().to_list()
    units = {code: 10 ** (scale - decimals(code)) for code in codes if code}
    return currency.replace_strict(units, default=None, return_dtype=AMOUNTS_IN_PARTS)


def _half_up(parts: pl.Expr, unit: pl.Expr) -> pl.Expr:
    """Whole units, half away from zero, as `ledger.money.round_to_minor` does."""
    size = (parts.abs() + unit // 2) // unit
    return pl.when(parts < 0).then(size * -1).otherwise(size)


def _round_lines(work: Columns) -> None:
    unit = _unit(pl.col("v_currency"), work, SCALE)
    rounded = _half_up(pl.col("parts"), unit) * unit
    moved = work.frame.select((rounded - pl.col("parts")).sum()).item()
    work.frame = work.frame.with_columns(rounded.alias("parts"))
    if moved:
        work.mark("amount", "rounded_by_line", _plain(moved))


def _plain(parts: int) -> str:
    whole, fraction = divmod(abs(parts), 10**SCALE)
    return f"{'-' if parts < 0 else ''}{whole}.{fraction:0{SCALE}d}".rstrip("0").rstrip(".")


def mark_lines(work: Columns, group: Group) -> None:
    """Adds `line`, a short digest of the line's own cells, led by its line number where the source has one."""
    places = dict.fromkeys([*work.places.values(), *(locate(work.table.headers, (name,)) or 0 for name in group.line)])
    texts = work.frame.select(pl.concat_str([pl.col(f"c{place}") for place in places], separator="\x1f").alias("t"))
    digests = [hashlib.blake2b(text.encode(), digest_size=LINE_DIGEST_BYTES).hexdigest() for text in texts["t"]]
    line = pl.Series("line", digests, dtype=pl.String)
    if group.line_number is not None:
        number = work.frame[f"c{locate(work.table.headers, (group.line_number,))}"].str.strip_chars()
        line = (number + "=" + line).alias("line")
    work.frame = work.frame.with_columns(line)


def with_extras(work: Columns, records: pl.DataFrame) -> pl.DataFrame:
    """The records and, for each `[[records]]` of the profile, the further records of the same rows."""
    parts = [records]
    for index, extra in enumerate(work.profile.extras):
        dates = work.frame.select("rid", pl.col(f"v_extra{index}_date").alias("day"), _extra_parts(extra, index))
        joined = records.join(dates, on="rid", how="inner").filter(pl.col("day").is_not_null())
        parts.append(_extra_record(extra, joined).select(*RECORD_COLUMNS, "code"))
    return pl.concat(parts).sort("rid", maintain_order=True) if len(parts) > 1 else records


def _extra_parts(extra: Extra, index: int) -> pl.Expr:
    if extra.amount_column is None:
        return pl.lit(None, dtype=AMOUNTS_IN_PARTS).alias("own")
    return pl.col(f"v_extra{index}_amount").alias("own")


def _extra_record(extra: Extra, joined: pl.DataFrame) -> pl.DataFrame:
    before, after = extra.number.split("{number}", 1)
    number = pl.lit(before) + pl.col("number") + pl.lit(after)
    opposite = -1 if extra.kind in REDUCING_KINDS else 1
    return joined.with_columns(
        number.alias("number"),
        (pl.lit(f"{extra.kind}/{before}") + pl.col("number") + pl.lit(after)).alias("ref"),
        pl.lit(extra.kind).alias("kind"),
        pl.col("day").alias("document_date"),
        pl.lit(None, dtype=pl.Date).alias("due_date"),
        pl.coalesce(pl.col("own").abs() * opposite, pl.col("parts") * opposite).alias("parts"),
        pl.lit(0, dtype=AMOUNTS_IN_PARTS).alias("disputed_parts"),
        pl.lit("{}").alias("attributes"),
        (pl.col("ref") if extra.settles else pl.lit(None, dtype=pl.String)).alias("settles_ref"),
        pl.lit("").alias("settles"),
        pl.lit(None, dtype=pl.String).alias("code"),
    )


def signed(work: Columns, records: pl.DataFrame) -> pl.DataFrame:
    """Amounts with the ledger's sign by the profile's rule for their type; what does not fit gets a `code`."""
    rules = work.profile.signs
    kind, parts = pl.col("kind"), pl.col("parts")
    rule = kind.replace_strict(rules, default="any", return_dtype=pl.String)
    reduces = kind.is_in(REDUCING_KINDS)
    wrong = ((rule == "positive") & (parts < 0)) | ((rule == "negative") & (parts > 0))
    turned = (
        pl.when((rule == "either") & reduces).then(parts.abs() * -1)
        .when(rule == "either").then(parts.abs())
        .when((rule == "positive") & reduces).then(parts * -1)
        .when((rule == "negative") & ~reduces).then(parts * -1)
        .otherwise(parts)
    )  # fmt: skip
    becomes_credit = (rule == "credit_memo") & (parts < 0)
    return records.with_columns(
        turned.alias("parts"),
        pl.when(becomes_credit).then(pl.lit(Kind.CREDIT_MEMO.value)).otherwise(kind).alias("kind"),
        pl.when(wrong).then(pl.lit("sign_unexpected")).alias("code"),
    )


def rounded(work: Columns, records: pl.DataFrame) -> pl.DataFrame:
    """Adds `amount` (minor units) and `residue`; what cannot be kept exactly gets a `code`."""
    parts = pl.col("parts")
    unit, fine = _unit(pl.col("currency"), work, SCALE), _unit(pl.col("currency"), work, SCALE - RESIDUE_SCALE)
    minor = _half_up(parts, unit)
    residue = (parts - minor * unit) // fine
    finer = parts % unit != 0
    if work.profile.keep_finer:
        work.count("amount", "amounts_finer", records.filter(finer & (parts % fine == 0)).height)
        finer = parts % fine != 0
    code = (
        pl.when(pl.col("code").is_not_null()).then(pl.col("code"))
        .when(finer).then(pl.lit("too_many_decimals"))
        .when(minor.abs() > MAX_MINOR).then(pl.lit("number_too_large"))
    )  # fmt: skip
    keep = minor.abs() <= MAX_MINOR
    return records.with_columns(
        code.alias("code"),
        pl.when(keep).then(minor).otherwise(0).cast(pl.Int64).alias("amount"),
        pl.when(keep).then(residue).otherwise(0).cast(pl.Int64).alias("residue"),
        pl.when(keep).then(_half_up(pl.col("disputed_parts"), unit)).otherwise(0).cast(pl.Int64).alias("disputed"),
    )
