"""A small IMAP server for tests: one user, one folder, the commands that a poll and an archive question use."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Mail:
    """One mail in the folder."""

    uid: int
    content: bytes
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ImapServer:
    """Speaks IMAP4rev1 as far as needed; `keywords` = it keeps flags that clients make up."""

    keywords: bool = True
    mails: list[Mail] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listens; answers the address that a client is given."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"imap://answers:s%40cret@127.0.0.1:{self._server.sockets[0].getsockname()[1]}/INBOX"

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()

    def deliver(self, content: bytes) -> None:
        """Puts a mail into the folder."""
        self.mails.append(Mail(len(self.mails) + 1, content))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4REV1 ID] ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            self.said.append(command)
            verb = command.upper().split(" ")[0]
            writer.write(self._answer(verb, command))
            writer.write(f"{tag} {self._status(verb, command)} done\r\n".encode())
            await writer.drain()
            if verb == "LOGOUT":
                break
        writer.close()

    def _status(self, verb: str, command: str) -> str:
        return "NO" if verb == "LOGIN" and "s@cret" not in command else "OK"

    def _answer(self, verb: str, command: str) -> bytes:
        if verb == "CAPABILITY":
            return b"* CAPABILITY IMAP4REV1 ID\r\n"
        if verb in {"SELECT", "EXAMINE"}:
            kept = " \\*" if self.keywords else ""
            return f"* {len(self.mails)} EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen{kept})] kept\r\n".encode()
        if verb == "LOGOUT":
            return b"* BYE\r\n"
        if verb == "SEARCH":
            wanted = command.rpartition('Message-ID "')[2].rstrip('"').encode()
            found = [str(mail.uid) for mail in self.mails if b"Message-ID: " + wanted in mail.content]
            return ("* SEARCH " + " ".join(found) + "\r\n").encode()
        return self._uid(command) if verb == "UID" else b""

    def _uid(self, command: str) -> bytes:
        words = command.split(" ")
        verb = words[1].upper()
        if verb == "SEARCH":
            found = [mail.uid for mail in self.mails if self._matches(mail, words[2:])]
            return ("* SEARCH " + " ".join(map(str, found)) + "\r\n").encode()
        chosen = [mail for mail in self.mails if str(mail.uid) in words[2].split(",")]
        if verb == "STORE":
            for mail in chosen:
                mail.flags |= set(command.partition("(")[2].rstrip(")").split())
            return b""
        answers = b""
        for mail in chosen:
            head = f"* {mail.uid} FETCH (UID {mail.uid} BODY[]<0> {{{len(mail.content)}}}\r\n".encode()
            answers += head + mail.content + b")\r\n"
        return answers

    def _matches(self, mail: Mail, words: list[str]) -> bool:
        if words[0] == "UNKEYWORD":
            return words[1] not in mail.flags
        return "\\Seen" not in mail.flags
