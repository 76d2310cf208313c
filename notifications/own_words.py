"""A company's own wording of a message: several variants with weights, framed by the house, checked before and after.

`own_language.py` says what may be written, `own_html.py` what may come out of it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

from markupsafe import Markup

from notifications.contexts import Figure, Letter
from notifications.messages import (
    SUBJECT_MOST,
    Rendered,
    framed_html,
    framed_text,
    helpers,
    one_line,
    render,
    safe_link,
    within_limits,
)
from notifications.own_html import clean_html
from notifications.own_language import WordingFailedError, fill
from notifications.samples import samples
from words.catalog import translate
from words.figures import amount_text, money_text

PARTS = ("subject", "text", "html", "slack")

VARIANTS_MOST = 5
"""More arms than that find no difference within a year of a company's mails."""

WEIGHT_MOST = 100

_MONEY = ("closing", "overdue", "amount")
_AS_THEY_ARE = ("link", "unsubscribe", "code")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to say it; an empty part is said in the house's words."""

    name: str
    weight: int = 1
    subject: str = ""
    text: str = ""
    html: str = ""
    slack: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a company says instead of the house; without variants it says what the house says."""

    variants: tuple[Variant, ...] = ()

    def document(self) -> dict[str, Any]:
        """As data."""
        return {"variants": [asdict(one) for one in self.variants]}

    def variant_for(self, kind: str, recipient: str) -> Variant | None:
        """The recipient's variant: always the same for an address, and another one in other kinds of message."""
        total = sum(one.weight for one in self.variants)
        if total == 0:
            return None
        seed = hashlib.sha256(f"{kind}\n{recipient.strip().lower()}".encode()).digest()
        place = int.from_bytes(seed[:8]) % total
        for one in self.variants:
            place -= one.weight
            if place < 0:
                return one
        raise AssertionError("weights do not add up")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a wording cannot be used: in which variant and part, and what is wrong, an English sentence with places."""

    variant: str
    part: str
    sentence: str
    values: Mapping[str, object]

    def text(self, language: str) -> str:
        """The sentence in the reader's language."""
        return translate(self.sentence, language).format(**self.values)


def wording_of(document: Mapping[str, Any]) -> Wording:
    """The wording of a stored or given document; raises WordingFailedError."""
    given = document.get("variants")
    if not isinstance(given, list) or len(given) > VARIANTS_MOST:
        raise WordingFailedError("At most {most} variants are possible.", most=VARIANTS_MOST)
    variants = tuple(_variant(one) for one in given)
    names = [one.name for one in variants]
    if len(set(names)) != len(names):
        raise WordingFailedError("Two variants have the same name.")
    if variants and not any(one.weight for one in variants):
        raise WordingFailedError("At least one variant needs a weight above zero.")
    return Wording(variants)


def _variant(given: object) -> Variant:
    known = {field.name for field in fields(Variant)}
    if not isinstance(given, dict) or not given.keys() <= known or not str(given.get("name", "")).strip():
        raise WordingFailedError("A variant needs a name.")
    weight = given.get("weight", 1)
    if not isinstance(weight, int) or not 0 <= weight <= WEIGHT_MOST:
        raise WordingFailedError("A weight is a number from 0 to {most}.", most=WEIGHT_MOST)
    return Variant(one_line(str(given["name"])), weight, **{part: str(given.get(part, "")) for part in PARTS})


def base_kind(spoken: str) -> str:
    """The folder of a wording's kind: "reminder.2" is told by "reminder"."""
    return spoken.partition(".")[0]


def spoken_kind(kind: str, letter: Letter) -> str:
    """The kind under which this letter's wording is kept: reminders have one for each level."""
    level = getattr(letter, "level", 1)
    return kind if level == 1 else f"{kind}.{level}"


def render_own(kind: str, letter: Letter, language: str, variant: Variant) -> Rendered:
    """The message in the company's words, each empty part in the house's; raises WordingFailedError."""
    house = render(kind, letter, language)
    names = {"c": letter, "lang": language, **helpers(language), **_own_helpers(letter, language)}
    subject = one_line(fill(variant.subject, "subject", names))[:SUBJECT_MOST].rstrip() or house.subject
    text = framed_text(house, letter, language, fill(variant.text, "text", names)) if variant.text else house.text
    html = house.html
    if variant.html:
        own = Markup(clean_html(fill(variant.html, "html", names)))  # noqa: S704 - written anew from what may be in it
        html = framed_html(kind, letter, language, subject, own)
    blocks = _blocks(house, subject, fill(variant.slack, "slack", names)) if variant.slack else house.blocks
    return Rendered(subject, text, html, blocks)


