"""飞书/Lark, 钉钉, 企业微信, Teams and others through Apprise: a text that ends with the link, no buttons."""

import apprise

from notifications.carrying import Answer

SCHEMES = frozenset(
    {
        "feishu", "lark", "dingtalk", "wecombot", "msteams", "workflows", "workflow", "gchat", "mmosts", "rockets",
        "webexteams", "zulip", "jsons",
    }
)  # fmt: skip
"""Only these: Apprise also knows schemes that run programs or write files. All of them speak TLS."""


def is_address(address: str) -> bool:
    """Whether a message can be posted there; nothing is sent."""
    return _scheme(address) in SCHEMES and apprise.Apprise().add(address)


async def post_chat(address: str, title: str, text: str) -> Answer:
    """Sends one message to the channel behind an Apprise address, "feishu://token"."""
    scheme = _scheme(address)
    if scheme not in SCHEMES:
        return Answer("permanent", f"{scheme} is not a chat channel", bad_address=True)
    channel = apprise.Apprise()
    if not channel.add(address):
        return Answer("permanent", f"{scheme} address is not valid", bad_address=True)
    sent = await channel.async_notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT)
    return Answer("accepted", "ok") if sent else Answer("temporary", f"{scheme} did not take it")


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()
