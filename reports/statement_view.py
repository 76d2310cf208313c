"""Turns a statement's content into the texts that its page shows, in the customer's language.

No figure is made here except the sums of a column, which the page carries over a break.
"""

import unicodedata
from decimal import Decimal
from typing import Any

from ledger.canonical import canonical_json, sha256_hex
from reports import labels
from reports.capital_amount import capital_amount
from reports.fonts import text_width
from words.catalog import translate
from words.figures import amount_text

Content = dict[str, Any]
View = dict[str, Any]

CARRY_FROM_LINES = 25
"""Up to so many lines of text the tables fit on the first page; carried amounts cost a layout pass more."""

BREAK_EVERY = 16
"""A longer run without space or hyphen gets a place where it may break, so that it cannot run into its neighbour."""

TEXT_WIDTH = 504.5
"""Points between the margins of the page (A4, 16 mm each)."""

TABLE_SIZE, LABEL_SIZE, CELL_PADDING = 8, 7.5, 6.0
"""Points; as the template sets them."""

BODY_SIZE = 9

AGING_ROW, SUMMARY_HEIGHT = 12.8, 118
"""Points of one aging row, and at most of the box beside it, amount in words included."""

BOLD = 1.08
"""Bold text is at most so much wider than regular text."""

ROW_HEIGHT, LINE_HEIGHT = 12.6, 11.0
"""Points of a row whose texts fit on one line; a height known beforehand halves the work of the layout."""

ITEM_COLUMNS = ("Date", "Document", "Kind", "Description", "Due", "Days overdue", "Amount", "Open")
MOVEMENT_COLUMNS = ("Date", "Document", "Kind", "Description", "Due", "Debit", "Credit", "Balance")
DESCRIPTION = 3


def plain(text: str) -> str:
    """One line without control and direction marks; letters and their accents composed."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(sign for sign in composed if unicodedata.category(sign) not in {"Cc", "Cf"})


def breakable(text: str) -> str:
    """`text` with zero-width break places inside very long words."""
    if len(text) <= BREAK_EVERY:
        return text
    return " ".join(_broken(word) for word in text.split(" "))


def view_of(content: Content, language: str, link: str | None) -> View:
    """Everything on the page as text, for `templates/statement.typ`."""
    say = _Speaker(language)
    closing = content["closing"]
    facts = _facts(content, say)
    facts_label = max(text_width(name, LABEL_SIZE) for name, _ in facts) + 12
    digest = sha256_hex(canonical_json(content))
    aging = _aging(content, say)
    return {
        "lang": language,
        "region": "cn" if language == "zh" else "gb",
        "title": f"{labels.heading_of(content, language)} {content['number']}",
        "heading": labels.heading_of(content, language),
        "company": plain(content["company"]["name"]),
        "number": content["number"],
        "digest": digest,
        "customer": {
            "name": plain(content["customer"]["name"]),
            "code": plain(content["customer"]["code"]),
            "country": content["customer"].get("country") or "",
        },
        "facts": facts,
        "facts_label": facts_label,
        "facts_width": facts_label + max(text_width(value, 9) for _, value in facts) + 1,
        "summary": _summary(content, say),
        "capital": capital_amount(closing) if content["currency"] == "CNY" else None,
        "aging": aging[:-1],
        "aging_total": list(aging[-1].values())[:5],
        "aging_widths": _aging_widths(aging, say),
        "figures_height": max(AGING_ROW * (len(aging) + 1) + 2, SUMMARY_HEIGHT),
        "tables": _tables(content, say),
        "small": [
            small
            for small in (
                _accounts(content, say),
                _disputes(content, say),
                _promises(content, say),
                _checks(content, say),
            )
            if small
        ],
        "notes": _notes(content, say),
        "answer": _answer(content, say, has_link=link is not None),
        "boxes": [say("The balance is correct."), say("The balance differs; see our remarks.")],
        "signatures": _signatures(content, say),
        "link": link or "",
        "words": _words(say),
    }


class _Speaker:
    """Says a sentence in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, sentence: str, **values: object) -> str:
        return translate(sentence, self.language, **values)

    def amount(self, amount: str | Decimal) -> str:
        return amount_text(amount, self.language)


def _words(say: _Speaker) -> dict[str, str]:
    return {
        "page": say("Page {page} of {pages}", page="@", pages="#"),
        "to": say("To"),
        "capital": say("Amount in words (RMB capitals)"),
        "age": say("Age"),
        "items": say("Items"),
        "amount": say("Amount"),
        "share": say("Share"),
        "nothing": say("No documents."),
        "brought": say("Brought forward"),
        "carried": say("Carried forward"),
        "answer_heading": say("Your answer"),
        "qr": say("Scan or click to answer online"),
        "qr_alt": say("QR code that opens the page for your answer"),
        "attachment": say("The figures of this statement as JSON"),
    }


