"""The mail server of the fault trials: an archive file that is asked, and its share of faults."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path

from notifications.mail_catcher import CaughtMail, Faults

FAULT_SHARE = 0.03
"""Of RCPT answers, of DATA answers and of connections each."""

LATE_SHARE, LATE_SECONDS = 0.01, 1.3
"""Mails that the server takes longer to keep than a relay waits: they arrive all the same, before they are judged."""

TARPIT, TARPIT_SECONDS = "tarpit.example", 0.4
"""This domain's server answers late, though not too late."""

GONE, REFUSED = "gone", "refused"
"""Addresses that begin so do not exist, or take no content from us: RCPT 550, DATA 554."""

SERVER_IDLE = 1.2
"""Seconds after which the server parts with a silent connection; the relays' quiet period is longer."""

_headers = BytesHeaderParser(policy=default)


@dataclass(slots=True)
class Sink:
    """The mail server's side: its archive file, and its share of faults. `taken` = Message-ID to when it was kept."""

    archive: Path
    chance: random.Random
    done: Counter[str]
    calm: bool = False
    taken: dict[str, list[float]] = field(default_factory=dict)

    async def keep(self, mail: CaughtMail) -> None:
        """One line per mail, on disk before the 250."""
        if mail.recipients[0].endswith(TARPIT):
            self.done["mails into the tarpit"] += 1
            await asyncio.sleep(TARPIT_SECONDS)
        if not self.calm and self.chance.random() < LATE_SHARE:
            self.done["answers later than a relay waits"] += 1
            await asyncio.sleep(LATE_SECONDS)
        message_id = str(_headers.parsebytes(mail.content)["Message-ID"])
        self.taken.setdefault(message_id, []).append(time.monotonic())
        with self.archive.open("a") as file:
            file.write(message_id + "\n")

    def _now(self, what: str) -> bool:
        hit = not self.calm and self.chance.random() < FAULT_SHARE
        self.done[what] += hit
        return hit

    def faults(self) -> Faults:
        """Refusals for a while and for good, and cuts before and after acceptance."""

        def cut(_mail: CaughtMail) -> str | None:
            if self._now("connections cut before acceptance"):
                return "before"
            return "after" if self._now("connections cut after acceptance (lost 250)") else None

        def on_recipient(address: str) -> str | None:
            if address.startswith(GONE):
                self.done["RCPT answered 550"] += 1
                return "550 5.1.1 no such user"
            return "450 4.2.0 later" if self._now("RCPT answered 450") else None

        def on_content(mail: CaughtMail) -> str | None:
            if mail.recipients[0].startswith(REFUSED):
                self.done["DATA answered 554"] += 1
                return "554 5.7.1 not from you"
            return "451 4.3.0 later" if self._now("DATA answered 451") else None

        return Faults(on_recipient=on_recipient, on_content=on_content, cut=cut)
