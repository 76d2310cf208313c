"""Slack: posts and rewrites messages, finds one again after a crash, and checks what Slack sends to us.

The client retries nothing by itself: the SDK's default handler posted twice when a connection died after acceptance.
"""

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.webhook import WebhookClient

from notifications.carrying import Answer
from notifications.failpoints import failpoint

TIMEOUT = 20
"""Seconds for one call; well below the lease."""

EVENT_TYPE = "tieout_message"
"""Names our metadata, by which a message is found again."""

HISTORY = 200
"""Messages looked through for a lost one: more than a busy channel gets in a quiet period."""

CHANNEL_PAGES = 20
"""Pages of a thousand channels looked through for a name: the largest workspaces."""

MAX_AGE = 300
"""Seconds: Slack's own rule for a callback's timestamp."""

SEEN_MOST = 10_000
"""Signatures remembered: 33 callbacks a second for five minutes."""

NO_SUCH_PLACE = frozenset(
    {
        "channel_not_found", "not_in_channel", "is_archived", "user_not_found", "users_not_found", "user_disabled",
        "cannot_dm_bot", "message_not_found",
    }
)  # fmt: skip
REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text", "too_many_attachments"})
MAYBE_DONE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Slack's words for "perhaps it was done"."""

CODE = re.compile(r"[a-z_]+")
"""An error code; anything else is the SDK's sentence about an answer that was not Slack's."""

BAD_REQUEST = 400
"""HTTP status from which on an answer is a refusal."""

BY_FORM = frozenset({"users.lookupByEmail", "auth.test", "apps.connections.open"})
"""Methods that take a form; Slack ignores JSON there."""

RESPONSE_HOST = "https://hooks.slack.com/"
"""Where Slack's own answer addresses lead; anything else in a callback is not called."""

SERVER_ERROR = 500
"""HTTP status from which on the answer says nothing about what was done."""


class SlackCallError(RuntimeError):
    """Slack could not be asked, or said no; `code` is its word, empty when it said nothing."""

    def __init__(self, words: str, code: str = "", retry_after: float | None = None) -> None:
        """`retry_after`: seconds that Slack asked to be left alone."""
        super().__init__(words)
        self.code = code
        self.retry_after = retry_after


