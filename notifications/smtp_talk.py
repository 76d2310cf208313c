"""One open SMTP connection: commands in one packet where the server takes them so, and answers in their order.

The library (aiosmtplib) connects, encrypts and signs in; from then on we speak, because it waits for the answer to
each command and looks at each of them several times, which costs more than all else that a mail costs here.
"""

import asyncio
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from aiosmtplib.email import quote_address

ANSWER_MOST = 32_768
"""Bytes of one answer: a real one has some hundred, and a server must not fill our memory."""

LONGER = b"-"
"""Stands behind the code of every line of an answer but its last."""

NO_CODE = 0
"""Of a line that is no answer of SMTP's."""

PLAIN_ADDRESS = re.compile(r"""[^\x00-\x20\x7f<>()\[\],:;"\\]+""")
"""An address that can stand between angle brackets as it is."""

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said: its code, and its words without it, as they came."""

    code: int
    words: bytes


def bracketed(address: str) -> str:
    """The address as MAIL and RCPT take it; ValueError when it would say more than itself."""
    if PLAIN_ADDRESS.fullmatch(address):
        return f"<{address}>"
    if CONTROL.search(address):
        raise ValueError(f"no address: {address!r}")
    return quote_address(address)


class Talk(asyncio.Protocol):
    """A connection that was greeted already. Lost ones raise ConnectionError, silent ones TimeoutError."""

    def __init__(self, transport: asyncio.Transport, *, takes_many: bool, takes_utf8: bool) -> None:
        """`takes_many`: several commands in one packet (PIPELINING); `takes_utf8`: addresses beyond ASCII."""
        self.used = 0
        """Mails that it carried."""
        self.takes_utf8 = takes_utf8
        self._takes_many = takes_many
        self._transport = transport
        self._bytes = bytearray()
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._asked = 0
        self._waiter: asyncio.Future[None] | None = None
        self._is_lost = False
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether another command can be sent."""
        return not (self._is_lost or self._transport.is_closing())

    async def ask(self, commands: Sequence[str], seconds: float) -> list[Reply]:
        """The answers to these commands, up to the first that refuses when they go one by one."""
        lines = [f"{command}\r\n".encode() for command in commands]
        if self._takes_many:
            self.say(b"".join(lines), len(lines))
            return [await self.reply(seconds) for _ in lines]
        replies: list[Reply] = []
        for line in lines:
            self.say(line)
            replies.append(await self.reply(seconds))
            if not is_fine(replies[-1]):
                break
        return replies

    def say(self, content: bytes, answers: int = 1) -> None:
        """Sends bytes to which so many answers come."""
        if not self.is_open:
            raise ConnectionResetError("The connection was lost.")
        self._asked += answers
        self._transport.write(content)

    async def reply(self, seconds: float) -> Reply:
        """The next answer."""
        if not self._replies:
            if self._is_lost:
                raise ConnectionResetError("The connection was lost.")
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            clock = loop.call_later(seconds, self._wake, TimeoutError("The server did not answer in time."))
            try:
                await self._waiter
            finally:
                clock.cancel()
                self._waiter = None
        return self._replies.popleft()

    def close(self) -> None:
        """Ends it without a word."""
        self._is_lost = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Cuts what came into answers."""
        self._bytes += data
        while self._asked and (end := self._bytes.find(b"\n")) >= 0:
            line = bytes(self._bytes[:end]).strip()
            del self._bytes[: end + 1]
            self._lines.append(line)
            if line[3:4] != LONGER:
                self._take_answer()
        if self._bytes and not self._asked:
            self.close()  # it says goodbye: whatever it is, it answers nothing that is asked later
        if len(self._bytes) + sum(map(len, self._lines)) > ANSWER_MOST:
            self.close()
            self._wake(ConnectionResetError("The server's answer has no end."))

    def _take_answer(self) -> None:
        code = self._lines[-1][:3]
        words = b"\n".join(line[4:].strip() for line in self._lines)
        self._replies.append(Reply(int(code) if code.isdigit() else NO_CODE, words))
        self._lines.clear()
        self._asked -= 1
        self._wake()

    def _wake(self, error: Exception | None = None) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if error is None:
            self._waiter.set_result(None)
        else:
            self._waiter.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side, or the network, ended it."""
        self._is_lost = True
        lost = ConnectionResetError("The connection was lost.")
        lost.__cause__ = exc
        self._wake(lost)


def is_fine(reply: Reply) -> bool:
    """Whether MAIL or RCPT was taken: 250, or 251 for a mailbox that is forwarded."""
    return reply.code in {250, 251}
