"""Makes cash application problems with known truth: other names, numbers, currencies and slips for every seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

FIRST = (
    "Harbor", "Granite", "Willow", "Juniper", "Amber", "Cedar", "Falcon", "Orchid", "Lantern", "Meadow",
    "Copper", "Thistle", "Garnet", "Larch", "Onyx", "Sparrow", "Drift", "Quarry", "Tundra", "Violet", "Heron",
    "Basalt", "Clover", "Dune", "Ember", "Flint", "Glacier", "Hazel", "Indigo", "Kestrel",
)  # fmt: skip
SECOND = (
    "Packaging", "Bakery", "Optical", "Drilling", "Textiles", "Catering", "Plumbing", "Robotics", "Dairy",
    "Timber", "Ceramics", "Freight", "Printing", "Brewing", "Roofing", "Dental", "Fisheries", "Insulation",
    "Furniture", "Chemicals",
)  # fmt: skip
FORMS = ("Ltd", "Inc", "LLC", "GmbH", "Corp", "Partners", "Holdings", "Group", "Co", "Works")
CHINESE = tuple(
    place + name + kind
    for place, name, kind in zip(
        ("深圳市", "上海", "宁波", "广州市", "青岛", "苏州", "厦门", "成都市", "杭州", "武汉"),
        ("恒泰", "博远", "金穗", "瑞丰", "海澜", "明德", "启航", "鸿基", "云帆", "长青"),
        ("电子有限公司", "贸易有限公司", "食品股份有限公司", "包装有限公司", "物流有限责任公司", "科技有限公司",
         "建材有限公司", "服饰有限公司", "医疗器械有限公司", "印刷有限公司"),
        strict=True,
    )
)  # fmt: skip
STYLES = ("INV-{n:05d}", "SI2025{n:06d}", "9{n:07d}", "FP-2025-{n:05d}", "R{n:06d}")
BRANCHES = ("Division {n}", "Store {n}", "Branch #{n}", "Plant {n}")


@dataclass(frozen=True, slots=True)
class Level:
    """How untidy payers are: shares of payments or lines."""

    other_name: float
    slip: float
    short_form: float
    other_number: float
    silent: float


LEVELS = {
    "easy": Level(0.10, 0.01, 0.04, 0.02, 0.04),
    "medium": Level(0.30, 0.04, 0.08, 0.05, 0.08),
    "hard": Level(0.50, 0.08, 0.12, 0.09, 0.13),
    "beyond": Level(0.65, 0.15, 0.15, 0.22, 0.25),
}


@dataclass(slots=True)
class Maker:
    """One problem while it is being made."""

    chance: random.Random
    level: Level
    currencies: tuple[str, ...]
    style: str
    cents: str
    customers: list[dict[str, str]] = field(default_factory=list)
    invoices: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    truth: list[dict[str, Any]] = field(default_factory=list)
    unmatched: list[int] = field(default_factory=list)

    def price(self) -> int:
        """Minor units: three digits and zeros, or with cents, or a round net with 13 % tax on top."""
        figure: int = self.chance.randint(100, 999) * 10 ** self.chance.randint(2, 5)
        if self.cents == "cents":
            return figure + self.chance.randint(0, 99)
        return figure * 113 // 100 if self.cents == "tax" else figure

    def invoice(self, customer: dict[str, str], amount: int | None = None, text: str = "") -> int:
        """A new document of the customer; answers its place."""
        issued = date(2025, 3, 1) + timedelta(days=self.chance.randint(0, 120))
        self.invoices.append({
            "customer_id": customer["id"], "customer_name": customer["name"], "currency": customer["currency"],
            "invoice_date": issued, "due_date": issued + timedelta(days=self.chance.choice((30, 45, 60, 90))),
            "amount": self.price() if amount is None else amount, "description": text or "Goods",
        })  # fmt: skip
        return len(self.invoices) - 1

    def pay(self, customer: dict[str, str], parts: list[tuple[int | None, int, int, str, str]], **more: Any) -> int:  # noqa: ANN401 - four options, each of its own type
        """A payment of parts (invoice, said, applied, memo, kind); `silent=True` leaves out the advice."""
        days = [self.invoices[place]["invoice_date"] for place, *_ in parts if place is not None]
        on = max(days, default=date(2025, 5, 1)) + timedelta(days=self.chance.randint(2, 60))
        name = more.get("name") or written_name(customer["name"], self.chance, self.level.other_name)
        channel = self.chance.choice(("CK# {c}", "Wire Ref: {w}", "EFT-{e}", "ACH {name}"))
        self.payments.append({
            "payer_name": name, "amount": sum(said for _, said, *_ in parts), "currency": customer["currency"],
            "payment_date": more.get("on") or on,
            "reference_info": channel.format(
                c=self.chance.randint(1000, 9999), e=self.chance.randint(10**7, 10**8 - 1), name=name,
                w="".join(self.chance.choices("ABCDEFGHJKMNPQRSTUVWXYZ0123456789", k=10)),
            ),
            "lines": [] if more.get("silent") else [
                (place, said, memo, more.get("reference")) for place, said, _, memo, _ in parts
            ],
            "customer": customer,
        })  # fmt: skip
        here = len(self.payments) - 1
        for place, _, applied, _, kind in parts:
            if place is not None and kind:
                self.truth.append({"payment": here, "invoice": place, "amount": applied, "match_type": kind})
        if not any(kind for *_, kind in parts):
            self.unmatched.append(here)
        return here


def written_name(name: str, chance: random.Random, share: float) -> str:
    """The name as somebody else writes it."""
    if chance.random() > share:
        return name
    if not name.isascii():
        for form in ("股份有限公司", "有限责任公司", "有限公司"):
            name = name.replace(form, "")
        return chance.choice((name, name.replace("市", ""), name + "（收款）"))
    words = name.split()
    ways: list[Callable[[], str]] = [
        name.upper,
        lambda: " ".join(words[:2]),
        lambda: " ".join(word[:4] if len(word) > 6 else word for word in words),
        lambda: " ".join(words[:-1]) if len(words) > 2 else name,
        lambda: "".join(word[0] for word in words[:3]) + chance.choice(("", " Inc", " Co")),
        lambda: typed(name, chance),
        lambda: words[0][0] + " " + " ".join(words[1:]),
    ]
    return chance.choice(ways)()


def typed(text: str, chance: random.Random) -> str:
    """One slip of the fingers inside a word."""
    place = chance.randint(1, len(text) - 2)
    if not (text[place].isalpha() and text[place - 1].isalpha()):
        return text
    return (
        text[:place] + text[place + 1 :]
        if chance.random() < 0.5
        else text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
    )


def written_number(number: str, chance: random.Random, level: Level) -> str:
    """The document's number as a payer writes it."""
    roll = chance.random()
    if roll < level.other_number:
        return f"{chance.choice(('PO', 'SO', 'Order'))}-{chance.randint(10000, 99999)}"
    digits = number[len(number.rstrip("0123456789")) :]
    head = number[: len(number) - len(digits)]
    if roll < level.other_number + level.slip:
        return head + slipped(digits, chance)
    if roll < level.other_number + level.slip + level.short_form:
        bare = digits.lstrip("0")
        full_width = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in number)
        ways = [f"Invoice #{bare}", f"{head}{bare}", full_width, number.lower(), number.replace("-", "/")]
        return chance.choice(ways if head.count("2025") == 0 else ways[2:])
    return number


