"""A mail server that takes everything at once, and answers one domain's recipients ten seconds late."""

import asyncio
import sys

LATE_SECONDS = 10.0


class Sink(asyncio.Protocol):
    """Line by line as far as a client needs; content is thrown away."""

    slow = ""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.in_content = False
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - a TCP server's
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Takes what comes."""
        self.buffer += data
        while True:
            end = b"\r\n.\r\n" if self.in_content else b"\r\n"
            found = self.buffer.find(end)
            if found < 0:
                if self.in_content and len(self.buffer) > len(end):
                    del self.buffer[: -len(end)]
                return
            line = bytes(self.buffer[:found])
            del self.buffer[: found + len(end)]
            self._answer(line)

    def _answer(self, line: bytes) -> None:
        assert self.transport is not None  # noqa: S101 - connected
        verb = line[:4].upper()
        if self.in_content:
            self.in_content = False
        elif verb == b"DATA":
            self.in_content = True
            self.transport.write(b"354 go\r\n")
            return
        elif verb == b"RCPT" and self.slow and self.slow.encode() in line:
            asyncio.get_running_loop().call_later(LATE_SECONDS, self.transport.write, b"250 at last\r\n")
            return
        self.transport.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")


async def _serve(slow: str) -> None:
    Sink.slow = slow
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def run_sink(slow: str) -> None:
    """Says its port and serves until it is ended."""
    asyncio.run(_serve(slow))


if __name__ == "__main__":
    run_sink(sys.argv[1] if len(sys.argv) > 1 else "")