def _facts(content: Content, say: _Speaker) -> list[list[str]]:
    period = content["period"]
    return [
        [say("Statement number"), content["number"]],
        [say("Period"), f"{period['start']} – {period['end']}"],
        [say("As of"), content["as_of"]],
        [say("Currency"), content["currency"]],
        [say("Form"), labels.name_of(labels.FORMS, content["form"], say.language)],
    ]


def _summary(content: Content, say: _Speaker) -> list[list[str]]:
    rows = [
        [say("Opening balance"), content["opening"], ""],
        [say("Debits"), content["debits"], ""],
        [say("Credits"), content["credits"], ""],
        [say("Closing balance ({currency})", currency=content["currency"]), content["closing"], "closing"],
    ]
    if Decimal(content["overdue"]) > 0:
        rows.append([say("of which overdue"), content["overdue"], "overdue"])
    return [[name, say.amount(amount), role] for name, amount, role in rows]


def _aging(content: Content, say: _Speaker) -> list[View]:
    """A row for each bucket, then the total; keys in the order of the columns."""
    amounts = [Decimal(bucket["amount"]) for bucket in content["aging"]]
    owed = sum((amount for amount in amounts if amount > 0), Decimal(0))
    rows: list[View] = []
    for bucket, amount in zip(content["aging"], amounts, strict=True):
        share = amount / owed * 100 if amount > 0 else Decimal(0)
        rows.append(
            {
                "label": labels.bucket_label(bucket, say.language),
                "bar": int(share),
                "items": str(bucket["items"]),
                "amount": say.amount(amount),
                "share": f"{share:.1f}%" if share else "",
                "late": bucket["from"] is not None and bucket["from"] > 0,
            }
        )
    items = sum(bucket["items"] for bucket in content["aging"])
    total = say.amount(sum(amounts, Decimal(0)))
    return [*rows, {"label": say("Total"), "bar": "", "items": str(items), "amount": total, "share": "", "late": False}]


def _aging_widths(rows: list[View], say: _Speaker) -> list[float | str]:
    widths: list[float | str] = []
    for key, heading in (("label", "Age"), ("bar", ""), ("items", "Items"), ("amount", "Amount"), ("share", "Share")):
        texts = [say(heading), *(str(row[key]) for row in rows)]
        widest = max(text_width(text, BODY_SIZE) for text in texts) * BOLD + CELL_PADDING + 1
        widths.append("rest" if key == "bar" else widest)
    return widths


def _tables(content: Content, say: _Speaker) -> list[View]:
    tables = []
    usual = {"BALANCE_FORWARD": ["movement"], "DETAILED": ["prior", "movement", "ending"]}.get(
        content["form"], ["open"]
    )
    for section in usual:
        lines = [line for line in content["lines"] if line["section"] == section]
        draw = _movements if section == "movement" else _items
        tables.append(draw(content, labels.name_of(labels.SECTIONS, section, say.language), lines, say))
    if content["unapplied"]["lines"]:
        tables.append(_items(content, say("Receipts and credits not yet applied"), content["unapplied"]["lines"], say))
    lines_so_far = 0
    for table in tables:
        lines_so_far += 4 + sum(1 if row["height"] != "auto" else 3 for row in table["rows"])
        table["carry"] = lines_so_far > CARRY_FROM_LINES
    return tables


def _items(content: Content, heading: str, lines: list[Content], say: _Speaker) -> View:
    rows: list[View] = []
    running: list[str] = []
    total = Decimal(0)
    names = {section["account"]: plain(section["name"]) for section in content["sections"]}
    order = {account: place for place, account in enumerate(names)}
    ordered = sorted(lines, key=lambda line: order.get(line["account"], len(order))) if names else lines
    account = None
    for line in ordered:
        if names and line["account"] != account:
            account = line["account"]
            rows.append({"kind": "group", "late": False, "cells": [f"{account}  {names.get(account, '')}"]})
            running.append(say.amount(total))
        total += Decimal(line["open"])
        late = line["days_overdue"] > 0 and Decimal(line["open"]) > 0
        days = str(line["days_overdue"]) if late else ""
        cells = [
            *_first_cells(line, say, line["description"]),
            days,
            say.amount(line["amount"]),
            say.amount(line["open"]),
        ]
        rows.append({"kind": "line", "late": late, "cells": cells})
        running.append(say.amount(total))
    if lines:
        amounts = say.amount(_sum(lines, "amount"))
        rows.append(
            {"kind": "total", "late": False, "cells": ["", say("Total"), "", "", "", "", amounts, say.amount(total)]}
        )
        running.append(say.amount(total))
    return _table(heading, [say(name) for name in ITEM_COLUMNS], rows, running, late=5)


