"""A statement as a workbook that a customer can filter, add up and answer in: the same figures as the PDF.

Checks are live formulas whose stored results are right as well, for readers that do not calculate.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ledger.canonical import canonical_json, sha256_hex
from reports import labels
from reports.sheet_rows import LETTERS, SheetRows
from reports.workbook_frame import COMPANY, FOOTER, LAST_ROW, TITLE, Frame
from reports.workbook_parts import Workbook
from statements import answer_columns as words
from statements.answer_columns import HEAD_ROWS
from words.catalog import translate

Content = dict[str, Any]

COLUMNS = (
    ("Line", 6),
    ("Account", 14),
    ("Section", 24),
    ("Date", 11),
    ("Document", 24),
    ("Kind", 13),
    ("Description", 34),
    ("Due", 11),
    ("Days overdue", 9),
    ("Age", 14),
    ("Amount", 15),
    ("Open", 15),
    ("Balance", 15),
    ("Disputed", 13),
    (words.ANSWER, 12),
    (words.REASON, 18),
    (words.AMOUNT, 14),
    (words.REMARK, 30),
)
"""Heading and width in characters."""

PROMISES = "Promised payments"
SHEETS = {
    "Statement": tuple(width for _, width in COLUMNS),
    "Aging": (20, 10, 10, 10, 18),
    PROMISES: (18, 18, 18),
    "Checks": (52, 18, 18, 16, 14),
    "About": (28, 76),
}
"""Sheets in their order with the widths of their columns in characters; promises only where there are any."""

FRAMES_KEPT = 16
"""A frame for each language, number of decimals and promises or none."""

MAX_RULE_TEXT = 255
"""What a spreadsheet keeps of a validation's message."""

SECTION, NUMBER, AMOUNT, OPEN, ANSWER = 2, 4, 10, 11, 14
UNAPPLIED = words.UNAPPLIED


def render_workbook(content: Content, language: str) -> bytes:
    """The workbook's bytes in "zh" or "en"; equal content gives equal bytes."""
    return _StatementWorkbook(content, language).render()


@lru_cache(FRAMES_KEPT)
def _frame(language: str, places: int, *, promises: bool) -> Frame:
    """All that no customer's name or figure changes."""
    return Frame(places, lambda book: _draw_frame(book, language, promises=promises))


def _draw_frame(book: Workbook, language: str, *, promises: bool) -> None:
    names = [name for name in SHEETS if promises or name != PROMISES]
    for name in names:
        sheet = book.book.add_worksheet(translate(name, language))
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{FOOTER}&R&P / &N")
        for column, width in enumerate(SHEETS[name]):
            sheet.set_column(column, column, width)
        if name == "Statement":
            _draw_answers(book, sheet, language)
        elif name != "About":
            sheet.freeze_panes(1, 0)


def _draw_answers(book: Workbook, sheet: Any, language: str) -> None:  # noqa: ANN401 - xlsxwriter has no types
    """The table around the lines, and what may be written beside them."""
    first, last = HEAD_ROWS + 1, LAST_ROW - 1
    columns = [{"header": translate(name, language), "header_format": book.formats.heading} for name, _ in COLUMNS]
    table = {"name": "Lines", "style": None, "autofilter": True, "columns": columns}
    sheet.add_table(HEAD_ROWS, 0, last, len(COLUMNS) - 1, table)
    sheet.data_validation(first, ANSWER, last, ANSWER, _choices(ANSWER, (words.AGREE, words.DISPUTE), language))
    reasons = _choices(ANSWER + 1, words.REASON_NAMES.values(), language)
    sheet.data_validation(first, ANSWER + 1, last, ANSWER + 1, reasons)
    sheet.data_validation(first, ANSWER + 2, last, ANSWER + 2, _amounts(language))
    sheet.ignore_errors({"number_stored_as_text": f"A1:R{LAST_ROW}"})
    sheet.freeze_panes(first, 0)
    sheet.repeat_rows(HEAD_ROWS)


