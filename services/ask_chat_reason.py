"""The dialogue in which somebody who rejects or returns in the chat says why."""

import json
from typing import Any

from notifications.carrying import Answer
from notifications.chat_blocks import Block, plain
from notifications.slack import SlackCarrier
from services.carriers import slack_address, slack_token
from services.settings import Settings
from words.catalog import translate

REASON_DIALOGUE = "decision_reason"
"""Callback id by which the filled dialogue is known again."""

REASON_MOST = 1_000
"""Characters: a reason, not a letter."""

ASKED = {"reject": "Reject", "return": "Return"}
"""These ask why before they are done, under this title."""


async def ask_chat_reason(settings: Settings, trigger_id: str, carried: dict[str, Any], language: str) -> Answer:
    """Opens the dialogue; `carried` comes back with the filled one."""
    carrier = SlackCarrier(slack_token(settings), slack_address(settings))
    return await carrier.open_view(trigger_id, reason_view(carried, language))


def reason_view(carried: dict[str, Any], language: str) -> Block:
    """A modal with one text field."""
    title = plain(translate(ASKED[carried["command"]], language))
    return {
        "type": "modal", "callback_id": REASON_DIALOGUE, "private_metadata": json.dumps(carried),
        "title": title, "submit": title, "close": plain(translate("Cancel", language)),
        "blocks": [
            {
                "type": "input", "block_id": "reason", "label": plain(translate("Why?", language)),
                "element": {
                    "type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": REASON_MOST
                },
            }
        ],
    }  # fmt: skip
