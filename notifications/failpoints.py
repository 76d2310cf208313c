"""Named places where the fault tests kill the process, to prove that nothing is lost or sent twice there."""

import os
import signal
from collections import Counter

VARIABLE = "TIEOUT_FAILPOINT"
"""`name` or `name:n` = at the n-th pass. Nobody sets it outside tests; unset it costs one look-up."""

FAILPOINTS = (
    "outbox.claimed",
    "outbox.frozen",
    "smtp.connected",
    "smtp.recipients_taken",
    "outbox.data_committed",
    "smtp.answered",
    "outbox.before_settle",
    "outbox.settled",
    "slack.answered",
    "judge.claimed",
    "judge.asked",
    "judge.settled",
)
"""Every name that the code passes."""

_passes: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Ends this process at once, as a power cut would, when the environment asks for it here."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    point, _, number = wanted.partition(":")
    if point != name:
        return
    _passes[name] += 1
    if _passes[name] >= int(number or 1):
        os.kill(os.getpid(), signal.SIGKILL)