def slipped(digits: str, chance: random.Random) -> str:
    """One wrong or swapped digit."""
    place = chance.randrange(len(digits) - 1)
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if chance.random() < 0.4 and swapped != digits:
        return swapped
    other = chance.choice([c for c in "0123456789" if c != digits[place]])
    return digits[:place] + other + digits[place + 1 :]


def _simple(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    amount = maker.invoices[place]["amount"]
    first = maker.pay(customer, [(place, amount, amount, "", "simple")])
    if maker.chance.random() < 0.06:
        again = maker.payments[first]["payment_date"] + timedelta(days=maker.chance.randint(1, 9))
        maker.pay(customer, [(place, amount, 0, "", "")], on=again)


def _silent(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    amount = maker.invoices[place]["amount"]
    maker.pay(customer, [(place, amount, amount, "", "silent")], silent=True)


def _several(maker: Maker, customer: dict[str, str]) -> None:
    places = [maker.invoice(customer) for _ in range(maker.chance.randint(2, 4))]
    parts = [(p, maker.invoices[p]["amount"], maker.invoices[p]["amount"], "", "several") for p in places]
    if maker.chance.random() < 0.3:
        part = maker.invoices[places[-1]]["amount"] * maker.chance.randint(30, 80) // 100
        parts[-1] = (places[-1], part, part, "", "several_part")
    maker.pay(customer, list(parts))


def _part(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    amount = maker.invoices[place]["amount"] * maker.chance.randint(25, 80) // 100
    memo = maker.chance.choice(
        ("Progress payment #2", "Partial payment", "Installment 1 of 3", "分期付款", "Part payment agreed")
    )
    maker.pay(customer, [(place, amount, amount, memo, "part")])


def _discount(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    points = maker.chance.choice((100, 150, 200, 250, 300))
    amount = round(maker.invoices[place]["amount"] * (10000 - points) / 10000)
    said = (
        f"{points / 100:g}% discount taken",
        "Early payment terms applied",
        f"Less {-(-points // 100)}% prompt pay discount",
        f"Net {100 - points / 100:g} terms",
        f"现金折扣{points / 100:g}%",
    )
    maker.pay(customer, [(place, amount, amount, maker.chance.choice(said), "discount")])


def _short(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    kept = round(maker.invoices[place]["amount"] * maker.chance.uniform(0.03, 0.15))
    amount = maker.invoices[place]["amount"] - kept
    shown = major(kept, customer["currency"])
    memo = f"Deduction: {maker.chance.choice(('damaged goods', 'late delivery', 'quality'))} (-${shown:.2f})"
    memo = maker.chance.choice((memo, memo, memo, f"扣款：破损 {shown:.2f}", "Short paid: claim to follow"))
    maker.pay(customer, [(place, amount, amount, memo, "short")])


def _surplus(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    amount = maker.invoices[place]["amount"]
    paid = round(amount * maker.chance.uniform(1.02, 1.15))
    maker.pay(customer, [(place, paid, amount, "Payment on account", "surplus")])


def _credit(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    amount = maker.invoices[place]["amount"]
    credit = -round(amount * maker.chance.uniform(0.05, 0.3))
    memo = maker.invoice(customer, credit, "Credit memo")
    maker.pay(
        customer, [(place, amount, amount, "Less credit", "credit"), (memo, credit, credit, "Credit applied", "credit")]
    )


def _fee(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer, maker.price() + 900_000)
    paid = maker.invoices[place]["amount"] - maker.chance.choice((1500, 2000, 2500, 3500))
    if customer["currency"] == "JPY":
        paid = maker.invoices[place]["amount"] - maker.chance.choice((15, 20, 40))
    maker.pay(customer, [(place, paid, paid, "", "fee")])


def _two_parts(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    amount = maker.invoices[place]["amount"]
    first = amount * maker.chance.choice((30, 40, 50, 60)) // 100
    here = maker.pay(customer, [(place, first, first, "Installment 1 of 2", "part")])
    later = maker.payments[here]["payment_date"] + timedelta(days=maker.chance.randint(10, 30))
    rest = amount - first
    maker.pay(customer, [(place, rest, rest, "Installment 2 of 2", "rest")], on=later)


def _in_text(maker: Maker, customer: dict[str, str]) -> None:
    place = maker.invoice(customer)
    amount = maker.invoices[place]["amount"]
    here = maker.pay(customer, [(place, amount, amount, "", "in_text")], silent=True)
    maker.payments[here]["in_text"] = place


def _group(maker: Maker, customer: dict[str, str]) -> None:
    family = (
        customer["name"].split("第")[0] if not customer["name"].isascii() else " ".join(customer["name"].split()[:3])
    )
    branches = [
        one for one in maker.customers if one["name"].startswith(family) and one["currency"] == customer["currency"]
    ]
    if len(branches) < 2:
        return
    places = [maker.invoice(maker.chance.choice(branches)) for _ in range(maker.chance.randint(2, 4))]
    parts = [(p, maker.invoices[p]["amount"], maker.invoices[p]["amount"], "", "group") for p in places]
    maker.pay(customer, list(parts), name=family)


def _stray(maker: Maker, customer: dict[str, str]) -> None:
    if maker.chance.random() < 0.5:
        maker.pay(customer, [(None, maker.price(), 0, "", "")], silent=True)
    else:
        reference = maker.style.format(n=maker.chance.randint(90000, 99999))
        maker.pay(customer, [(None, maker.price(), 0, "Advance payment", "")], reference=reference)


def _unpaid(maker: Maker, customer: dict[str, str]) -> None:
    maker.invoice(customer)


def make_problem(
    seed: int, payments: int, difficulty: str = "hard", *, plain: bool = False, customers: int = 0
) -> dict[str, Any]:
    """A problem of about so many payments; the same for the same arguments. `plain`: one style and currency."""
    chance = random.Random(f"{seed}/{payments}/{difficulty}")  # noqa: S311 - repeatable, not secret
    level = LEVELS[difficulty]
    currencies = ("USD",) if plain or chance.random() < 0.6 else ("CNY", "USD", "JPY")
    style = STYLES[0] if plain else chance.choice(STYLES)
    cents = "round" if plain else chance.choice(("round", "cents", "tax", "round"))
    maker = Maker(chance, level, currencies, style, cents)
    _customers(maker, customers or max(payments * 45 // 100, 3))
    kinds = [_simple, _several, _part, _discount, _short, _surplus, _credit, _stray, _unpaid, _silent]
    weights = [34, 14, 12, 8, 7, 4, 4, 5, 6, level.silent * 100]
    if not plain:
        kinds += [_fee, _two_parts, _in_text, _group]
        weights += [3, 3, 4, 3]
    while len(maker.payments) < payments:
        chance.choices(kinds, weights)[0](maker, chance.choice(maker.customers))
    return _document(maker, difficulty)


def major(minor: int, currency: str) -> float:
    """The amount as a file states it."""
    return minor if currency == "JPY" else minor / 100


def _customers(maker: Maker, count: int) -> None:
    names: list[str] = []
    firsts, seconds = list(FIRST), list(SECOND)
    maker.chance.shuffle(firsts)
    names += [f"{first} {maker.chance.choice(seconds)} {maker.chance.choice(FORMS)}" for first in firsts]
    names += CHINESE
    maker.chance.shuffle(names)
    word = maker.chance.choice(BRANCHES)
    for n in range(count):
        name = names[n % len(names)]
        if n >= len(names):
            name = f"{name} {word.format(n=n)}" if name.isascii() else f"{name}第{n}分店"
        currency = maker.chance.choice(maker.currencies)
        maker.customers.append({"id": f"CUST-{n + 1:04d}", "name": name, "currency": currency})


def _document(maker: Maker, difficulty: str) -> dict[str, Any]:
    order = sorted(range(len(maker.invoices)), key=lambda place: (maker.invoices[place]["invoice_date"], place))
    number = {place: maker.style.format(n=n) for n, place in enumerate(order, start=1)}
    sequence = sorted(range(len(maker.payments)), key=lambda place: (maker.payments[place]["payment_date"], place))
    key = {place: f"PMT-{n:05d}" for n, place in enumerate(sequence, start=1)}
    paid = {entry["invoice"] for entry in maker.truth}
    return {
        "invoices": [_invoice_row(maker.invoices[place], number[place]) for place in order],
        "payments": [_payment_row(maker.payments[place], key[place], number) for place in sequence],
        "remittance_lines": _lines(maker, sequence, key, number),
        "ground_truth": {
            "applications": [_truth_row(maker, entry, key, number) for entry in maker.truth],
            "unmatched_payments": [key[place] for place in maker.unmatched],
            "unapplied_invoices": [number[place] for place in order if place not in paid],
        },
        "metadata": {"difficulty": difficulty, "style": maker.style, "cents": maker.cents},
    }


def _invoice_row(invoice: dict[str, Any], number: str) -> dict[str, Any]:
    shown = {name: str(value) if isinstance(value, date) else value for name, value in invoice.items()}
    return {"invoice_id": number, **shown, "amount": major(invoice["amount"], invoice["currency"])}


def _payment_row(payment: dict[str, Any], key: str, number: dict[int, str]) -> dict[str, Any]:
    text = str(payment["reference_info"])
    if "in_text" in payment:
        text = f"{text} {number[payment['in_text']]}"
    return {
        "payment_id": key, "payer_name": payment["payer_name"], "currency": payment["currency"],
        "amount": major(payment["amount"], payment["currency"]), "payment_date": str(payment["payment_date"]),
        "reference_info": text,
    }  # fmt: skip


def _lines(maker: Maker, sequence: list[int], key: dict[int, str], number: dict[int, str]) -> list[dict[str, Any]]:
    lines = []
    for place in sequence:
        payment = maker.payments[place]
        for invoice, said, memo, reference in payment["lines"]:
            written = reference or ""
            if invoice is not None:
                written = written_number(number[invoice], maker.chance, maker.level)
            amount = major(said, payment["currency"])
            lines.append({"payment_id": key[place], "invoice_ref": written, "amount": amount, "memo": memo})
    maker.chance.shuffle(lines)
    return [{"remittance_id": f"REM-{n:05d}", **line} for n, line in enumerate(lines, start=1)]


def _truth_row(maker: Maker, entry: dict[str, Any], key: dict[int, str], number: dict[int, str]) -> dict[str, Any]:
    currency = maker.invoices[entry["invoice"]]["currency"]
    return {
        "payment_id": key[entry["payment"]], "invoice_id": number[entry["invoice"]],
        "applied_amount": major(entry["amount"], currency), "match_type": entry["match_type"],
    }  # fmt: skip
