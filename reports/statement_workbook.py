"""A statement as a workbook that a customer can filter, add up and answer in: the same figures as the PDF.

Checks are live formulas whose stored results are right as well, for readers that do not calculate.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ledger.canonical import canonical_json, sha256_hex
from reports import labels
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

MAX_RULE_TEXT = 255
"""What a spreadsheet keeps of a validation's message."""

SECTION, NUMBER, AMOUNT, OPEN, ANSWER = 2, 4, 10, 11, 14
UNAPPLIED = words.UNAPPLIED


def render_workbook(content: Content, language: str) -> bytes:
    """The workbook's bytes in "zh" or "en"; equal content gives equal bytes."""
    return _StatementWorkbook(content, language).render()


class _StatementWorkbook:
    def __init__(self, content: Content, language: str) -> None:
        self.content = content
        self.language = language
        made = datetime.fromisoformat(content["as_known"] or content["as_of"])
        self.places = _places(content)
        self.book = Workbook(
            f"{labels.heading_of(content, language)} {content['number']}",
            content["company"]["name"],
            made if made.tzinfo else made.replace(tzinfo=UTC),
            self.places,
        )
        self.rows = list(self._rows())

    def say(self, sentence: str, **values: object) -> str:
        return translate(sentence, self.language, **values)

    def render(self) -> bytes:
        self._statement()
        self._aging()
        if self.content["promises"]:
            self._promises()
        self._checks()
        self._about()
        return self.book.finish()

    def _sheet(self, name: str, widths: Iterable[int]) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        sheet = self.book.book.add_worksheet(self.say(name))
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{self.content['number'].replace('&', '&&')}&R&P / &N")
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        return sheet

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

    def _statement(self) -> None:
        content, kinds = self.content, self.book.formats
        sheet = self._sheet("Statement", (width for _, width in COLUMNS))
        self.book.write_text(
            sheet, 0, 0, f"{content['company']['name']} · {labels.heading_of(content, self.language)}", kinds.title
        )
        period = content["period"]
        head = [
            f"{self.say('To')}: {content['customer']['name']} ({content['customer']['code']})",
            f"{self.say('Statement number')}: {content['number']}",
            f"{self.say('Period')}: {period['start']} – {period['end']} · {self.say('As of')}: {content['as_of']}",
        ]
        for row, text in enumerate(head, 1):
            self.book.write_text(sheet, row, 0, text, kinds.label)
        self.book.write_text(
            sheet, 4, 0, self.say("Closing balance ({currency})", currency=content["currency"]), kinds.total
        )
        sheet.write_number(4, AMOUNT, float(content["closing"]), kinds.bold_amount)
        for place, values in enumerate(self.rows, HEAD_ROWS + 1):
            self.book.write_row(sheet, place, values)
            sheet.write_blank(place, ANSWER, None, kinds.input)
            sheet.write_blank(place, ANSWER + 1, None, kinds.input)
            sheet.write_blank(place, ANSWER + 2, None, kinds.input_amount)
            sheet.write_blank(place, ANSWER + 3, None, kinds.input)
        last = self._last_row()
        sheet.add_table(HEAD_ROWS, 0, last, len(COLUMNS) - 1, self._table())
        self._choices(sheet, ANSWER, (words.AGREE, words.DISPUTE))
        self._choices(sheet, ANSWER + 1, words.REASON_NAMES.values())
        sheet.data_validation(HEAD_ROWS + 1, ANSWER + 2, last, ANSWER + 2, self._amounts())
        sheet.ignore_errors({"number_stored_as_text": f"A1:R{last + 1}"})
        sheet.freeze_panes(HEAD_ROWS + 1, 0)
        sheet.repeat_rows(HEAD_ROWS)

    def _choices(self, sheet: Any, column: int, sentences: Iterable[str]) -> None:  # noqa: ANN401 - xlsxwriter has no types
        """Offers a list in a column; anything else is refused by the spreadsheet, and by us when it comes back."""
        choices = [self.say(sentence) for sentence in sentences]
        rule = {
            "validate": "list",
            "source": choices,
            "error_title": self.say(COLUMNS[column][0]),
            "error_message": self.say("Choose one of: {answers}.", answers=", ".join(choices))[:MAX_RULE_TEXT],
        }
        sheet.data_validation(HEAD_ROWS + 1, column, self._last_row(), column, rule)

    def _amounts(self) -> dict[str, Any]:
        """A disputed amount is at most what is open on its line."""
        first, letter = HEAD_ROWS + 2, chr(ord("A") + OPEN)
        return {
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": f"={letter}{first}",
            "error_title": self.say(words.AMOUNT),
            "error_message": self.say("At most the amount that is open on the line."),
        }

    def _table(self) -> dict[str, Any]:
        columns = [{"header": self.say(name), "header_format": self.book.formats.heading} for name, _ in COLUMNS]
        return {"name": "Lines", "style": None, "autofilter": True, "columns": columns}

    def _last_row(self) -> int:
        """A table has at least one row under its heading."""
        return HEAD_ROWS + max(len(self.rows), 1)

    def _aging(self) -> None:
        kinds, buckets = self.book.formats, self.content["aging"]
        sheet = self._sheet("Aging", (20, 10, 10, 10, 18))
        self._heading(sheet, ("Age", "From day", "To day", "Items", "Amount"))
        for row, bucket in enumerate(buckets, 1):
            label = labels.bucket_label(bucket, self.language)
            self.book.write_row(
                sheet, row, [label, bucket["from"], bucket["to"], bucket["items"], Decimal(bucket["amount"])]
            )
        row = len(buckets) + 1
        sheet.write_string(row, 0, self.say("Total"), kinds.total)
        sheet.write_formula(row, 3, f"=SUM(D2:D{row})", kinds.total, sum(bucket["items"] for bucket in buckets))
        total = sum((Decimal(bucket["amount"]) for bucket in buckets), Decimal(0))
        sheet.write_formula(row, 4, f"=SUM(E2:E{row})", kinds.bold_amount, float(total))
        sheet.freeze_panes(1, 0)

    def _promises(self) -> None:
        sheet = self._sheet("Promised payments", (18, 18, 18))
        self._heading(sheet, ("Pay on", "Status", "Amount"))
        for row, promise in enumerate(self.content["promises"], 1):
            status = labels.name_of(labels.PROMISE_STATUSES, promise["status"], self.language)
            day, amount = date.fromisoformat(promise["due_on"]), Decimal(promise["amount"])
            self.book.write_row(sheet, row, [day, status, amount])
        sheet.freeze_panes(1, 0)

    def _checks(self) -> None:
        kinds = self.book.formats
        sheet = self._sheet("Checks", (52, 18, 18, 16, 14))
        self._heading(sheet, ("Check", "Left side", "Right side", "Difference", "Result"))
        closing = Decimal(self.content["closing"])
        row = 0
        for row, (name, formula, figure) in enumerate(self._equations(), 1):
            sheet.write_string(row, 0, self.say(name), kinds.text)
            sheet.write_formula(row, 1, f"=ROUND({formula},{self.places})", kinds.amount, float(figure))
            sheet.write_number(row, 2, float(closing), kinds.amount)
            self._result(sheet, row, figure - closing)
        for row, check in enumerate(self.content["checks"], row + 1):  # noqa: B020 - the rows go on below
            sheet.write_string(row, 0, labels.name_of(labels.EQUATIONS, check["equation"], self.language), kinds.text)
            sheet.write_number(row, 1, float(check["left"]), kinds.amount)
            sheet.write_number(row, 2, float(check["right"]), kinds.amount)
            self._result(sheet, row, Decimal(check["left"]) - Decimal(check["right"]))
        sheet.freeze_panes(1, 0)

    def _result(self, sheet: Any, row: int, difference: Decimal) -> None:  # noqa: ANN401 - xlsxwriter has no types
        kinds, place = self.book.formats, row + 1
        sheet.write_formula(row, 3, f"=ROUND(B{place}-C{place},{self.places})", kinds.amount, float(difference))
        ties, differs = self.say("ties"), self.say("does not tie")
        sheet.write_formula(
            row, 4, f'=IF(D{place}=0,"{ties}","{differs}")', kinds.text, differs if difference else ties
        )

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
        first, last, letter = HEAD_ROWS + 2, self._last_row() + 1, chr(ord("A") + column)
        sheet = f"'{self.say('Statement')}'!"
        amounts, sections = f"{sheet}${letter}${first}:${letter}${last}", f"{sheet}$C${first}:$C${last}"
        return f'SUMIFS({amounts},{sections},"{self.say(section)}")'

    def _about(self) -> None:
        content, kinds = self.content, self.book.formats
        sheet = self._sheet("About", (28, 76))
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
            sheet.write_string(row, 0, self.say(name), kinds.label)
            self.book.write_text(sheet, row, 1, value, kinds.wrapped)
        notes = [self.say(labels.FLAGS[flag]) for flag in content["flags"] if flag in labels.FLAGS]
        for row, note in enumerate(notes, len(facts) + 1):
            sheet.write_string(row, 0, note, kinds.label)

    def _heading(self, sheet: Any, names: Iterable[str]) -> None:  # noqa: ANN401 - xlsxwriter has no types
        for column, name in enumerate(names):
            sheet.write_string(0, column, self.say(name), self.book.formats.heading)


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
