"""Which column of an account's ledger is which: by header in three languages, by cells, by the other ledger."""

import calendar
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import polars as pl

from connectors.profiles import DATE_FORMS, Profile
from connectors.records import REDUCING_KINDS
from connectors.tables import Table, locate, plain_header
from connectors.values import FULL_WIDTH, parse_amount, parse_date
from matching.references import reference_keys

FIELDS = ("number", "date", "currency", "amount", "debit", "credit", "direction", "kind", "description", "balance")
"""What a column of an account's ledger can be. `direction` says debit or credit beside an amount without sign."""

SETTINGS = ("dates", "decimal", "currency", "sheet", "header_row")
"""What can be said of the whole file."""

WORDS = {
    "debit": (r"(debit|dr)( amount)?( .*)?", r"soll( .*)?", "借方(本币)?(发生)?(金额|额)?", "借"),
    "credit": (r"(credit|cr)( amount)?( .*)?", r"haben( .*)?", "贷方(本币)?(发生)?(金额|额)?", "贷"),
    "direction": (r"(dr|d)\s*/\s*(cr|c)", r"s\s*/\s*h", r"debit/credit", "(余额)?方向", "借贷(方向)?"),
    "balance": (r"(running |closing )?balance", r"saldo", "(期末|当前)?余额", "结余"),
    "currency": (
        r"currency( code)?", r"(doc(ument)? |invoice )?(currency|ccy|cur|curr)", "币种", "币别", "货币", r"währung"
    ),
    "number": (
        r"(invoice|inv)( no| number| num| id| nr| ref(erence)?)?",
        r"(your|our|customer|vendor|supplier|external) (ref(erence)?|document|invoice)( no| number)?",
        r"(doc(ument)?|voucher|bill|transaction)( no| number| num| id| nr| ref)",
        r"ref(erence)?( no| number)?",
        r"(no|number|nr|num)",
        r"(beleg|rechnungs?)(nummer|nr)",
        "(发票|单据|单证|业务单|对方单|票据|凭证|记账凭证|单)(号|号码|编号|字号)",
        "(编号|单号|参考号?)",
    ),
    "date": (
        r"(invoice|doc(ument)?|bill|voucher|transaction|trans) date",
        r"(posting|post|booking|entry|value) date",
        r"date",
        r"(beleg|buchungs|rechnungs)?datum",
        "(单据|开票|发票|凭证|业务|记账|入账|交易|过账)?日期",
    ),
    "amount": (
        r"((invoice|total|open|net|gross|doc(ument)?|transaction) )*(amount|amt)( .*)?",
        r"(total|value|betrag|summe)",
        "(本币|原币|发生|含税|价税|单据|发票)?(金额|合计|发生额|总额)",
    ),
    "kind": (r"((doc(ument)?|transaction|voucher) )?(type|kind)", r"belegart", "(单据|业务|凭证)?(类型|类别)"),
    "description": (
        r"(description|text|memo|remarks?|particulars|narration|narrative|details?|comment)",
        r"(buchungstext|verwendungszweck|bemerkung)",
        "(摘要|备注|说明|用途)",
    ),
}  # fmt: skip
"""Headers as whole texts, in the order in which fields choose; several of one field are told apart by their cells."""

SAMPLE = 5_000
"""Rows looked at: enough to meet a day above the twelfth, and common numbers of the two ledgers."""

CLEAR_SHARE = 0.5
"""So many of a column's cells must be dates (or amounts) for a header that says nothing."""

