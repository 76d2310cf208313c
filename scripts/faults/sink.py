"""The mail server of the fault trials: an archive file that is asked, and its share of faults."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from notifications.mail_catcher import CaughtMail, Faults

FAULT_SHARE = 0.03
"""Of RCPT answers, of DATA answers and of connections each."""

LATE_SHARE, LATE_SECONDS = 0.01, 0.6
"""Mails that the server takes longer to keep than a relay waits: they arrive all the same, before they are judged."""

GONE = "gone"
"""Addresses that begin so do not exist."""

SERVER_IDLE = 0.5
"""Seconds after which the server parts with a silent connection; the relays' quiet period is longer."""


@dataclass(slots=True)
class Sink:
    """The mail server's side: its archive file, and its share of faults."""

    archive: Path
    chance: random.Random
    done: Counter[str]
    calm: bool = False

    async def keep(self, mail: CaughtMail) -> None:
        """One line per mail, on disk before the 250."""
        if not self.calm and self.chance.random() < LATE_SHARE:
            self.done["answers later than a relay waits"] += 1
            await asyncio.sleep(LATE_SECONDS)
        with self.archive.open("a") as file:
            file.write(mail.message_id + "\n")

    def _now(self, what: str) -> bool:
        hit = not self.calm and self.chance.random() < FAULT_SHARE
        self.done[what] += hit
        return hit

    def faults(self) -> Faults:
        """Refusals for a while, and cuts before and after acceptance."""

        def cut(_mail: CaughtMail) -> str | None:
            if self._now("connections cut before acceptance"):
                return "before"
            return "after" if self._now("connections cut after acceptance") else None

        def on_recipient(address: str) -> str | None:
            if address.startswith(GONE):
                self.done["RCPT answered 550"] += 1
                return "550 5.1.1 no such user"
            return "450 4.2.0 later" if self._now("RCPT answered 450") else None

        return Faults(
            on_recipient=on_recipient,
            on_content=lambda _: "451 4.3.0 later" if self._now("DATA answered 451") else None,
            cut=cut,
        )
