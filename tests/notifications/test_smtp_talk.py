"""Commands in one packet, answers in pieces, and addresses that would be commands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from notifications.smtp import SmtpCarrier, SmtpServer
from notifications.smtp_talk import bracketed

CONTENT = b"Subject: x\r\nMessage-ID: <1@tieout>\r\n\r\nhello\r\n"


async def yes() -> bool:
    """The lease holds."""
    return True


class Packets(asyncio.Protocol):
    """Takes several commands at once, refuses addresses that begin with "no", and answers a byte at a time if told."""

    def __init__(self, packets: list[bytes], *, in_pieces: bool, last_words: bytes) -> None:
        self._packets = packets
        self._in_pieces = in_pieces
        self._last_words = last_words
        self._in_content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 hello\r\n")

    def data_received(self, data: bytes) -> None:
        """Some commands, or content; the test's mails fit into a packet."""
        self._packets.append(data)
        if self._in_content:
            self._in_content = False
            self._say(b"250-taken\r\n250 as 7\r\n" + self._last_words)
            return
        for line in data.split(b"\r\n")[:-1]:
            verb = line[:4].upper()
            self._in_content = verb == b"DATA"
            refused = verb == b"RCPT" and b"<no" in line
            answers = {b"EHLO": b"250-here\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n"}
            self._say(b"550 5.1.1 no such user\r\n" if refused else answers.get(verb, b"250 ok\r\n"))

    def _say(self, words: bytes) -> None:
        for piece in [bytes([byte]) for byte in words] if self._in_pieces else [words]:
            self._transport.write(piece)


@asynccontextmanager
async def talking(
    packets: list[bytes], *, in_pieces: bool = False, last_words: bytes = b""
) -> AsyncIterator[SmtpCarrier]:  # fmt: skip
    """A carrier on such a server."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Packets(packets, in_pieces=in_pieces, last_words=last_words), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    carrier = SmtpCarrier(SmtpServer("127.0.0.1", port, tls="none"), timeout=5, connections=1)
    try:
        yield carrier
    finally:
        await carrier.close()
        server.close()


@pytest.mark.parametrize("in_pieces", [False, True])
async def test_sender_and_recipients_go_in_one_packet(in_pieces: bool) -> None:
    """MAIL and both RCPT together, DATA only after the hook, and the answer is the server's whole words."""
    packets: list[bytes] = []
    async with talking(packets, in_pieces=in_pieces) as carrier:
        answer = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes, ["archive@acme.example"])
    assert (answer.outcome, answer.words) == ("accepted", "250 taken\nas 7")
    assert packets[1] == (
        b"MAIL FROM:<a@acme.example>\r\nRCPT TO:<b@customer.example>\r\nRCPT TO:<archive@acme.example>\r\n"
    )
    assert packets[2] == b"DATA\r\n"


async def test_a_refused_one_among_several_leaves_the_connection_good() -> None:
    """All answers are read, the transaction is taken back, and the next mail is answered by its own answers."""
    packets: list[bytes] = []
    async with talking(packets) as carrier:
        refused = await carrier.send("a@acme.example", "nobody@acme.example", CONTENT, yes, ["archive@acme.example"])
        taken = await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)
    assert (refused.outcome, refused.bad_address, refused.words) == ("permanent", True, "550 5.1.1 no such user")
    assert taken.outcome == "accepted"
    assert b"RSET\r\n" in packets
    assert sum(packet.startswith(b"EHLO") for packet in packets) == 1


async def test_words_that_nobody_asked_for_answer_nothing() -> None:
    """A server that says goodbye behind an answer is left; the next mail gets a connection and answers of its own."""
    packets: list[bytes] = []
    async with talking(packets, last_words=b"421 4.3.2 going down\r\n") as carrier:
        for _ in range(2):
            assert (await carrier.send("a@acme.example", "b@customer.example", CONTENT, yes)).outcome == "accepted"
    assert sum(packet.startswith(b"EHLO") for packet in packets) == 2


@pytest.mark.parametrize(
    "address",
    ["b@c.example>\r\nRCPT TO:<x@evil.example", "b c@d.example", "b@c.example\x00", "b@\x0bc"],
)
def test_addresses_that_say_more_than_themselves(address: str) -> None:
    """They are refused before anything is sent."""
    with pytest.raises(ValueError, match="ddress"):
        bracketed(address)


@pytest.mark.parametrize("address", ["b@c.example", "财务@例子.广告", "o'hara+x=y@c.example", '"b c"@d.example'])
def test_addresses_travel_as_they_are(address: str) -> None:
    """Whatever is one mailbox."""
    assert bracketed(address) == f"<{address}>"
    assert bracketed(f"{address}> SIZE=1") == f"<{address}>"