def _movements(content: Content, heading: str, lines: list[Content], say: _Speaker) -> View:
    """Opening balance, movements with the balance after each, closing balance; account by account in a group."""
    rows: list[View] = []
    running: list[str] = []

    def add(kind: str, cells: list[str], balance: str) -> None:
        rows.append({"kind": kind, "late": False, "cells": cells})
        running.append(balance)

    for account in content["sections"] or [{**content, "account": None}]:
        own = [line for line in lines if account["account"] in {None, line["account"]}]
        opening, closing = say.amount(account["opening"]), say.amount(account["closing"])
        if account["account"]:
            add("group", [f"{account['account']}  {plain(account['name'])}"], opening)
        add("total", ["", say("Opening balance"), "", "", "", "", "", opening], opening)
        for line in own:
            amount, balance = Decimal(line["amount"]), say.amount(line["balance"])
            sides = [say.amount(amount), ""] if amount >= 0 else ["", say.amount(amount)]
            add("line", [*_first_cells(line, say, line["description"]), *sides, balance], balance)
        amounts = [Decimal(line["amount"]) for line in own]
        sides = [say.amount(sum(part, Decimal(0))) for part in _by_sign(amounts)]
        add("total", ["", say("Closing balance"), "", "", "", *sides, closing], closing)
    return _table(heading, [say(name) for name in MOVEMENT_COLUMNS], rows, running, late=-1)


def _by_sign(amounts: list[Decimal]) -> tuple[list[Decimal], list[Decimal]]:
    return [amount for amount in amounts if amount >= 0], [amount for amount in amounts if amount < 0]


def _first_cells(line: Content, say: _Speaker, description: str) -> list[str]:
    """Date, document, kind, description, due date."""
    text = plain(description)
    if Decimal(line["disputed"]) != 0:
        text = f"{text} [{say('disputed: {amount}', amount=say.amount(line['disputed']))}]".strip()
    due = (line["due_date"] or "") if line["kind"] in labels.DUE_KINDS else ""
    if due and not line["due_date_given"]:
        due += "*"
    kind = labels.name_of(labels.KINDS, line["kind"], say.language)
    return [line["document_date"], breakable(plain(line["number"])), kind, breakable(text), due]


def _table(heading: str, columns: list[str], rows: list[View], running: list[str], *, late: int) -> View:
    body = [row["cells"] for row in rows if row["kind"] != "group"]
    has_descriptions = any(cells[DESCRIPTION] for cells in body)
    limits: list[int | None] = [52, 110 if has_descriptions else None, 70, None, 58, 90, 90, 90]
    if not has_descriptions:
        late -= 1
        del limits[DESCRIPTION]
        for cells in (columns, *body):
            del cells[DESCRIPTION]
    widths = [None if limit is None else _width(body, place, columns, limit) for place, limit in enumerate(limits)]
    rest = TEXT_WIDTH - sum(width for width in widths if width is not None)
    for row in rows:
        row["height"] = _height(row, [rest if width is None else width for width in widths])
    return {
        "heading": heading,
        "columns": columns,
        "widths": ["rest" if width is None else width for width in widths],
        "align": ["left"] * (len(columns) - 3) + ["right"] * 3,
        "late": late,
        "rows": rows,
        "running": running,
        "carry": False,
    }


def _width(body: list[list[str]], column: int, columns: list[str], at_most: float) -> float:
    """Points that the widest text of a column takes, its padding included; a heading may take two lines."""
    widest = max((text_width(cells[column], TABLE_SIZE) for cells in body), default=0.0) * BOLD
    heading = max(text_width(word, LABEL_SIZE) for word in columns[column].split()) * BOLD
    return round(min(max(widest, heading) + CELL_PADDING + 0.1, at_most), 1)


def _height(row: View, widths: list[float]) -> float | str:
    if row["kind"] == "group":
        return "auto"
    weight = BOLD if row["kind"] == "total" else 1.0
    fits = all(
        text_width(text, TABLE_SIZE) * weight <= width - CELL_PADDING
        for text, width in zip(row["cells"], widths, strict=True)
    )
    return ROW_HEIGHT if fits else "auto"


def _accounts(content: Content, say: _Speaker) -> View | None:
    if not content["sections"]:
        return None
    names = ("Account", "Name", "Opening balance", "Debits", "Credits", "Closing balance")
    rows = [
        [section["account"], breakable(plain(section["name"])), *map(say.amount, (section[key] for key in _TOTALS))]
        for section in content["sections"]
    ]
    return _small(say("Accounts of the group"), [say(name) for name in names], rows, wide=1, right=[2, 3, 4, 5])