_ONE_MARK = re.compile(r"[0-9]+([.,])[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A header for each field, and how the file writes dates and numbers; None or empty: as the cells say.

    `reducing`: types of documents, written without sign, that lower the balance. `undecided`: what a person must state.
    """

    columns: dict[str, str] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    decimal: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    currency: str | None = None
    reducing: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The map as the command and the page show it, in the words that correct it."""
        return {
            "columns": self.columns, "dates": list(self.dates), "decimal": self.decimal, "sheet": self.sheet,
            "header_row": self.header_row, "currency": self.currency, "undecided": list(self.undecided),
        }  # fmt: skip


_PROFILE_FIELDS = {
    "number": "number", "date": "document_date", "amount": "amount", "currency": "currency", "kind": "kind",
    "description": "description",
}  # fmt: skip


def map_of_profile(profile: Profile, headers: tuple[str, ...]) -> ColumnMap:
    """What an import profile says of the same columns; its keys that a comparison has no use for are left alone."""
    plain = {plain_header(header): header for header in headers}
    columns: dict[str, str] = {}
    for name, field_name in _PROFILE_FIELDS.items():
        wanted = [plain_header(header) for header in profile.columns.get(field_name, ())]
        present = [plain[header] for header in wanted if header in plain]
        if present:
            columns[name] = present[0]
    words = [*profile.kinds.items(), *((kind, kind) for kind in profile.signs)]
    reducing = [word for word, kind in words if kind in REDUCING_KINDS and profile.signs[kind] in UNSIGNED]
    return ColumnMap(
        columns, profile.dates, profile.decimal, profile.file.sheet, profile.file.header_row,
        profile.constants.get("currency"), tuple(reducing),
    )  # fmt: skip


UNSIGNED = frozenset({"positive", "either"})
"""Sign rules of a profile under which a credit stands without its minus."""


class Other:
    """What the other ledger tells about this one, asked only where this one leaves a doubt."""

    def __init__(self, table: Table, known: ColumnMap) -> None:
        self._table = table
        self._map = known

    @cached_property
    def days(self) -> pl.DataFrame:
        """`key` and `day` of the other ledger's rows, one for each key."""
        number = pl.lit("")
        if "number" in self._map.columns:
            number = pl.col(column_of(self._table, self._map.columns["number"]))
        day = pl.lit(None, dtype=pl.String)
        if "date" in self._map.columns and "dates" not in self._map.undecided:
            day = pl.col(column_of(self._table, self._map.columns["date"]))
        texts = self._table.frame.select(key=reference_keys(number), text=day).filter(pl.col("key") != "")
        read = {text: _day(text, self._map.dates) for text in texts["text"].drop_nulls().unique().to_list()}
        days = texts["text"].replace_strict(read, default=None, return_dtype=pl.Date)
        return texts.select("key").with_columns(day=days).unique("key")


def column_of(table: Table, header: str) -> str:
    """The frame's column under a header. Raises FileRefusedError when there is none, or two."""
    place = locate(table.headers, (header,))
    return f"c{place}"


def guess_columns(table: Table, wish: ColumnMap, other: Other | None = None) -> ColumnMap:
    """The map of a table: what was wished, then what headers and cells say. Raises FileRefusedError on a bad wish."""
    columns = {name: table.headers[int(column_of(table, header)[1:])] for name, header in wish.columns.items()}
    free = [header for header in table.headers if header and header not in columns.values()]
    for name, patterns in WORDS.items():
        if name in columns or not free:
            continue
        named = _named(free, patterns)
        chosen = _best_number(table, named, free, other) if name == "number" else next(iter(named), None)
        if chosen is not None:
            columns[name] = chosen
            free.remove(chosen)
    _by_cells(table, columns, free)
    if {"debit", "credit"} <= columns.keys() and "amount" not in wish.columns:
        columns.pop("amount", None)
    if "amount" in wish.columns:
        columns = {name: header for name, header in columns.items() if name not in {"debit", "credit"}}
    return _decided(table, replace(wish, columns=columns), other)


def _named(headers: list[str], patterns: Iterable[str]) -> list[str]:
    """The headers that one of the patterns names, those of earlier patterns first."""
    return [header for pattern in patterns for header in headers if re.fullmatch(pattern, _spaced(header))]


def _spaced(header: str) -> str:
    """A header for comparison: "InvoiceNo", "invoice_no." and "Invoice No (CNY)" alike."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    bare = re.sub(r"[(\[（【].*?[)\]）】]", " ", parted.replace("_", " ").replace(".", " ").replace(":", " "))
    return plain_header(bare)


def _best_number(table: Table, named: list[str], free: list[str], other: Other | None) -> str | None:
    """Of the columns that may hold document numbers the one that the other ledger knows best."""
    if other is None or (len(named) == 1 and len(free) == 1):
        return next(iter(named), None)
    known = other.days.select("key")
    shared = {}
    for header in dict.fromkeys([*named, *free]):
        keys = _sample(table, header).select(key=reference_keys(pl.col("text"))).unique()
        shared[header] = keys.join(known, on="key", how="semi").height
    best = max(shared, key=lambda header: shared[header], default=None)
    first = next(iter(named), None)
    if best is None or shared[best] == 0 or (first is not None and shared[first] * 2 >= shared[best]):
        return first
    return best


def _sample(table: Table, header: str) -> pl.DataFrame:
    text = pl.col(column_of(table, header)).str.strip_chars()
    return table.frame.select(text=text).filter(pl.col("text") != "").head(SAMPLE)


def _texts(table: Table, header: str) -> list[str]:
    found: list[str] = _sample(table, header)["text"].unique(maintain_order=True).to_list()
    return found


def _by_cells(table: Table, columns: dict[str, str], free: list[str]) -> None:
    """Dates, amounts and numbers under headers that say nothing, by what the cells are."""
    if "date" not in columns:
        _take(columns, free, "date", lambda header: _share(_texts(table, header), _is_date))
    if not {"amount", "debit", "credit"} & columns.keys():
        _take(columns, free, "amount", lambda header: _share(_texts(table, header), _is_amount))
    if "number" not in columns:
        _take(columns, free, "number", lambda header: _share(_texts(table, header), _is_number))


def _take(columns: dict[str, str], free: list[str], name: str, share: Callable[[str], float]) -> None:
    shares = {header: share(header) for header in free}
    best = max(shares, key=lambda header: shares[header], default=None)
    if best is not None and shares[best] > CLEAR_SHARE:
        columns[name] = best
        free.remove(best)


def _share(texts: list[str], holds: Callable[[str], bool]) -> float:
    return sum(holds(text) for text in texts) / len(texts) if texts else 0.0


def _is_date(text: str) -> bool:
    return any(_day(text, (form,)) is not None for form in DATE_FORMS if form != "YYYYMMDD")


def _is_amount(text: str) -> bool:
    return parse_amount(text, ".", ",").value is not None or parse_amount(text, ",", ".").value is not None


def _is_number(text: str) -> bool:
    return any(letter.isdigit() for letter in text) and not _is_date(text) and len(text.split()) == 1


def _decided(table: Table, known: ColumnMap, other: Other | None) -> ColumnMap:
    undecided = []
    dates, decimal = known.dates, known.decimal
    if "date" in known.columns and not dates:
        forms = _date_forms(_texts(table, known.columns["date"]))
        if len(forms) > 1 and other is not None:
            forms = _form_of_other(table, known, forms, other)
        undecided += ["dates"] if len(forms) > 1 else []
        dates = forms if len(forms) == 1 else ()
    amounts = [known.columns[name] for name in ("amount", "debit", "credit", "balance") if name in known.columns]
    if decimal is None:
        decimal = _decimal_mark([text for header in amounts for text in _texts(table, header)])
    if not {"amount", "debit", "credit"} & known.columns.keys():
        undecided.append("amount")
    return replace(known, dates=dates, decimal=decimal, undecided=tuple(undecided))


def _date_forms(texts: list[str]) -> tuple[str, ...]:
    """Nothing when the cells leave no doubt by themselves, else the forms in which every cell is a day."""
    if all(_day(text, ()) is not None for text in texts):
        return ()
    return tuple(form for form in DATE_FORMS if all(_day(text, (form,)) is not None for text in texts))


def _day(text: str, forms: tuple[str, ...]) -> date | None:
    return parse_date(spelled_out(text), forms, "UTC")[0]


def _form_of_other(table: Table, known: ColumnMap, forms: tuple[str, ...], other: Other) -> tuple[str, ...]:
    """The form that brings most documents near the day on which the other ledger has them."""
    if "number" not in known.columns:
        return forms
    number, written = (column_of(table, known.columns[name]) for name in ("number", "date"))
    rows = table.frame.head(SAMPLE).select(key=reference_keys(pl.col(number)), text=pl.col(written).str.strip_chars())
    shared = rows.join(other.days.filter(pl.col("day").is_not_null()), on="key").select("text", "day").rows()
    apart = {
        form: sum(abs((read - day).days) for text, day in shared if (read := _day(text, (form,))) is not None)
        for form in forms
    }
    nearest = min(apart.values())
    best = tuple(form for form in forms if apart[form] == nearest)
    return best if shared and len(best) == 1 else forms


def _decimal_mark(texts: list[str]) -> str | None:
    """The mark that is decimal wherever cells leave no doubt; None when all do, or when they contradict each other."""
    marks = set()
    for text in texts:
        body = text.translate(FULL_WIDTH).strip("()+-\u2212 ¥$€£")
        last = max(body.rfind("."), body.rfind(","))
        if last < 0:
            continue
        if "." in body and "," in body:
            marks.add(body[last])
        elif body.count(body[last]) > 1:
            marks.add("." if body[last] == "," else ",")
        elif _ONE_MARK.fullmatch(body):
            marks.add(body[last])
    return marks.pop() if len(marks) == 1 else None


_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
_SPELLED = (
    re.compile(r"(?P<d>\d{1,2})[ .-]*(?P<m>[A-Za-z]{3,9})[ .,-]*(?P<y>\d{4}|\d{2})"),
    re.compile(r"(?P<m>[A-Za-z]{3,9})[ .]*(?P<d>\d{1,2}),?[ ]+(?P<y>\d{4})"),
)
_SHORT_YEAR = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{2})")
CENTURY = "20"
"""Ledgers that write two digits of a year are of this century."""


def spelled_out(text: str) -> str:
    """A date with a month's English name, or with two digits of its year, in a form that `parse_date` knows."""
    folded = text.translate(FULL_WIDTH).strip()
    for pattern in _SPELLED:
        match = pattern.fullmatch(folded)
        month = _MONTHS.get(match["m"][:3].casefold()) if match else None
        if match is not None and month is not None:
            year = match["y"] if len(match["y"]) > len(CENTURY) else CENTURY + match["y"]
            return f"{year}-{month:02}-{int(match['d']):02}"
    short = _SHORT_YEAR.fullmatch(folded)
    return f"{short[1]}{short[2]}{short[3]}{short[2]}{CENTURY}{short[4]}" if short else folded
