"""The sample company's books: customers and a year of documents, deterministic by seed, with the defects of real ones.

Pure: a seed and a date in, rows and CSV bytes out. The rows go through the same import as anybody's.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from connectors.sample_names import COUNTRIES, company_name, person_name, shop_city, shop_name
from ledger.money import decimals

MONTHS = 12
"""A year of documents: every aging bucket and a seasonal trend have something in them."""

SHARE_CHINESE = 0.6
SHARE_WITHOUT_ADDRESS = 0.05
"""One contact in twenty has no e-mail: enough to show the task that follows."""

GROUPS = 3
"""Head offices that pay for their shops."""

TERMS = (30, 30, 45, 60)
_DELAYS = {"punctual": (-8, 1), "late": (5, 30), "very_late": (45, 100), "never": (900, 999)}
_HABITS = ("punctual",) * 13 + ("late",) * 5 + ("very_late",) * 2

DOMESTIC_PROFILE = """\
# The domestic ledger as its accounting program exports it: Chinese headers, GB18030, amounts without sign.
source = "demo-domestic"
description = "国内销售往来明细"

[file]
encoding = "gb18030"
delimiter = "comma"

[columns]
customer = "客户编码"
customer_name = "客户名称"
kind = "单据类型"
number = "单据编号"
document_date = "单据日期"
due_date = "到期日"
currency = "币种"
amount = "金额"
settles = "核销单号"
description = "摘要"

[constants]
country = "CN"

[dates]
forms = ["YYYY-MM-DD", "YYYY年M月D日"]

[numbers]
decimal = "."
thousands = ","

[kinds]
"销售发票" = "invoice"
"红字发票" = "credit_memo"
"收款单" = "receipt"
"其他应收" = "debit_memo"

[signs]
receipt = "positive"
credit_memo = "either"
"""

_FOREIGN_COLUMNS = """
[columns]
customer = "Customer"
customer_name = "Name"
country = "Country"
kind = "Type"
number = "Document"
document_date = "Date"
due_date = "Due"
currency = "Currency"
amount = "Amount"
settles = "Settles"
disputed = "Disputed"
description = "Text"

[dates]
forms = ["YYYY-MM-DD"]

[numbers]
decimal = "."
thousands = ","