def _disputes(content: Content, say: _Speaker) -> View | None:
    if not content["disputes"]:
        return None
    names = ("Document", "Reason", "Status", "Amount")
    rows = [
        [
            breakable(plain(dispute["number"])),
            breakable(_reason(dispute["reason"], say)),
            labels.name_of(labels.DISPUTE_STATUSES, dispute["status"], say.language),
            say.amount(dispute["amount"]),
        ]
        for dispute in content["disputes"]
    ]
    return _small(say("Disputes"), [say(name) for name in names], rows, wide=1, right=[3])


def _promises(content: Content, say: _Speaker) -> View | None:
    """What the customer promised to pay, as they read it back: the day, and whether it was kept."""
    if not content["promises"]:
        return None
    rows = [
        [
            promise["due_on"],
            labels.name_of(labels.PROMISE_STATUSES, promise["status"], say.language),
            say.amount(promise["amount"]),
        ]
        for promise in content["promises"]
    ]
    names = ("Pay on", "Status", "Amount")
    return _small(say("Promised payments"), [say(name) for name in names], rows, wide=1, right=[2])


def _reason(reason: str | None, say: _Speaker) -> str:
    return say(labels.REASONS[reason]) if reason in labels.REASONS else plain(reason or "")


def _checks(content: Content, say: _Speaker) -> View | None:
    """The equations with both sides, only when one of them fails: `_notes` names those that hold."""
    if all(check["ties"] for check in content["checks"]):
        return None
    names = ("Check", "Left side", "Right side", "Difference", "Result")
    rows = [
        [
            labels.name_of(labels.EQUATIONS, check["equation"], say.language),
            *map(say.amount, (check["left"], check["right"], check["difference"])),
            say("ties") if check["ties"] else say("does not tie"),
        ]
        for check in content["checks"]
    ]
    return _small(say("Checks"), [say(name) for name in names], rows, wide=0, right=[1, 2, 3])


def _small(heading: str, columns: list[str], rows: list[list[str]], *, wide: int, right: list[int]) -> View:
    widths = ["rest" if place == wide else "auto" for place in range(len(columns))]
    align = ["right" if place in right else "left" for place in range(len(columns))]
    return {"heading": heading, "columns": columns, "rows": rows, "widths": widths, "align": align}


def _notes(content: Content, say: _Speaker) -> list[str]:
    lines = [*content["lines"], *content["unapplied"]["lines"]]
    flags = [flag for flag in content["flags"] if flag != "due_date_missing"]
    if not all(line["due_date_given"] for line in lines if Decimal(line["open"]) > 0):
        flags.insert(0, "due_date_missing")
    notes = [say(labels.FLAGS[flag]) for flag in flags if flag in labels.FLAGS]
    if content["rounding"]:
        rounding = {key: say.amount(value) for key, value in content["rounding"].items()}
        notes.append(
            say(
                "The exact balance is {exact_closing}; payable is {payable}. {residue} stays in the account.",
                **rounding,
            )
        )
    held = [
        f"{labels.name_of(labels.EQUATIONS, check['equation'], say.language)} ({say.amount(check['left'])}) ✓"
        for check in content["checks"]
        if check["ties"]
    ]
    if held:
        notes.append(say("Checks: {checks}", checks=" · ".join(held)))
    policy = content["aging_policy"]
    notes.append(
        say(
            "Aging policy {name}, version {version}: {basis}, as of {as_of}.",
            name=policy["name"],
            version=policy["version"],
            basis=labels.name_of(labels.BASES, policy["basis"], say.language),
            as_of=content["as_of"],
        )
    )
    return notes


def _answer(content: Content, say: _Speaker, *, has_link: bool) -> str:
    figure = f"{content['currency']}\u00a0{say.amount(content['closing'])}"
    asked = say(
        "Please compare this statement with your records. Balance as of {as_of}: {figure}.",
        as_of=content["as_of"],
        figure=figure,
    )
    way = say("Answer online, or return this page.") if has_link else say("Please return this page with your answer.")
    return f"{asked}{'' if say.language == 'zh' else ' '}{way}"


def _signatures(content: Content, say: _Speaker) -> list[str]:
    if say.language == "zh":
        company, customer = plain(content["company"]["name"]), plain(content["customer"]["name"])
        return [say("{name} (seal)", name=company), say("{name} (seal), date:", name=customer)]
    return [say("Remarks"), say("Name, signature, date")]


_TOTALS = ("opening", "debits", "credits", "closing")


def _sum(rows: list[Content], key: str) -> Decimal:
    return sum((Decimal(row[key]) for row in rows), Decimal(0))


def _broken(word: str) -> str:
    return "\u200b".join(word[place : place + BREAK_EVERY] for place in range(0, len(word), BREAK_EVERY))