def _own_helpers(letter: Letter, language: str) -> dict[str, object]:
    def button(label: str) -> Markup:
        address = safe_link(letter.link)
        if not address:
            return Markup("")
        return Markup(
            '<table class="press" role="presentation"><tr><td class="button"><a href="{}">{}</a></td></tr></table>'
        ).format(address, label)

    def t(sentence: str) -> str:
        return translate(str(sentence), language)

    return {"button": button, "t": t}


def _blocks(house: Rendered, subject: str, words: str) -> list[dict[str, Any]]:
    """Own words above the house's buttons: what can be decided in chat stays so."""
    header = {"type": "header", "text": {"type": "plain_text", "emoji": False, "text": subject}}
    section = {"type": "section", "text": {"type": "mrkdwn", "verbatim": True, "text": words.strip() or subject}}
    return within_limits([header, section, *(one for one in house.blocks if one["type"] == "actions")])


def problems_of(kind: str, language: str, wording: Wording) -> list[Problem]:
    """Everything that is wrong with a wording, seen on the samples of its kind; `kind` as in `samples`."""
    letter = samples(language)[kind]
    return [
        Problem(variant.name, part, failed.sentence, failed.values)
        for variant in wording.variants
        for part in PARTS
        if getattr(variant, part)
        for failed in _failures(base_kind(kind), letter, language, variant, part)
    ]


def _failures(kind: str, letter: Letter, language: str, variant: Variant, part: str) -> list[WordingFailedError]:
    alone = Variant(variant.name, **{part: getattr(variant, part)})
    try:
        shown = render_own(kind, letter, language, alone)
        render_own(kind, _strange(letter), language, alone)
    except WordingFailedError as failed:
        return [failed]
    if part == "slack" and "<!" in variant.slack:
        return [WordingFailedError("A chat message cannot call everybody.")]
    if part not in ("text", "html"):
        return []
    there = shown.text if part == "text" else _readable(shown.html)
    must = values_kept(kind, letter, language)
    return [
        WordingFailedError("{value} is missing: whoever gets this message needs it.", value=f"c.{name}")
        for name, text in must.items()
        if text not in there
    ]


def values_kept(kind: str, letter: Letter, language: str) -> dict[str, str]:
    """What a message of this kind must not lose: link, amounts, code, unsubscribing, as far as the house tells them."""
    house = render(kind, letter, language).text
    found = {name: str(getattr(letter, name, "")) for name in _AS_THEY_ARE}
    currency = getattr(letter, "currency", "")
    for name in _MONEY:
        amount = getattr(letter, name, "")
        if amount and currency:
            found[name] = amount_text(amount.lstrip("-"), language)
    for total in getattr(letter, "totals", ()):
        found["totals"] = money_text(total.value, total.label, language)
    for statement in getattr(letter, "statements", ()):
        found["statements"] = statement.link
    return {name: text for name, text in found.items() if text and text in house}


def usable_values(kind: str, language: str) -> dict[str, str]:
    """The values of a kind's context by the name under which a wording shows them, with the sample's value."""
    letter = samples(language)[kind]
    names = [field.name for field in fields(letter)]
    extra = [name for name, member in vars(type(letter)).items() if isinstance(member, property)]
    return {f"c.{name}": _shown(getattr(letter, name)) for name in names + extra if name != "action"}


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        inner = value[0] if value else None
        if inner is not None and is_dataclass(inner):
            return ", ".join(f".{field.name}" for field in fields(inner))
        return ", ".join(map(str, value))
    return str(value)


_STRANGE = """x"'><b class=y onclick=z>javascript:"""
_CODES = frozenset({"outcome", "answer", "currency", "reason", "check", "severity", "gathered", "resolution"})


def _strange(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any part of a context
    """The same letter with every text in it that people write replaced by one that breaks out wherever it can."""
    if isinstance(value, str):
        kept = name in _CODES or name in _MONEY or name in _AS_THEY_ARE or name in ("opening", "debits", "credits")
        return value if kept or not value else _STRANGE
    if isinstance(value, tuple):
        return tuple(_strange(one, name) for one in value)
    if isinstance(value, Figure) and name == "totals":
        return value
    if is_dataclass(value) and not isinstance(value, type):
        changed = {field.name: _strange(getattr(value, field.name), field.name) for field in fields(value)}
        return replace(value, **changed)
    return value


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _readable(html: str) -> str:
    """The words of a page and the addresses that its links lead to."""
    reading = _Reading()
    reading.feed(html)
    return "\n".join(reading.found)
