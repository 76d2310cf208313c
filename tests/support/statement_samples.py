"""Statement contents as the statements room would hand them over, for everything that draws a statement."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from typing import Any

from ledger.money import decimal_text, decimals

Content = dict[str, Any]
BUCKETS = (("not_due", None, 0), ("1-30", 1, 30), ("31-60", 31, 60), ("61-90", 61, 90), ("91-180", 91, 180))


@dataclass(frozen=True, slots=True)
class Row:
    """One document of a sample: minor units, days from the period's end back to its date."""

    number: str
    amount: int
    age: int
    terms: int | None = 30
    kind: str = "invoice"
    open: int | None = None
    disputed: int = 0
    description: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sample varies; everything else follows from its rows."""

    rows: list[Row]
    currency: str = "USD"
    language: str = "en"
    form: str = "OPEN_ITEM"
    opening: int = 0
    company: tuple[str, str] = ("NORTHWIND", "Northwind Wholesale Ltd")
    customer: tuple[str, str] = ("0379-NEVHP", "Harbour & Sons Trading LLC")
    country: str = "US"
    start: date = date(2012, 6, 1)
    end: date = date(2012, 6, 30)
    version: int = 1
    sections: list[dict[str, str]] = field(default_factory=list)
    disputes: list[dict[str, Any]] = field(default_factory=list)
    rounding: dict[str, str] | None = None
    flags: list[str] = field(default_factory=list)


def content_of(sample: Sample) -> Content:
    """The canonical content of a sample, with figures that tie."""

    def text(minor: int) -> str:
        return decimal_text(minor, 0, sample.currency)

    label = f"{sample.end:%Y-%m}"
    waiting = [row for row in sample.rows if _open(row) < 0]
    lines = list(_lines(sample, waiting))
    unapplied = [_line(sample, index, row, "open") for index, row in enumerate(waiting, len(lines) + 1)]
    closing = sum(map(_open, sample.rows))
    debits = sum(max(row.amount, 0) for row in _moved(sample))
    if sample.form == "BALANCE_FORWARD":
        closing = sample.opening + sum(row.amount for row in sample.rows)
    if sample.form == "OPEN_ITEM":
        debits = max(closing - sample.opening, 0) + sum(-row.amount for row in waiting)
    credits_ = closing - sample.opening - debits
    return {
        "schema": "tieout.statement/1",
        "number": f"{label}/{sample.customer[0]}/{sample.currency}/v{sample.version}",
        "version": sample.version,
        "form": sample.form,
        "currency": sample.currency,
        "decimals": decimals(sample.currency),
        "company": {"code": sample.company[0], "name": sample.company[1]},
        "customer": {
            "code": sample.customer[0],
            "name": sample.customer[1],
            "language": sample.language,
            "country": sample.country,
        },
        "period": {"label": label, "start": sample.start.isoformat(), "end": sample.end.isoformat()},
        "as_of": sample.end.isoformat(),
        "as_known": f"{sample.end + timedelta(days=2)}T01:30:00+00:00",
        "opening": text(sample.opening),
        "debits": text(debits),
        "credits": text(credits_),
        "closing": text(closing),
        "overdue": text(sum(_open(row) for row in sample.rows if _open(row) > 0 and _days(row) > 0)),
        "lines": lines,
        "aging": _aging(sample, closing),
        "unapplied": {
            "receipts": text(sum(_open(row) for row in waiting if row.kind == "receipt")),
            "credits": text(sum(_open(row) for row in waiting if row.kind != "receipt")),
            "lines": unapplied,
        },
        "sections": sample.sections,
        "disputes": sample.disputes,
        "promises": [],
        "aging_policy": {
            "name": "default",
            "version": 1,
            "basis": "due_date",
            "credits": "own_bucket",
            "sha256": "0" * 64,
        },
        "rounding": sample.rounding,
        "checks": [_check("opening_plus_movements_is_closing", text(closing)), *_open_checks(sample, text(closing))],
        "flags": sample.flags,
    }


def _open(row: Row) -> int:
    return row.amount if row.open is None else row.open


def _days(row: Row) -> int:
    return max(row.age - (row.terms or 0), 0)


def _bucket(row: Row) -> str:
    if _open(row) < 0:
        return "credits"
    days = _days(row)
    return next((name for name, _, last in BUCKETS if days <= last), "180+")


def _moved(sample: Sample) -> list[Row]:
    """The documents of the period itself."""
    return [row for row in sample.rows if sample.end - timedelta(days=row.age) >= sample.start]


def _lines(sample: Sample, waiting: list[Row]) -> Iterator[Content]:
    number = count(1)
    if sample.form == "DETAILED":
        prior = (row for row in sample.rows if sample.end - timedelta(days=row.age) < sample.start)
        yield from (_line(sample, next(number), replace(row, open=row.amount), "prior") for row in prior)
    if sample.form != "OPEN_ITEM":
        balance = sample.opening
        for row in _moved(sample):
            balance += row.amount
            line = _line(sample, next(number), row, "movement")
            yield {**line, "balance": decimal_text(balance, 0, sample.currency)}
    if sample.form != "BALANCE_FORWARD":
        section = "open" if sample.form == "OPEN_ITEM" else "ending"
        still_open = (row for row in sample.rows if _open(row) and row not in waiting)
        yield from (_line(sample, next(number), row, section) for row in still_open)


def _line(sample: Sample, index: int, row: Row, section: str) -> Content:
    made = sample.end - timedelta(days=row.age)
    return {
        "line": index,
        "section": section,
        "item_id": f"00000000-0000-7000-8000-{index:012d}",
        "kind": row.kind,
        "number": row.number,
        "document_date": made.isoformat(),
        "due_date": (made + timedelta(days=row.terms or 0)).isoformat(),
        "due_date_given": row.terms is not None,
        "amount": decimal_text(row.amount, 0, sample.currency),
        "open": decimal_text(_open(row), 0, sample.currency),
        "balance": None,
        "days_overdue": _days(row),
        "bucket": _bucket(row),
        "disputed": decimal_text(row.disputed, 0, sample.currency),
        "description": row.description,
        "account": row.account or sample.customer[0],
    }


def _aging(sample: Sample, closing: int) -> list[Content]:
    rows = [row for row in sample.rows if _open(row)]
    if sample.form == "BALANCE_FORWARD":
        rows = [Row("", closing, 20)]
    found = []
    for name, first, last in (*BUCKETS, ("180+", 181, None), ("credits", None, None)):
        mine = [row for row in rows if _bucket(row) == name]
        amount = decimal_text(sum(_open(row) for row in mine), 0, sample.currency)
        found.append({"bucket": name, "from": first, "to": last, "amount": amount, "items": len(mine)})
    return found


def _check(equation: str, figure: str) -> Content:
    return {"equation": equation, "left": figure, "right": figure, "difference": "0", "ties": True}


def _open_checks(sample: Sample, closing: str) -> list[Content]:
    if sample.form == "BALANCE_FORWARD":
        return []
    return [_check("closing_is_open_items", closing), _check("open_items_are_buckets", closing)]


def english_open_items() -> Content:
    """A US customer with eleven invoices, two of them overdue, one without due date."""
    rows = [
        Row(
            f"61{n:04d}-EN",
            12_345 + 7_919 * n,
            88 - 8 * n,
            description="" if n % 3 else f"Purchase order PO-{4400 + n}",
        )
        for n in range(10)
    ]
    rows.append(Row("INV-2012-0630-0011", 1_000_000, 0, terms=None, description="Spring catalogue, 3 pallets"))
    return content_of(Sample(rows, opening=640_210, flags=["due_date_missing"]))


def chinese_group() -> Content:
    """A head office with two shops, unapplied receipts, a credit, a dispute and a residue."""
    rows = [
        Row(
            "044031900111-58203341",
            128_640_50,
            96,
            30,
            description="2026年3月 冷轧钢板（合同 HT-2026-0318）",
            account="C00123",
        ),
        Row("044031900111-58203388", 56_000_00, 61, 30, disputed=6_000_00, description="运费补差", account="C00123-01"),
        Row("044031900111-58203402", 1_005_05, 44, 45, description="仓储服务费", account="C00123-01"),
        Row(
            "044031900111-58203519",
            310_200_00,
            20,
            60,
            description="2026年6月 镀锌板 120 吨，含税 13%",
            account="C00123-02",
        ),
        Row("SK20260625-0031", -50_000_00, 5, None, "receipt", description="网银转账，未注明发票", account="C00123"),
        Row(
            "HZ-2026-0007", -8_800_00, 12, None, "credit_memo", description="销售折让（红字发票）", account="C00123-02"
        ),
    ]
    sections = [
        {
            "account": "C00123",
            "name": "上海昇喆钢铁贸易有限公司",
            "opening": "128640.50",
            "debits": "0.00",
            "credits": "-50000.00",
            "closing": "78640.50",
        },
        {
            "account": "C00123-01",
            "name": "上海昇喆钢铁贸易有限公司嘉定分公司",
            "opening": "0.00",
            "debits": "57005.05",
            "credits": "0.00",
            "closing": "57005.05",
        },
        {
            "account": "C00123-02",
            "name": "上海昇喆钢铁贸易有限公司昆山分公司",
            "opening": "0.00",
            "debits": "310200.00",
            "credits": "-8800.00",
            "closing": "301400.00",
        },
    ]
    disputes = [
        {
            "line": 2,
            "number": "044031900111-58203388",
            "amount": "6000.00",
            "reason": "运费单价与合同不符",
            "status": "open",
        }
    ]
    return content_of(
        Sample(
            rows,
            currency="CNY",
            language="zh",
            opening=128_640_50,
            company=("HUAXIN", "华鑫金属材料（上海）股份有限公司"),
            customer=("C00123", "上海昇喆钢铁贸易有限公司"),
            country="CN",
            start=date(2026, 6, 1),
            end=date(2026, 6, 30),
            version=2,
            sections=sections,
            disputes=disputes,
            rounding={"exact_closing": "437045.554", "payable": "437045.55", "residue": "0.004"},
        )
    )


def japanese_balance_forward() -> Content:
    """Yen, balance forward: a currency without decimals, running balances."""
    rows = [
        Row("JP-1001", 120_000, 28, description="Monthly service"),
        Row("RCPT-77", -300_000, 21, None, "receipt", 0, description="Bank transfer"),
        Row("JP-1002", 45_500, 10),
        Row("CM-3", -5_500, 3, None, "credit_memo", 0, description="Returned goods"),
    ]
    return content_of(
        Sample(
            rows,
            currency="JPY",
            form="BALANCE_FORWARD",
            opening=310_000,
            customer=("JP-88", "Sakura Shoji KK"),
            country="JP",
        )
    )


def detailed() -> Content:
    """All three sections: what was open before, what moved, what is open now."""
    rows = [
        Row("OLD-1", 50_000, 70, open=0),
        Row("OLD-2", 20_000, 65, open=0),
        Row("NEW-1", 30_000, 20, open=0),
        Row("PAY-1", -100_000, 15, None, "receipt", open=0),
        Row("NEW-2", 64_900, 10),
    ]
    return content_of(Sample(rows, form="DETAILED", opening=70_000))


def nothing_to_show() -> Content:
    """No lines and a zero balance: a customer may still want it in writing."""
    return content_of(Sample([], customer=("000123", "Łódź Trade Sp. z o.o."), country="PL"))


def many_lines(count: int, language: str = "en", form: str = "OPEN_ITEM") -> Content:
    """`count` documents, every tenth with a description that wraps."""
    chinese = language == "zh"
    long = (
        "冷轧钢板 SPCC 1.0×1250×C 长期供货合同项下第三批，按月结算"
        if chinese
        else "Delivery to the second warehouse, as agreed by telephone with the buyer on site"
    )
    days = 29 if form == "BALANCE_FORWARD" else 200
    rows = [
        Row(f"INV-{n:06d}", 10_007 * (n % 97 + 1), days - n * days // count, description=long if n % 10 == 0 else "")
        for n in range(count)
    ]
    return content_of(
        Sample(
            rows,
            currency="CNY" if chinese else "USD",
            language=language,
            form=form,
            opening=0,
            customer=("C00777", "深圳市堃翔电子科技有限公司")
            if chinese
            else ("C00777", "Evergreen Industrial Supplies"),
        )
    )
