"""What the house says: renders one kind of message for one context in one language.

One folder per message under `templates/` with subject.txt, body.txt, body.html and slack.json; one Jinja
environment for all. `contexts.py` names the kinds.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from notifications.contexts import KINDS, ApprovalDecided, Bucket, Digest, Letter
from notifications.labels import (
    ANSWERS,
    APPROVED_BY_POLICY,
    CHECKS,
    DECISIONS,
    DISPUTE_REASONS,
    FINDINGS,
    GATHERED,
    OUTCOMES,
    RESOLUTIONS,
    SEVERITIES,
    plain_label,
)
from words.catalog import translate
from words.figures import amount_text, date_text, money_text

TEMPLATES = Path(__file__).parent / "templates"

SIGNATURE = "-- "
"""The line, with its space, below which mail programs fold a signature away (RFC 3676)."""

SUBJECT_MOST = 200
"""Characters: longer subjects are cut by mail programs anyway, and RFC 5322 asks for short lines."""

SLACK_BLOCKS_MOST = 50
"""Slack refuses a message with more blocks."""

SLACK_TEXT_MOST = 3000
"""Slack refuses a text object that is longer."""

SLACK_HEADER_MOST = 150
"""Slack refuses a header that is longer."""


_LABELS = CHECKS | DISPUTE_REASONS | ANSWERS | FINDINGS | SEVERITIES | DECISIONS
"""Codes never mean two things across these."""


class UnknownKindError(ValueError):
    """No message has this name, or its context is another kind's."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words: subject without line breaks, plain text, HTML with inlined styles, Slack blocks."""

    subject: str
    text: str
    html: str
    blocks: list[dict[str, Any]]


def render(kind: str, context: Letter, language: str) -> Rendered:
    """The message of this kind for this context, in "zh" or "en"."""
    if KINDS.get(kind) is not type(context):
        raise UnknownKindError(f"{kind} is not told from {type(context).__name__}")
    environment = _environment()
    names = _names(context, language)
    subject = one_line(environment.get_template(f"{kind}/subject.txt").render(names))[:SUBJECT_MOST].rstrip()
    names["subject"] = subject
    text = tidy(environment.get_template(f"{kind}/body.txt").render(names))
    page = environment.get_template(f"{kind}/body.html").render(names)
    blocks = json.loads(environment.get_template(f"{kind}/slack.json").render(names))
    return Rendered(subject, text, _inliner().inline(page), within_limits(blocks))


def framed_html(kind: str, context: Letter, language: str, subject: str, own: Markup) -> str:
    """The mail of this kind with other content: head, greeting and foot stay the house's."""
    names = {**_names(context, language), "subject": subject, "own": own, "parent": f"{kind}/body.html"}
    return _inliner().inline(_environment().get_template("own_words.html").render(names))


def framed_text(house: Rendered, context: Letter, language: str, own: str) -> str:
    """The same for plain text: greeting and signature around other words."""
    greeting = translate("Dear {name},", language, name=context.name) if context.name else ""
    _, mark, signature = house.text.rpartition(f"\n{SIGNATURE}\n")
    return tidy("\n\n".join(filter(None, (greeting, own.strip(), f"{SIGNATURE}\n{signature}" if mark else ""))))


def one_line(text: str) -> str:
    """The text without line breaks or control characters, so that it cannot start a header of its own."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def bucket_text(bucket: Bucket, language: str) -> str:
    """An aging bucket as people say it."""
    if bucket.name == "credits":
        return translate("Credits not yet used", language)
    if bucket.end is not None and bucket.end <= 0:
        return translate("Not yet due", language)
    if bucket.end is None:
        return translate("Over {days} days overdue", language, days=(bucket.start or 1) - 1)
    return translate("{start} to {end} days overdue", language, start=bucket.start, end=bucket.end)


def outcome_text(decided: ApprovalDecided, language: str) -> str:
    """How a request ended, and by whom."""
    sentence = OUTCOMES.get(decided.outcome, OUTCOMES["cancelled"])
    if "{people}" not in sentence:
        return translate(sentence, language)
    if not decided.decided_by:
        return translate(APPROVED_BY_POLICY if decided.outcome in {"approved", "consumed"} else "Closed", language)
    return translate(sentence, language, people=decided.decided_by)


def gathered_text(digest: Digest, language: str) -> str:
    """What a digest tells, counted."""
    return translate(GATHERED.get(digest.gathered, "{count} messages for you"), language, count=digest.count)


def mrkdwn(text: object) -> str:
    """Text that Slack shows as it is: no mention, link or channel can be spelled with it."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe_link(address: str) -> str:
    """The address if it is http or https, else nothing: a button never runs a script."""
    return address if urlsplit(address).scheme in {"http", "https"} else ""


def _names(context: Letter, language: str) -> dict[str, Any]:
    return {"c": context, "lang": language, **_marks(language), **helpers(language)}


def _marks(language: str) -> dict[str, str]:
    return (
        {"colon": "：", "comma": "，", "stop": "。"}
        if language == "zh"
        else {"colon": ": ", "comma": ", ", "stop": "."}
    )


def helpers(language: str) -> dict[str, Callable[..., str]]:
    """What templates may call: amounts, days and codes in the reader's language."""

    def t(sentence: str, **values: object) -> str:
        return translate(sentence, language, **values)

    def day(value: date) -> str:
        return date_text(value, language)

    def money(amount: str, currency: str) -> str:
        return money_text(amount, currency, language)

    def amount(value: str) -> str:
        return amount_text(value, language)

    def bucket(value: Bucket) -> str:
        return bucket_text(value, language)

    def outcome(value: ApprovalDecided) -> str:
        return outcome_text(value, language)

    def gathered(value: Digest) -> str:
        return gathered_text(value, language)

    def resolution(code: str) -> str:
        return translate(RESOLUTIONS.get(code, plain_label(code)), language)

    def label(code: str) -> str:
        return translate(_LABELS.get(code, plain_label(code)), language)

    return {
        "t": t, "day": day, "money": money, "amount": amount, "bucket": bucket, "outcome": outcome, "label": label,
        "gathered": gathered, "resolution": resolution,
    }  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"mrkdwn": mrkdwn, "safe_link": safe_link}
    return environment


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)


def tidy(text: str) -> str:
    """The text without blanks at line ends and without two empty lines in a row."""
    lines: list[str] = []
    for line in (raw if raw == SIGNATURE else raw.rstrip() for raw in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"


def within_limits(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks cut to what Slack takes: a long customer name must not lose a whole message."""
    for block in blocks:
        most = SLACK_HEADER_MOST if block["type"] == "header" else SLACK_TEXT_MOST
        texts = [block["text"]] if "text" in block else []
        for text in texts + block.get("elements", []):
            if isinstance(text.get("text"), str) and len(text["text"]) > most:
                text["text"] = text["text"][: most - 1] + "…"
    return blocks[:SLACK_BLOCKS_MOST]
