"""Stands between a program and its PostgreSQL: cuts every n-th call, and swallows the answers of some commits.

Speaks nothing itself; it reads the protocol only far enough to see where a call ends and which one is a commit.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

EVERY = 37
"""A prime, so that the cut wanders through all calls of a transaction."""

SWALLOWED_SHARE = 0.05
"""Of commits: done, but the caller hears nothing."""

CALL_ENDS, COMMIT = b"QS", b"COMMIT\x00"
"""A simple query, and the end of a prepared one; what a driver sends to commit."""

READ_BYTES = 65_536


@dataclass(slots=True)
class Liar:
    """One lying address in front of one database."""

    url: str
    chance: random.Random
    done: Counter[str]
    every: int = EVERY
    silent: float = SWALLOWED_SHARE
    calm: bool = False

    async def start(self) -> tuple[asyncio.Server, str]:
        """The listening server and the URL by which a program reaches the database through it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        parts = urlsplit(self.url)
        port = server.sockets[0].getsockname()[1]
        return server, f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable&gssencmode=disable"

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        socket = Path(parse_qs(urlsplit(self.url).query)["host"][0]) / ".s.PGSQL.5432"
        server, to_server = await asyncio.open_unix_connection(socket)
        swallow = asyncio.Event()
        answers = asyncio.create_task(_hand_back(server, to_client, swallow))
        try:
            await self._hand_on(client, to_server, swallow)
            if swallow.is_set():
                await answers
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # one of the two has gone, or the trial is over
        finally:
            answers.cancel()
            to_server.close()
            to_client.close()

    async def _hand_on(
        self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, swallow: asyncio.Event
    ) -> None:
        """Until a call is cut, or a commit's answer is to be swallowed."""
        to_server.write(await _message(client, b""))
        call = b""
        while True:
            kind = await client.readexactly(1)
            call += await _message(client, kind)
            if kind not in CALL_ENDS:
                continue
            if not self.calm and self._cuts():
                return
            if not self.calm and call.endswith(COMMIT) and self.chance.random() < self.silent:
                self.done["commits done, their answers swallowed"] += 1
                swallow.set()
                to_server.write(call)
                return
            to_server.write(call)
            await to_server.drain()
            call = b""

    def _cuts(self) -> bool:
        self.done["calls to PostgreSQL"] += 1
        cuts = self.done["calls to PostgreSQL"] % self.every == 0
        self.done["calls cut before they arrived"] += cuts
        return cuts


async def _message(client: asyncio.StreamReader, kind: bytes) -> bytes:
    """One message of the protocol: its kind, its length with these four bytes, its content."""
    size = await client.readexactly(4)
    return kind + size + await client.readexactly(int.from_bytes(size) - 4)


async def _hand_back(server: asyncio.StreamReader, to_client: asyncio.StreamWriter, swallow: asyncio.Event) -> None:
    """The server's answers; the one that is to be swallowed ends it."""
    while data := await server.read(READ_BYTES):
        if swallow.is_set():
            return
        to_client.write(data)
        await to_client.drain()
