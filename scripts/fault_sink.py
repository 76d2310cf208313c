"""The mail server of the fault trials: an archive file that is asked, and its share of faults."""

import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from notifications.mail_catcher import CaughtMail, Faults

FAULT_SHARE = 0.03
"""Of RCPT answers, of DATA answers and of connections each."""

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

        return Faults(
            on_recipient=lambda _: "450 4.2.0 later" if self._now("RCPT answered 450") else None,
            on_content=lambda _: "451 4.3.0 later" if self._now("DATA answered 451") else None,
            cut=cut,
        )