def _choices(column: int, sentences: Iterable[str], language: str) -> dict[str, Any]:
    """Offers a list in a column; anything else is refused by the spreadsheet, and by us when it comes back."""
    choices = [translate(sentence, language) for sentence in sentences]
    error = translate("Choose one of: {answers}.", language, answers=", ".join(choices))
    return {
        "validate": "list",
        "source": choices,
        "error_title": translate(COLUMNS[column][0], language),
        "error_message": error[:MAX_RULE_TEXT],
    }


def _amounts(language: str) -> dict[str, Any]:
    """A disputed amount is at most what is open on its line."""
    return {
        "validate": "decimal",
        "criteria": "between",
        "minimum": 0,
        "maximum": f"={LETTERS[OPEN]}{HEAD_ROWS + 2}",
        "error_title": translate(words.AMOUNT, language),
        "error_message": translate("At most the amount that is open on the line.", language),
    }


class _StatementWorkbook:
    def __init__(self, content: Content, language: str) -> None:
        self.content = content
        self.language = language
        self.places = _places(content)
        self.frame = _frame(language, self.places, promises=bool(content["promises"]))
        self.rows = list(self._rows())

    def say(self, sentence: str, **values: object) -> str:
        return translate(sentence, self.language, **values)

    def render(self) -> bytes:
        content = self.content
        sheets = [self._statement(), self._aging()]
        if content["promises"]:
            sheets.append(self._promises())
        sheets += [self._checks(), self._about()]
        made = datetime.fromisoformat(content["as_known"] or content["as_of"])
        texts = {
            TITLE: f"{labels.heading_of(content, self.language)} {content['number']}",
            COMPANY: content["company"]["name"],
            FOOTER: content["number"].replace("&", "&&"),
        }
        return self.frame.fill(sheets, self._last_row() + 1, made if made.tzinfo else made.replace(tzinfo=UTC), texts)

    def _rows(self) -> Iterable[list[object]]:
        for line in self.content["lines"]:
            yield self._row(line, labels.SECTIONS.get(line["section"], line["section"]))
        for line in self.content["unapplied"]["lines"]:
            yield self._row(line, UNAPPLIED)

    def _row(self, line: Content, section: str) -> list[object]:
        late = line["days_overdue"] if line["days_overdue"] > 0 and Decimal(line["open"]) > 0 else None
        bucket = next((one for one in self.content["aging"] if one["bucket"] == line["bucket"]), None)
        return [
            line["line"],
            line["account"],
            self.say(section),
            date.fromisoformat(line["document_date"]),
            line["number"],
            labels.name_of(labels.KINDS, line["kind"], self.language),
            line["description"],
            date.fromisoformat(line["due_date"]) if line["due_date"] and line["kind"] in labels.DUE_KINDS else None,
            late,
            labels.bucket_label(bucket, self.language) if bucket else "",
            Decimal(line["amount"]),
            Decimal(line["open"]),
            None if line["balance"] is None else Decimal(line["balance"]),
            Decimal(line["disputed"]) or None,
        ]

    def _statement(self) -> SheetRows:
        content, kinds = self.content, self.frame.styles
        sheet = SheetRows(kinds)
        sheet.text(0, 0, f"{content['company']['name']} · {labels.heading_of(content, self.language)}", kinds.title)
        period = content["period"]
        head = [
            f"{self.say('To')}: {content['customer']['name']} ({content['customer']['code']})",
            f"{self.say('Statement number')}: {content['number']}",
            f"{self.say('Period')}: {period['start']} – {period['end']} · {self.say('As of')}: {content['as_of']}",
        ]
        for row, text in enumerate(head, 1):
            sheet.text(row, 0, text, kinds.label)
        sheet.text(4, 0, self.say("Closing balance ({currency})", currency=content["currency"]), kinds.total)
        sheet.number(4, AMOUNT, Decimal(content["closing"]), kinds.bold_amount)
        self._heading(sheet, HEAD_ROWS, (name for name, _ in COLUMNS))
        for row, values in enumerate(self.rows, HEAD_ROWS + 1):
            sheet.line(row, values)
            for column in range(ANSWER, len(COLUMNS)):
                sheet.blank(row, column, kinds.input_amount if column == ANSWER + 2 else kinds.input)
        return sheet

    def _last_row(self) -> int:
        """A table has at least one row under its heading."""
        return HEAD_ROWS + max(len(self.rows), 1)

    def _aging(self) -> SheetRows:
        kinds, buckets = self.frame.styles, self.content["aging"]
        sheet = SheetRows(kinds)
        self._heading(sheet, 0, ("Age", "From day", "To day", "Items", "Amount"))
        for row, bucket in enumerate(buckets, 1):
            label = labels.bucket_label(bucket, self.language)
            sheet.line(row, [label, bucket["from"], bucket["to"], bucket["items"], Decimal(bucket["amount"])])
        row = len(buckets) + 1
        sheet.text(row, 0, self.say("Total"), kinds.total)
        sheet.formula(row, 3, f"SUM(D2:D{row})", sum(bucket["items"] for bucket in buckets), kinds.total)
        total = sum((Decimal(bucket["amount"]) for bucket in buckets), Decimal(0))
        sheet.formula(row, 4, f"SUM(E2:E{row})", total, kinds.bold_amount)
        return sheet

    def _promises(self) -> SheetRows:
        sheet = SheetRows(self.frame.styles)
        self._heading(sheet, 0, ("Pay on", "Status", "Amount"))
        for row, promise in enumerate(self.content["promises"], 1):
            status = labels.name_of(labels.PROMISE_STATUSES, promise["status"], self.language)
            sheet.line(row, [date.fromisoformat(promise["due_on"]), status, Decimal(promise["amount"])])
        return sheet

    def _checks(self) -> SheetRows:
        kinds, closing = self.frame.styles, Decimal(self.content["closing"])
        sheet = SheetRows(kinds)
        self._heading(sheet, 0, ("Check", "Left side", "Right side", "Difference", "Result"))
        row = 0
        for row, (name, formula, figure) in enumerate(self._equations(), 1):
            sheet.text(row, 0, self.say(name), kinds.text)
            sheet.formula(row, 1, f"ROUND({formula},{self.places})", figure, kinds.amount)
            sheet.number(row, 2, closing, kinds.amount)
            self._result(sheet, row, figure - closing)
        for row, check in enumerate(self.content["checks"], row + 1):  # noqa: B020 - the rows go on below
            left, right = Decimal(check["left"]), Decimal(check["right"])
            sheet.text(row, 0, labels.name_of(labels.EQUATIONS, check["equation"], self.language), kinds.text)
            sheet.number(row, 1, left, kinds.amount)
            sheet.number(row, 2, right, kinds.amount)
            self._result(sheet, row, left - right)
        return sheet

    def _result(self, sheet: SheetRows, row: int, difference: Decimal) -> None:
        kinds, place = self.frame.styles, row + 1
        sheet.formula(row, 3, f"ROUND(B{place}-C{place},{self.places})", difference, kinds.amount)
        ties, differs = self.say("ties"), self.say("does not tie")
        formula = f'IF(D{place}=0,"{ties}","{differs}")'
        sheet.formula(row, 4, formula, differs if difference else ties, kinds.text)

    def _equations(self) -> Iterable[tuple[str, str, Decimal]]:
        """Name, live formula and its result, for every sum that must be the closing balance."""
        content = self.content
        opening = Decimal(content["opening"])
        if content["form"] != "OPEN_ITEM":
            moved = self._sum(AMOUNT, "Movements of the period")
            formula = f"{_number(opening)}+{self._sum_formula(AMOUNT, 'Movements of the period')}"
            yield "Opening balance + sum of movements = closing balance", formula, opening + moved
        if content["form"] != "BALANCE_FORWARD":
            section = labels.SECTIONS["open" if content["form"] == "OPEN_ITEM" else "ending"]
            formula = f"{self._sum_formula(OPEN, section)}+{self._sum_formula(OPEN, UNAPPLIED)}"
            yield "Sum of lines = closing balance", formula, self._sum(OPEN, section) + self._sum(OPEN, UNAPPLIED)
        buckets = content["aging"]
        aged = sum((Decimal(bucket["amount"]) for bucket in buckets), Decimal(0))
        yield "Sum of aging = closing balance", f"SUM('{self.say('Aging')}'!E2:E{len(buckets) + 1})", aged

    def _sum(self, column: int, section: str) -> Decimal:
        name = self.say(section)
        amounts = (row[column] for row in self.rows if row[SECTION] == name)
        return sum((amount for amount in amounts if isinstance(amount, Decimal)), Decimal(0))

    def _sum_formula(self, column: int, section: str) -> str:
        first, last, letter = HEAD_ROWS + 2, self._last_row() + 1, LETTERS[column]
        sheet = f"'{self.say('Statement')}'!"
        amounts, sections = f"{sheet}${letter}${first}:${letter}${last}", f"{sheet}$C${first}:$C${last}"
        return f'SUMIFS({amounts},{sections},"{self.say(section)}")'

    def _about(self) -> SheetRows:
        content, kinds = self.content, self.frame.styles
        sheet = SheetRows(kinds)
        policy = content["aging_policy"]
        basis = labels.name_of(labels.BASES, policy["basis"], self.language)
        facts = [
            ("Company", f"{content['company']['name']} ({content['company']['code']})"),
            ("Customer", f"{content['customer']['name']} ({content['customer']['code']})"),
            ("Statement number", content["number"]),
            ("Version", str(content["version"])),
            ("Form", labels.name_of(labels.FORMS, content["form"], self.language)),
            ("Period", f"{content['period']['label']} ({content['period']['start']} – {content['period']['end']})"),
            ("As of", content["as_of"]),
            ("As known at", content["as_known"] or ""),
            ("Currency", content["currency"]),
            *((name, content[key]) for name, key in _TOTALS),
            ("Aging policy", f"{policy['name']} v{policy['version']}, {basis}"),
            ("SHA-256 of the policy", policy["sha256"]),
            ("SHA-256 of the content", sha256_hex(canonical_json(content))),
        ]
        if content["rounding"]:
            facts += [
                ("Exact closing balance", content["rounding"]["exact_closing"]),
                ("Payable", content["rounding"]["payable"]),
            ]
        for row, (name, value) in enumerate(facts):
            sheet.text(row, 0, self.say(name), kinds.label)
            sheet.text(row, 1, value, kinds.wrapped)
        notes = [self.say(labels.FLAGS[flag]) for flag in content["flags"] if flag in labels.FLAGS]
        for row, note in enumerate(notes, len(facts) + 1):
            sheet.text(row, 0, note, kinds.label)
        return sheet

    def _heading(self, sheet: SheetRows, row: int, names: Iterable[str]) -> None:
        for column, name in enumerate(names):
            sheet.text(row, column, self.say(name), self.frame.styles.heading)


_TOTALS = (
    ("Opening balance", "opening"),
    ("Debits", "debits"),
    ("Credits", "credits"),
    ("Closing balance", "closing"),
    ("Overdue", "overdue"),
)


def _places(content: Content) -> int:
    """Decimals of the finest amount, at least the currency's."""
    amounts = [content[key] for _, key in _TOTALS]
    amounts += [line[key] for line in content["lines"] for key in ("amount", "open")]
    finest = max(len(amount.partition(".")[2]) for amount in amounts)
    return max(finest, int(content["decimals"]))


def _number(amount: Decimal) -> str:
    return f"({amount:f})" if amount < 0 else f"{amount:f}"
