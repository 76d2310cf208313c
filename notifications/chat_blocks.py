"""The pieces of Slack's Block Kit that we build in code; whole messages stand in `templates/*/slack.json`."""

from typing import Any

Block = dict[str, Any]

FIELDS_MOST = 10
"""Slack takes no more in one section."""

TEXT_MOST = 2_900
"""Characters of a section's text: Slack takes 3,000, and escaping may not cut a name in the middle."""

BUTTON_MOST = 75
"""Characters on a button."""


def safe(text: str) -> str:
    """Slack reads &, < and > as its own, and | inside a link; a customer's name is only a name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦")


def plain(text: str) -> Block:
    """Text without marks."""
    return {"type": "plain_text", "text": text, "emoji": False}


def section(text: str, fields: list[str] | None = None) -> Block:
    """A paragraph in Slack's marks, with fields in two columns; `text` and `fields` are safe already."""
    made: Block = {"type": "section", "text": {"type": "mrkdwn", "text": text[:TEXT_MOST]}}
    if fields:
        made["fields"] = [{"type": "mrkdwn", "text": field[:TEXT_MOST]} for field in fields[:FIELDS_MOST]]
    return made


def context(text: str) -> Block:
    """A small grey line."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:TEXT_MOST]}]}


def link(address: str, text: str) -> str:
    """A named link in bold."""
    return f"*<{address}|{safe(text)}>*"


def actions(*buttons: Block) -> Block:
    """Buttons side by side."""
    return {"type": "actions", "elements": list(buttons)}


def button(action: str, text: str, value: str, *, style: str | None = None) -> Block:
    """A button that comes back to us with its value."""
    made: Block = {"type": "button", "action_id": action, "text": plain(text[:BUTTON_MOST]), "value": value}
    return made if style is None else {**made, "style": style}


def link_button(text: str, address: str) -> Block:
    """A button that opens a page."""
    return {"type": "button", "action_id": "open", "text": plain(text[:BUTTON_MOST]), "url": address}
