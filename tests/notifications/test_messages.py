"""What the messages say: golden files in both languages, complete Chinese, nothing that escapes."""

import json
import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications import labels
from notifications.contexts import KINDS, ApprovalAsked, Letter, RunFinished
from notifications.messages import (
    SLACK_BLOCKS_MOST,
    SLACK_HEADER_MOST,
    SLACK_TEXT_MOST,
    TEMPLATES,
    UnknownKindError,
    render,
)
from notifications.samples import samples
from services.freeze_message import FOR_CUSTOMERS
from words.catalog import LANGUAGES, chinese

GOLDEN = Path(__file__).parent.parent / "golden" / "messages"
PARTS = ("subject.txt", "body.txt", "body.html", "slack.json")
CASES = [(language, name) for language in LANGUAGES for name in samples(language)]
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!channel> <@U1> <https://evil.example|click>",
    "{{ 7 * 7 }} {% raw %}",
    "a\r\nBcc: victim@example.com",
    "*bold* _it_ `code` & < >",
    '","type":"actions',
    "\u202eevil",
)


@pytest.mark.parametrize(("language", "name"), CASES)
def test_golden_messages(language: str, name: str, request: pytest.FixtureRequest) -> None:
    """Every message reads as it was last looked at."""
    rendered = render(name.split(".", maxsplit=1)[0], samples(language)[name], language)
    folder = GOLDEN / language / name
    parts = {
        "subject.txt": rendered.subject + "\n",
        "body.txt": rendered.text,
        "body.html": rendered.html + "\n",
        "slack.json": json.dumps(rendered.blocks, ensure_ascii=False, indent=1) + "\n",
    }
    if request.config.getoption("--update-golden"):
        folder.mkdir(parents=True, exist_ok=True)
        for part, text in parts.items():
            (folder / part).write_text(text)
    for part, text in parts.items():
        assert (folder / part).read_text() == text, f"{folder / part} differs; look at it, then make golden"


def test_every_kind_has_its_folder_and_a_sample() -> None:
    """A kind without a template, a template without a kind, or a kind nobody can look at is a mistake."""
    assert {path.name for path in TEMPLATES.iterdir() if path.is_dir()} == set(KINDS)
    for kind in KINDS:
        assert {path.name for path in (TEMPLATES / kind).iterdir()} == set(PARTS)
    assert {name.split(".")[0] for name in samples("en")} == set(KINDS)


def test_every_sentence_has_its_chinese() -> None:
    """All sentences of the templates and all labels are in the catalogue."""
    sentences = {labels.APPROVED_BY_POLICY, "Closed", *labels.FIGURES}
    for table in (
        labels.CHECKS, labels.DISPUTE_REASONS, labels.ANSWERS, labels.FINDINGS, labels.SEVERITIES, labels.OUTCOMES
    ):  # fmt: skip
        sentences |= set(table.values())
    for path in TEMPLATES.rglob("*.*"):
        sentences |= set(re.findall(r'\bt\("((?:[^"\\]|\\.)*)"', path.read_text()))
    assert sorted(sentence for sentence in sentences if sentence not in chinese()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_is_not_called_a_colleague(language: str) -> None:
    """Only staff are told that they get a message because they work in Tieout."""
    for name, letter in samples(language).items():
        kind = name.partition(".")[0]
        assert ("Tieout" in render(kind, letter, language).html) is (kind not in FOR_CUSTOMERS), name


def test_a_context_of_another_kind_is_refused() -> None:
    """A kind is told from its own context only."""
    with pytest.raises(UnknownKindError):
        render("run_finished", ApprovalAsked("Acme"), "en")
    with pytest.raises(UnknownKindError):
        render("no_such_kind", RunFinished("Acme"), "en")


class _Tags(HTMLParser):
    """Counts tags and collects what could load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.dangerous: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag."""
        self.tags.append(tag)
        if tag in {"img", "script", "iframe", "link", "object"}:
            self.dangerous.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"src", "background"}:
                self.dangerous.append(name)
            if name == "href" and not (value or "").startswith(("http://", "https://")):
                self.dangerous.append(f"{name}={value}")


def tags_of(html: str) -> _Tags:
    """The tags of a page."""
    parser = _Tags()
    parser.feed(html)
    return parser


def _poisoned(letter: Letter, payload: str) -> Letter:
    """The same context with every text replaced."""
    changed = {
        part.name: payload
        for part in fields(letter)
        if isinstance(getattr(letter, part.name), str)
        and part.name not in {"opening", "debits", "credits", "closing", "overdue", "amount", "currency", "link"}
    }
    return replace(letter, **changed)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("name", [name for language, name in CASES if language == "en"])
def test_no_text_escapes(name: str, payload: str) -> None:
    """Text from outside adds no tag, no mention, no link, no line to the subject, and is never run as a template."""
    letter = samples("en")[name]
    calm = render(name.split(".", maxsplit=1)[0], _poisoned(letter, "calm"), "en")
    evil = render(name.split(".", maxsplit=1)[0], _poisoned(letter, payload), "en")
    assert tags_of(evil.html).tags == tags_of(calm.html).tags
    assert tags_of(evil.html).dangerous == []
    assert "\n" not in evil.subject
    assert "\r" not in evil.subject
    assert [block["type"] for block in evil.blocks] == [block["type"] for block in calm.blocks]
    for block in evil.blocks:
        if block["type"] == "section":
            assert "<" not in block["text"]["text"]
            assert block["text"]["verbatim"] is True
    assert "49" not in evil.subject + evil.text


def test_a_script_address_is_no_button() -> None:
    """Only http and https addresses become links."""
    rendered = render("run_finished", RunFinished("Acme", "Ann", "javascript:alert(1)", period="2026-06"), "en")
    assert "javascript:" not in rendered.html
    assert all(block["type"] != "actions" for block in rendered.blocks)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=5000), st.sampled_from(LANGUAGES))
def test_slack_limits_hold_for_any_text(text: str, language: str) -> None:
    """However long a name is, the message stays within what Slack takes."""
    letter = ApprovalAsked("Acme", "Ann", "https://x.example/a", request_id="1", title=text)
    rendered = render("approval_asked", letter, language)
    assert len(rendered.blocks) <= SLACK_BLOCKS_MOST
    for block in rendered.blocks:
        if "text" in block:
            most = SLACK_HEADER_MOST if block["type"] == "header" else SLACK_TEXT_MOST
            assert len(block["text"]["text"]) <= most


@pytest.mark.parametrize(("language", "name"), CASES)
def test_dark_rules_survive_inlining(language: str, name: str) -> None:
    """The dark rules stay in the head and win over what was inlined; no picture is loaded from anywhere."""
    html = render(name.split(".", maxsplit=1)[0], samples(language)[name], language).html
    dark = html.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    assert dark.count("!important") > 10
    assert tags_of(html).dangerous == []
    assert "url(" not in html