class SlackCarrier:
    """One workspace, by its bot token."""

    def __init__(self, token: str, api_url: str) -> None:
        """`api_url` ends with a slash."""
        self._client = WebClient(token=token, base_url=api_url, timeout=TIMEOUT, retry_handlers=[])
        self._channels: dict[str, str] = {}

    async def post(
        self,
        recipient: str,
        text: str,
        blocks: list[dict[str, Any]],
        outbox_id: str,
        before_data: Callable[[], Awaitable[bool]],
    ) -> Answer:
        """Posts to a channel, a user id or the user with an e-mail address."""
        try:
            channel = await self._channel(recipient)
        except (SlackClientError, OSError, HTTPException) as error:
            return _answer_for(error, posting=False)
        if not await before_data():
            return Answer("fenced", "The lease ran out before the content left.")
        failpoint("outbox.data_committed")
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"outbox_id": outbox_id}}
        return await self._call(
            "chat.postMessage",
            {"channel": channel, "text": text, "blocks": blocks, "metadata": metadata, "unfurl_links": False},
        )

    async def update(
        self, external_id: str, text: str, blocks: list[dict[str, Any]], before_data: Callable[[], Awaitable[bool]]
    ) -> Answer:
        """Rewrites a message in place; doing it twice is doing it once."""
        channel, _, timestamp = external_id.partition(":")
        if not await before_data():
            return Answer("fenced", "The lease ran out before the content left.")
        return await self._call("chat.update", {"channel": channel, "ts": timestamp, "text": text, "blocks": blocks})

    async def open_view(self, trigger_id: str, view: dict[str, Any]) -> Answer:
        """Opens a dialogue for who just clicked; the trigger lives three seconds."""
        try:
            await asyncio.to_thread(
                self._client.api_call, "views.open", json={"trigger_id": trigger_id, "view": view}
            )  # fmt: skip
        except (SlackClientError, OSError, HTTPException) as error:
            return _answer_for(error, posting=False)
        return Answer("accepted", "ok")

    async def publish_home(self, user_id: str, view: dict[str, Any]) -> Answer:
        """Shows the view as the user's home tab."""
        try:
            await asyncio.to_thread(self._client.api_call, "views.publish", json={"user_id": user_id, "view": view})
        except (SlackClientError, OSError, HTTPException) as error:
            return _answer_for(error, posting=False)
        return Answer("accepted", "ok")

    async def team(self) -> str:
        """The workspace of the token. Raises SlackCallError."""
        return str((await self._asked("auth.test", {}))["team_id"])

    async def user_with(self, email: str) -> str | None:
        """The id of the workspace's member with this address, or None. Raises SlackCallError."""
        try:
            answer = await self._asked("users.lookupByEmail", {"email": email})
        except SlackCallError as error:
            if error.code in NO_SUCH_PLACE:
                return None
            raise
        return str(answer["user"]["id"])

    async def socket_address(self) -> str:
        """Where to connect for Socket Mode, once, by an app token. Raises SlackCallError."""
        return str((await self._asked("apps.connections.open", {}))["url"])

    async def say(self, channel: str, text: str, blocks: list[dict[str, Any]]) -> None:
        """Posts at once, to whoever waits for the answer on a page. Raises SlackCallError."""
        await self._asked("chat.postMessage", {"channel": channel, "text": text, "blocks": blocks})

    async def whisper(self, channel: str, user: str, text: str, blocks: list[dict[str, Any]]) -> None:
        """Says it in the channel for this user's eyes alone. Raises SlackCallError."""
        await self._asked("chat.postEphemeral", {"channel": channel, "user": user, "text": text, "blocks": blocks})

    async def respond(self, response_url: str, body: dict[str, Any]) -> None:
        """Answers a press or a command by the address that came with it. Raises SlackCallError."""
        if not self._is_slacks(response_url):
            raise SlackCallError("not an address of Slack")
        webhook = WebhookClient(response_url, timeout=TIMEOUT, retry_handlers=[])
        try:
            answer = await asyncio.to_thread(webhook.send_dict, body)
        except (OSError, HTTPException) as error:
            raise SlackCallError(str(error)) from error
        if answer.status_code >= BAD_REQUEST:
            raise SlackCallError(f"HTTP {answer.status_code}")

    def _is_slacks(self, address: str) -> bool:
        return address.startswith((RESPONSE_HOST, "{0.scheme}://{0.netloc}/".format(urlsplit(self._client.base_url))))

    async def _asked(self, method: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - the SDK's answer
        """A call on whose answer somebody waits. Raises SlackCallError, with Slack's word if it said one."""
        try:
            if method in BY_FORM:
                return await asyncio.to_thread(self._client.api_call, method, data=arguments)
            return await asyncio.to_thread(self._client.api_call, method, json=arguments)
        except SlackApiError as error:
            answer = _answer_of_slack(error)
            raise SlackCallError(answer.words, _code_of(error), answer.retry_after) from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise SlackCallError(str(error)) from error

    async def find(self, recipient: str, outbox_id: str) -> str | None:
        """Channel and timestamp of the message that carries this outbox id, if it was posted.

        Raises SlackCallError when Slack does not answer.
        """
        try:
            channel = await self._readable(recipient)
            # By form: Slack's reading methods take no JSON.
            body = {"channel": channel, "limit": str(HISTORY), "include_all_metadata": "true"}
            response = await asyncio.to_thread(self._client.api_call, "conversations.history", data=body)
        except (SlackClientError, OSError, HTTPException) as error:
            raise SlackCallError(str(error)) from error
        messages: list[dict[str, Any]] = response.get("messages", [])
        for message in messages:
            if message.get("metadata", {}).get("event_payload", {}).get("outbox_id") == outbox_id:
                return f"{channel}:{message['ts']}"
        return None

    async def _channel(self, recipient: str) -> str:
        """Where a message goes: a person's direct channel, by address or user id; a channel as it is."""
        if recipient not in self._channels:
            user = recipient
            if "@" in recipient:
                found = await asyncio.to_thread(
                    self._client.api_call, "users.lookupByEmail", data={"email": recipient}
                )  # fmt: skip
                user = str(found["user"]["id"])
            if not user.startswith(("U", "W")):
                return recipient
            opened = await asyncio.to_thread(self._client.api_call, "conversations.open", json={"users": user})
            self._channels[recipient] = str(opened["channel"]["id"])
        return self._channels[recipient]

    async def _readable(self, recipient: str) -> str:
        """The id of a channel that was posted to by its name: Slack takes names for posting, not for reading."""
        channel = await self._channel(recipient)
        if not channel.startswith("#"):
            return channel
        cursor = ""
        for _ in range(CHANNEL_PAGES):
            given = {"limit": "1000", "exclude_archived": "true", "types": "public_channel,private_channel",
                     "cursor": cursor}  # fmt: skip
            page = await asyncio.to_thread(self._client.api_call, "conversations.list", data=given)
            for one in page["channels"]:
                if one["name"] == channel[1:]:
                    return self._channels.setdefault(recipient, str(one["id"]))
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                break
        raise SlackCallError("channel_not_found", "channel_not_found")

    async def _call(self, method: str, body: dict[str, Any]) -> Answer:
        try:
            response = await asyncio.to_thread(self._client.api_call, method, json=body)
        except (SlackClientError, OSError, HTTPException) as error:
            return _answer_for(error, posting=True)
        failpoint("slack.answered")
        return Answer("accepted", "ok", external_id=f"{response['channel']}:{response['ts']}")


def _answer_for(error: Exception, *, posting: bool) -> Answer:
    if isinstance(error, SlackApiError):
        return _answer_of_slack(error)
    reason = error.reason if isinstance(error, URLError) else error
    if not posting or isinstance(reason, ConnectionRefusedError):
        return Answer("temporary", f"{type(reason).__name__}: {reason}", connection=True)
    return Answer("uncertain", f"{type(reason).__name__}: {reason}")


def _code_of(error: SlackApiError) -> str:
    response = error.response
    return str(response.get("error", "")) if isinstance(response.data, dict) else ""


def _answer_of_slack(error: SlackApiError) -> Answer:
    response = error.response
    status = getattr(response, "status_code", SERVER_ERROR)
    code = _code_of(error)
    if status == 429:  # noqa: PLR2004 - HTTP's number for "too many requests"
        wait = response.headers.get("Retry-After") or response.headers.get("retry-after") or "30"
        return Answer("temporary", "ratelimited", retry_after=float(wait))
    if status >= SERVER_ERROR or code in MAYBE_DONE or CODE.fullmatch(code) is None:
        return Answer("uncertain", f"HTTP {status} {code}")
    if code in NO_SUCH_PLACE:
        return Answer("permanent", code, bad_address=True)
    return Answer("permanent" if code in REFUSED else "temporary", code)


class SignatureGate:
    """Lets a callback in once: right signature over the raw body, at most five minutes old, not seen before.

    The SDK's verifier alone takes replays within five minutes and raises on a garbage timestamp.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._seen: OrderedDict[str, float] = OrderedDict()

    def admits(self, body: bytes, headers: Mapping[str, str], now: float) -> bool:
        """Whether to act on the callback; `now` in seconds since 1970."""
        named = {name.lower(): value for name, value in headers.items()}
        stamp, signature = named.get("x-slack-request-timestamp", ""), named.get("x-slack-signature", "")
        if not (stamp.isascii() and stamp.isdigit()) or abs(now - int(stamp)) > MAX_AGE:
            return False
        if not self._is_signed(body, stamp, signature):
            return False
        return self._is_new(signature, now)

    def _is_signed(self, body: bytes, stamp: str, signature: str) -> bool:
        verifier = SignatureVerifier(self._secret, _At(float(stamp)))
        try:
            return verifier.is_valid(body=body, timestamp=stamp, signature=signature)
        except (UnicodeDecodeError, TypeError):
            return False

    def _is_new(self, signature: str, now: float) -> bool:
        while self._seen:
            oldest = next(iter(self._seen.values()))
            if now - oldest <= 2 * MAX_AGE and len(self._seen) < SEEN_MOST:
                break
            self._seen.popitem(last=False)
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True


class _At(Clock):
    """A clock for the SDK that stands still: the age was checked already."""

    def __init__(self, moment: float) -> None:
        self._moment = moment

    def now(self) -> float:
        """Seconds since 1970."""
        return self._moment


def sign(secret: str, body: str, stamp: int) -> dict[str, str]:
    """The headers that Slack would put on this body: for the local Slack."""
    signature = SignatureVerifier(secret).generate_signature(timestamp=str(stamp), body=body)
    return {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": signature or ""}


def frozen_blocks(text: str, blocks: list[dict[str, Any]]) -> bytes:
    """A chat message as the bytes that every try sends."""
    return json.dumps({"text": text, "blocks": blocks}, ensure_ascii=False).encode()
