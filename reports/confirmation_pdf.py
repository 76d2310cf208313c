"""Draws a confirmation letter 询证函 as PDF/A-3a and PDF/UA-1, one page in zh, en or de; equal input, equal bytes."""

import json
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date
from babel.numbers import format_decimal

from reports.capital_amount import capital_amount
from reports.fonts import drawable_characters, font_folder
from reports.german import german
from reports.statement_pdf import CharacterNotDrawable, qr_svg
from words.catalog import translate
from words.figures import amount_text, date_text

_TEMPLATE = Path(__file__).parent / "templates" / "confirmation.typ"

_local = threading.local()
"""Typst's compiler cannot be shared between threads."""

INTRODUCTIONS = {
    "commercial": (
        "To compare our books with yours, we ask you to confirm the balance of your account with us as of {day}."
    ),
    "audit": (
        "Our auditor {auditor} is examining our financial statements. As auditing standards require, we ask you to "
        "confirm the balance of your account with us as of {day}."
    ),
}
QUESTIONS = {
    "positive": (
        "The amounts below are taken from our books. If they agree with yours, please sign under “Confirmed as "
        "correct”; if they do not, please state your amount and the reason under “Does not agree”."
    ),
    "negative": (
        "The amounts below are taken from our books. Please reply only if they do not agree with yours. If we hear "
        "nothing by {day}, we take it that you have no objection."
    ),
    "blank": "Please enter the balance according to your own books, whatever it is, and sign.",
}
WAYS = {
    "commercial": (
        "Please reply by {day}: with the code on this page or the link in our mail, or by returning this letter, "
        "signed and sealed."
    ),
    "audit": (
        "Please reply by {day} directly to the auditor: with the code on this page or the link in our mail, or by "
        "sending this letter, signed and sealed, to {auditor}, {email}."
    ),
}
WAYS_ON_PAPER = {
    "commercial": "Please reply by {day} by returning this letter, signed and sealed.",
    "audit": "Please reply by {day} directly to the auditor: send this letter, sealed, to {auditor}, {email}.",
}
WAYS_IF_WRONG = {
    "commercial": "If they do not agree, please reply to us.",
    "audit": "If they do not agree, please reply directly to the auditor: {auditor}, {email}.",
}
NO_DEMAND = "This letter only serves to compare the accounts; it is no request for payment."
PAID_SINCE = "Please reply even if the amounts have been paid since."


def render_confirmation(
    content: dict[str, Any], digest: str, language: str, *, link: str | None = None, second: bool = False
) -> bytes:
    """The letter, with a QR code when there is a link. Raises CharacterNotDrawable.

    `digest` is that of the stored content; a blank letter does not print the balances that the content holds.
    """
    _refuse_undrawable(content)
    ways = WAYS_IF_WRONG if content["form"] == "negative" else WAYS if link else WAYS_ON_PAPER
    view = _view(content, language, ways, second=second) | {"digest": digest}
    drawn = _compiler().compile(
        sys_inputs={"view": json.dumps(view, ensure_ascii=False), "qr": qr_svg(link) if link else ""},
        format="pdf", pdf_standards=["a-3a", "ua-1"], timestamp=_made_at(content),
    )  # fmt: skip
    assert isinstance(drawn, bytes)  # noqa: S101 - a PDF is one file
    return drawn


def _compiler() -> typst.Compiler:
    if not hasattr(_local, "compiler"):
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])
        _local.compiler = typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent), font_paths=fonts)
    made: typst.Compiler = _local.compiler
    return made


def _made_at(content: dict[str, Any]) -> int:
    """Seconds since 1970 of the day that is confirmed: the letter's age is its content's, never the printer's clock."""
    return int(datetime.fromisoformat(content["as_of"]).replace(tzinfo=UTC).timestamp())


def _refuse_undrawable(content: dict[str, Any]) -> None:
    texts = [("company.name", content["company"]["name"]), ("name", content["customer"]["name"]),
             ("code", content["customer"]["code"])]  # fmt: skip
    if content["auditor"]:
        texts += [("auditor", content["auditor"]["name"]), ("auditor", content["auditor"]["email"])]
    for field, text in texts:
        missing = sorted(set(text) - drawable_characters())
        if missing:
            shown = ", ".join(f"{sign} (U+{ord(sign):04X})" for sign in missing)
            raise CharacterNotDrawable(field=field, customer=content["customer"]["code"], characters=shown)