[disputed]
values = ["Yes"]
"""

EXPORT_PROFILE = '# The export ledger, kept in English.\nsource = "demo-export"\n' + _FOREIGN_COLUMNS
MANUAL_PROFILE = (
    '# What clerks typed by hand until the programs spoke to each other.\nsource = "demo-manual"\n' + _FOREIGN_COLUMNS
)

_DOMESTIC_HEADER = (
    "客户编码", "客户名称", "单据类型", "单据编号", "单据日期", "到期日", "币种", "金额", "核销单号", "摘要",
)  # fmt: skip
_EXPORT_HEADER = (
    "Customer", "Name", "Country", "Type", "Document", "Date", "Due", "Currency", "Amount", "Settles", "Disputed",
    "Text",
)  # fmt: skip
_CHINESE_KINDS = {"invoice": "销售发票", "credit_memo": "红字发票", "receipt": "收款单", "debit_memo": "其他应收"}


@dataclass(frozen=True, slots=True)
class SampleContact:
    """A person at a customer; `email` None is one of the defects."""

    name: str
    email: str | None
    purpose: str = "statement"


@dataclass(frozen=True, slots=True)
class SampleCustomer:
    """One customer; `parent` is the code of the head office that pays for it."""

    code: str
    name: str
    language: str
    country: str
    currency: str
    terms: int
    habit: str
    size: float
    parent: str | None = None
    contacts: tuple[SampleContact, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One document of the ledger; `amount` is signed as the ledger does (receipts negative)."""

    customer: SampleCustomer
    kind: str
    number: str
    day: date
    due: date | None
    currency: str
    amount: Decimal
    settles: str = ""
    disputed: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file to import with the profile of that name."""

    name: str
    profile: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SampleBooks:
    """`control` is the general ledger's receivable per currency on the last day; `defects` counts what is wrong.

    `unpaid` are the domestic invoices up to the last day that no later row names.
    """

    customers: tuple[SampleCustomer, ...]
    files: tuple[SampleFile, ...]
    profiles: dict[str, str]
    control: dict[str, Decimal]
    defects: dict[str, int]
    last: date
    unpaid: tuple[Row, ...]


@dataclass(slots=True)
class _Draft:
    random: Random
    rows: list[Row] = field(default_factory=list)
    defects: Counter[str] = field(default_factory=Counter)


def sample_books(seed: int, customers: int, last: date, until: date | None = None) -> SampleBooks:
    """The books of `customers` customers over the twelve months that end on `last`, and the days from there to `until`.

    The control balance is as of `last`.
    """
    newest = until or last
    draft = _Draft(Random(seed))  # noqa: S311 - made-up books, not secrets
    everyone = _customers(draft, customers)
    first = _months_before(last)
    for customer in everyone:
        _year_of(draft, customer, first, newest)
    draft.rows.sort(key=lambda row: (row.day, row.customer.code, row.kind, row.number))
    rows = _numbered(draft)
    domestic = [row for row in rows if row.customer.currency == "CNY"]
    foreign = [row for row in rows if row.customer.currency != "CNY"]
    manual = _typed_twice(draft, foreign)
    files = (
        SampleFile("国内往来.csv", "demo-domestic", _domestic_csv(draft, domestic, newest)),
        SampleFile("export-ledger.csv", "demo-export", _export_csv(draft, foreign, newest)),
        SampleFile("manual-entries.csv", "demo-manual", _manual_csv(manual)),
    )
    profiles = {"demo-domestic": DOMESTIC_PROFILE, "demo-export": EXPORT_PROFILE, "demo-manual": MANUAL_PROFILE}
    control: dict[str, Decimal] = defaultdict(Decimal)
    for row in [*rows, *manual]:
        if row.day <= last:
            control[row.currency] += row.amount
    return SampleBooks(
        tuple(everyone), files, profiles, dict(control), dict(draft.defects), last, _unpaid(domestic, last)
    )


# -- customers ---------------------------------------------------------------------------------------


def _customers(draft: _Draft, count: int) -> list[SampleCustomer]:
    random, taken = draft.random, set[str]()
    everyone: list[SampleCustomer] = []
    for index in range(count):
        country = "CN" if random.random() < SHARE_CHINESE else random.choice(tuple(COUNTRIES)[1:])
        code = f"KH{index + 1:05d}" if country == "CN" else f"00{20_000 + index:05d}"
        everyone.append(
            SampleCustomer(
                code=code, name=company_name(random, country, taken), language="zh" if country == "CN" else "en",
                country=country, currency=COUNTRIES[country], terms=random.choice(TERMS), habit=random.choice(_HABITS),
                size=random.lognormvariate(0, 0.9), contacts=_contacts(draft, country, code),
            )
        )  # fmt: skip
    return _with_groups(draft, everyone)


def _contacts(draft: _Draft, country: str, code: str) -> tuple[SampleContact, ...]:
    random = draft.random
    name = person_name(random, country)
    if random.random() < SHARE_WITHOUT_ADDRESS:
        draft.defects["customers_without_address"] += 1
        return (SampleContact(name, None),)
    first = SampleContact(name, f"accounts@{code.lower()}.customer.example")
    if random.random() < SHARE_WITHOUT_ADDRESS:
        second = SampleContact(person_name(random, country), f"treasury@{code.lower()}.customer.example", "reminder")
        return (first, second)
    return (first,)


def _with_groups(draft: _Draft, everyone: list[SampleCustomer]) -> list[SampleCustomer]:
    """Turns some customers into shops of a head office of the same country."""
    random = draft.random
    grouped = list(everyone)
    for number in range(min(GROUPS, len(everyone) // 12)):
        country = "CN" if number < GROUPS - 1 else "GB"
        members = [i for i, c in enumerate(grouped) if c.country == country and c.parent is None]
        heads = {c.parent for c in grouped}
        members = [i for i in members if grouped[i].code not in heads][: 2 + random.randrange(4)]
        if len(members) < 2:  # noqa: PLR2004 - a group has a head and a shop
            continue
        head = grouped[members[0]]
        for index in members[1:]:
            shop = grouped[index]
            name = shop_name(head.name, shop_city(random, country), country) + ("" if country == "CN" else f" {index}")
            name = f"{name}（{index}）" if country == "CN" else name
            grouped[index] = replace(shop, name=name, parent=head.code, terms=head.terms, habit=head.habit)
            draft.defects["shops_paid_by_head_office"] += 1
    return grouped


# -- documents ---------------------------------------------------------------------------------------


def _months_before(last: date) -> date:
    """The first day of the month `MONTHS` - 1 months before `last`'s."""
    month = last.year * 12 + last.month - 1 - (MONTHS - 1)
    return date(month // 12, month % 12 + 1, 1)


def _year_of(draft: _Draft, customer: SampleCustomer, first: date, last: date) -> None:
    random = draft.random
    day = first + timedelta(days=random.randrange(20))
    while day <= last:
        _invoice(draft, customer, day, last)
        day += timedelta(days=2 + int(random.expovariate(1 / 14)))


def _invoice(draft: _Draft, customer: SampleCustomer, day: date, last: date) -> None:
    random = draft.random
    amount = _amount(random, customer)
    due: date | None = day + timedelta(days=customer.terms)
    if random.random() < 0.01:  # noqa: PLR2004 - one in a hundred
        due = None
        draft.defects["missing_due_dates"] += 1
    kind = "debit_memo" if random.random() < 0.01 else "invoice"  # noqa: PLR2004 - one in a hundred
    mark = f"#{len(draft.rows)}"
    disputed = customer.currency != "CNY" and random.random() < 0.01  # noqa: PLR2004 - one in a hundred
    draft.defects["disputed_lines"] += disputed
    draft.rows.append(Row(customer, kind, mark, day, due, customer.currency, amount, disputed=disputed))
    left = amount - _credit_note(draft, customer, mark, amount, day, last)
    if not disputed:
        _payment(draft, customer, mark, left, day + timedelta(days=customer.terms), last)


def _amount(random: Random, customer: SampleCustomer) -> Decimal:
    base = {"CNY": 18_000, "USD": 4_200, "EUR": 3_900, "JPY": 410_000}[customer.currency]
    value = Decimal(repr(random.lognormvariate(0, 0.7) * base * customer.size))
    return _rounded(value, customer.currency)


def _rounded(value: Decimal, currency: str) -> Decimal:
    return max(value.quantize(Decimal(1).scaleb(-decimals(currency))), Decimal(1))


def _credit_note(
    draft: _Draft, customer: SampleCustomer, settles: str, amount: Decimal, day: date, last: date
) -> Decimal:
    """In one case of thirty a part comes back; answers how much."""
    random = draft.random
    when = day + timedelta(days=3 + random.randrange(20))
    if random.random() >= 1 / 30 or when > last:
        return Decimal(0)
    part = _rounded(amount * Decimal(random.randrange(5, 40)) / 100, customer.currency)
    draft.defects["credit_notes"] += 1
    draft.rows.append(
        Row(customer, "credit_memo", f"#{len(draft.rows)}", when, None, customer.currency, -part, settles)
    )
    return part


def _payment(draft: _Draft, customer: SampleCustomer, settles: str, left: Decimal, due: date, last: date) -> None:
    random = draft.random
    low, high = _DELAYS[customer.habit if random.random() < 0.993 else "never"]  # noqa: PLR2004 - one in 140 is forgotten
    when = due + timedelta(days=random.randint(low, high))
    if when > last or left <= 0:
        return
    text = ""
    if customer.parent is not None:
        text = f"总部 {customer.parent} 代付" if customer.country == "CN" else f"paid by head office {customer.parent}"
    if random.random() < 0.01:  # noqa: PLR2004 - one in a hundred pays a part
        left = _rounded(left * Decimal(random.randrange(30, 90)) / 100, customer.currency)
        draft.defects["part_payments"] += 1
    reference = settles
    if random.random() < 0.008:  # noqa: PLR2004 - one in 125 names nothing
        reference = ""
        draft.defects["receipts_without_reference"] += 1
    mark = f"#{len(draft.rows)}"
    draft.rows.append(Row(customer, "receipt", mark, when, None, customer.currency, -left, reference, text=text))


def _numbered(draft: _Draft) -> list[Row]:
    """Document numbers in the order of days, with a few numbers left out; receipts then name real numbers."""
    prefixes = {
        ("CNY", "invoice"): "XS", ("CNY", "debit_memo"): "YS", ("CNY", "credit_memo"): "HZ", ("CNY", "receipt"): "SK",
        ("", "invoice"): "EX-", ("", "debit_memo"): "ED-", ("", "credit_memo"): "EC-", ("", "receipt"): "ER-",
    }  # fmt: skip
    counters: Counter[str] = Counter()
    real: dict[str, str] = {}
    numbered = []
    for row in draft.rows:
        prefix = prefixes["CNY" if row.currency == "CNY" else "", row.kind]
        counters[prefix] += 1
        if row.kind == "invoice" and counters[prefix] in {57, 211, 212}:
            draft.defects["number_gaps"] += 1
            counters[prefix] += 1
        number = f"{prefix}{counters[prefix]:06d}"
        real[row.number] = number
        numbered.append(replace(row, number=number))
    return [replace(row, settles=real.get(row.settles, "")) for row in numbered]


def _unpaid(rows: list[Row], last: date) -> tuple[Row, ...]:
    named = {row.settles for row in rows}
    return tuple(row for row in rows if row.kind == "invoice" and row.day <= last and row.number not in named)


# -- defects and files -------------------------------------------------------------------------------


def _typed_twice(draft: _Draft, foreign: list[Row]) -> list[Row]:
    """Invoices that a clerk entered by hand although the program had them: the duplicates check finds them."""
    invoices = [row for row in foreign if row.kind == "invoice"]
    chosen = invoices[-40:-30:5]
    draft.defects["documents_entered_twice"] += len(chosen)
    return [replace(row, disputed=False, text="typed from paper") for row in chosen]


def _domestic_csv(draft: _Draft, rows: list[Row], last: date) -> bytes:
    table = [_domestic_cells(row) for row in rows]
    _repeat_rows(draft, table)
    for place, row in enumerate(rows):
        if row.kind == "invoice" and place % 97 == 50:  # noqa: PLR2004 - spread over the file
            table[place][7] = _full_width(f"{abs(row.amount):,.2f}")
            draft.defects["full_width_digits"] += 1
        elif place % 113 == 20:  # noqa: PLR2004 - spread over the file
            table[place][6] = "RMB"
            draft.defects["currency_written_otherwise"] += 1
    sample, later = rows[0].customer, (last + timedelta(days=400)).isoformat()
    bad = [
        ["", "（无客户）", "销售发票", "XS900001", last.isoformat(), "", "CNY", "1200.00", "", ""],
        [sample.code, sample.name, "销售发票", "XS900002", later, "", "CNY", "880.00", "", ""],
        [sample.code, sample.name, "销售发票", "XS900003", last.isoformat(), "", "CNY", "1,2,3", "", ""],
        [sample.code, sample.name, "销售发票", "XS900004", last.isoformat(), "", "XQZ", "50.00", "", ""],
        [sample.code, sample.name, "不明单据", "XS900005", last.isoformat(), "", "CNY", "50.00", "", ""],
    ]
    draft.defects["unreadable_rows"] += len(bad)
    return _csv(_DOMESTIC_HEADER, [*table, *bad]).encode("gb18030")


def _domestic_cells(row: Row) -> list[str]:
    customer = row.customer
    return [
        customer.code, customer.name, _CHINESE_KINDS[row.kind], row.number, row.day.isoformat(),
        row.due.isoformat() if row.due else "", row.currency, f"{abs(row.amount):.2f}", row.settles, row.text,
    ]  # fmt: skip


def _export_csv(draft: _Draft, rows: list[Row], last: date) -> bytes:
    table = [_export_cells(row) for row in rows]
    _repeat_rows(draft, table)
    yen = next((row for row in rows if row.currency == "JPY"), None)
    bad = []
    if yen is not None:
        bad.append([*_export_cells(replace(yen, number="EX-900001"))[:8], "1050.50", "", "", ""])
    if rows:
        first = _export_cells(rows[0])
        bad.append([*first[:4], "EX-900002", "2025-02-30", *first[6:8], "10.00", "", "", ""])
        bad.append([*first[:3], "credit_memo", "EC-900001", last.isoformat(), "", first[7], "25.00", "", "", ""])
    draft.defects["unreadable_rows"] += len(bad)
    return _csv(_EXPORT_HEADER, [*table, *bad]).encode()


def _manual_csv(rows: list[Row]) -> bytes:
    return _csv(_EXPORT_HEADER, [_export_cells(row) for row in rows]).encode()


def _export_cells(row: Row) -> list[str]:
    customer, places = row.customer, decimals(row.currency)
    return [
        customer.code, customer.name, customer.country, row.kind, row.number, row.day.isoformat(),
        row.due.isoformat() if row.due else "", row.currency, f"{row.amount:.{places}f}", row.settles,
        "Yes" if row.disputed else "", row.text,
    ]  # fmt: skip


def _repeat_rows(draft: _Draft, table: list[list[str]]) -> None:
    """Rows that an export wrote twice: taken once."""
    repeated = [list(cells) for cells in table[30:300:90]]
    draft.defects["repeated_rows"] += len(repeated)
    table.extend(repeated)


def _full_width(text: str) -> str:
    return text.translate({**{ord(str(d)): chr(0xFF10 + d) for d in range(10)}, ord(","): "，", ord("."): "．"})


def _csv(header: tuple[str, ...], rows: list[list[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def month_ends(books: SampleBooks, count: int) -> Iterator[date]:
    """The last `count` month ends of the books, oldest first."""
    for back in range(count - 1, -1, -1):
        month = books.last.year * 12 + books.last.month - back
        yield date(month // 12, month % 12 + 1, 1) - timedelta(days=1)