class _Words:
    """Sentences, days and amounts in one of the three languages."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, sentence: str, **values: object) -> str:
        if self.language == "de":
            return german(sentence, **values)
        return translate(sentence, self.language, **values)

    def day(self, text: str) -> str:
        """A calendar date in full."""
        value = date.fromisoformat(text)
        return format_date(value, "long", "de_DE") if self.language == "de" else date_text(value, self.language)

    def amount(self, value: Decimal) -> str:
        """An amount with its own decimals."""
        if self.language == "de":
            return format_decimal(value, "#,##0." + "0" * _places(value), "de_DE")
        return amount_text(value, self.language)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - balances are numbers
    return -exponent


def _view(content: dict[str, Any], language: str, ways: dict[str, str], *, second: bool) -> dict[str, Any]:
    words = _Words(language)
    auditor = content["auditor"] or {"name": "", "email": ""}
    blank, negative = content["form"] == "blank", content["form"] == "negative"
    day, reply_by = words.day(content["as_of"]), words.day(content["reply_by"])
    end = words(NO_DEMAND) + ("" if negative else (" " if language != "zh" else "") + words(PAID_SINCE))
    way = words(ways[content["mode"]], day=reply_by, auditor=auditor["name"], email=auditor["email"])
    return {
        "lang": language, "region": {"zh": "cn", "en": "gb", "de": "de"}[language],
        "heading": words("Confirmation of balance"), "second": words("Second request") if second else "",
        "company": content["company"]["name"], "number": content["number"],
        "customer": content["customer"], "to": words("To"),
        "facts": [
            [words("Letter number"), content["number"]], [words("Customer number"), content["customer"]["code"]],
            [words("As of"), day], [words("Reply by"), reply_by],
        ],
        "paragraphs": [
            words(INTRODUCTIONS[content["mode"]], day=day, auditor=auditor["name"]),
            words(QUESTIONS[content["form"]], day=reply_by), way, end,
        ],
        "head": [words(one) for one in ("Currency", *(["Your balance"] if blank else ["You owe us", "We owe you"]))],
        "rows": [_row(one, words, blank=blank) for one in content["balances"]],
        "capitals": _capitals(content, language) if not blank else "",
        "conclusion": words("Conclusion"), "boxes": _boxes(words, content["form"]),
        "seal": words("Place of the seal"),
        "lines": [words("Name and position"), words("Signature"), words("Date")],
        "sender": words("Seal and signature of {company}", company=content["company"]["name"]), "date": words("Date"),
        "scan": words("Reply here"),
    }  # fmt: skip


def _row(balance: dict[str, str], words: _Words, *, blank: bool) -> list[str]:
    if blank:
        return [balance["currency"], ""]
    amount = Decimal(balance["amount"])
    text = words.amount(abs(amount))
    return [balance["currency"], text, ""] if amount >= 0 else [balance["currency"], "", text]


def _capitals(content: dict[str, Any], language: str) -> str:
    """人民币大写金额, which Chinese readers expect beside the digits."""
    yuan = [one["amount"] for one in content["balances"] if one["currency"] == "CNY"]
    return f"人民币大写：{capital_amount(yuan[0])}" if yuan and language == "zh" else ""


def _boxes(words: _Words, form: str) -> list[dict[str, Any]]:
    """The places for the customer's conclusion: which title, which words, and whether amounts are written there."""
    agree = {"title": words("Confirmed as correct"), "text": words("The above agrees with our books.")}
    differ = {
        "title": words("Does not agree"),
        "text": words("Our books show the following amounts, for the following reason:"),
    }  # fmt: skip
    fill = {
        "title": words("Your balance"), "text": words("The balance above is taken from our books."),
    }  # fmt: skip
    boxes = {"positive": [agree, differ], "negative": [differ], "blank": [fill]}[form]
    return [one | {"free": one is differ, "choice": len(boxes) > 1} for one in boxes]
