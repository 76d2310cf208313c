"""Kills, pauses and cuts relays while they send, and counts what came out.

Real PostgreSQL, a real SMTP server and our own small Slack in this process, the relays in forked children. The mail
server writes each Message-ID into a file before its 250: that file is the archive that is asked.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from notifications.failpoints import FAILPOINTS
from scripts.faults.lives import Death, Lives, any_moment, zygote
from scripts.faults.relay_child import PACE, relay
from scripts.faults.relay_count import NEVER_WITH_ARCHIVE, NEVER_WITHOUT, count_messages
from scripts.faults.relay_stage import STOCK, Left, RelayStage, relay_stage

RESTARTED = "PostgreSQL killed and restarted"

RARE = ("judge.", "slack.")
"""Failpoints to which a child comes only when there is such work, and no other child takes it first."""

AT_ONCE = 4
"""Relays that live beside each other: claims, leases and fences are there for them."""

NAMED_SHARE = 0.25
"""Of the kills at named failpoints; the others at any moment."""

PASSAGES = 2
"""A failpoint kills at its first or second passage."""

SHORTEST_LIFE = 0.002
"""Seconds: before the first connection."""

TYPICAL_LIFE = 0.3
"""Seconds that a process takes to send a message, before anybody knows how busy the machine is."""

CALM_IDLE = 0.2
"""Seconds between the looks of the last relay, which mostly waits for leases and quiet periods to end."""

LONG_LIVES = 1.5
"""Times the typical life: who has not come to the failpoint by then is killed where it is."""

MEMORY, PATIENCE = 0.9, 1.1
"""The typical life follows the last dozen that came to their failpoint; each that did not makes it longer by this."""

TELL_SECONDS = 10.0


@dataclass(slots=True)
class RelayTrial:
    """What is asked for, and what happened."""

    kills: int
    seed: int
    pauses: int = 0
    restarts: int = 0
    with_archive: bool = True
    done: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(FAILPOINTS, 0)))
    typical: float = TYPICAL_LIFE

    @property
    def killed(self) -> int:
        """However they died."""
        return self.done["killed at a failpoint"] + self.done["killed at any moment"]

    def holds(self, counts: dict[str, int]) -> bool:
        """Nothing that must not happen has happened."""
        return not any(counts[name] for name in (NEVER_WITH_ARCHIVE if self.with_archive else NEVER_WITHOUT))

    def takes_restart(self) -> bool:
        """Whether the next of the restarts, which are spread over the kills, is due; it counts as done."""
        done = self.done[RESTARTED]
        due = done < self.restarts and self.kills * done < self.killed * self.restarts
        self.done[RESTARTED] += due
        return due

    def next_death(self, chance: random.Random, left: Left) -> tuple[str | None, float]:
        """Where or when the next child dies: at the failpoint that killed the fewest, or at any moment of a life."""
        if chance.random() >= NAMED_SHARE:
            return None, any_moment(chance, SHORTEST_LIFE, self.typical * LONG_LIVES)
        point = min((point for point in FAILPOINTS if _has_work(point, left)), key=self.points.__getitem__)
        return f"{point}:{chance.randint(1, PASSAGES)}", self.typical * LONG_LIVES

    def note(self, point: str | None, death: Death) -> None:
        """Counts one death."""
        if not death.killed:
            self.done["ended by itself"] += 1
        elif death.at_failpoint:
            self.done["killed at a failpoint"] += 1
            self.points[str(point).partition(":")[0]] += 1
            self.typical = MEMORY * self.typical + (1 - MEMORY) * death.lived
        else:
            self.done["killed at any moment"] += 1
            self.typical *= PATIENCE if point is not None and not point.startswith(RARE) else 1.0


def _has_work(point: str, left: Left) -> bool:
    """Whether a child can come to this place now."""
    if not point.startswith(RARE):
        return True
    return bool(left.doubtful if point.startswith("judge") else left.chats)


async def run_relay_trial(
    trial: RelayTrial,
    url: str,
    folder: Path,
    *,
    restart: Callable[[], None] | None = None,
    tell: Callable[[str], None] = print,
) -> dict[str, int]:
    """Kills relays over messages that never run out, lets one finish, and counts: lost, repeated, unresolved."""
    chance = random.Random(trial.seed)  # noqa: S311 - a repeatable trial
    started = time.monotonic()
    stages = relay_stage(url, folder, chance, trial.done, with_archive=trial.with_archive)
    async with stages as stage:
        async with zygote("relay_child") as lives:
            await stage.queue(STOCK)
            await lives.warm(asdict(stage.place))
            async with _beside(stage.feed(), _watch(trial, tell)):
                kills = [_kill(trial, lives, stage, chance, restart) for _ in range(AT_ONCE)]
                await asyncio.gather(*kills, *(_pause(trial, lives, stage) for _ in range(trial.pauses)))
        storm = time.monotonic()
        stage.calm()
        await _finish(stage)
        counts = await count_messages(stage.engine, stage.sink, stage.queued, with_archive=trial.with_archive)
    ended = time.monotonic()
    return {**counts, "seconds of kills": round(storm - started), "seconds in all": round(ended - started)}


async def _kill(
    trial: RelayTrial, lives: Lives, stage: RelayStage, chance: random.Random, restart: Callable[[], None] | None
) -> None:
    while trial.killed < trial.kills:
        point, seconds = trial.next_death(chance, stage.left)
        trial.note(point, await lives.live(asdict(stage.place), seconds, point))
        if restart is not None and trial.takes_restart():
            await asyncio.to_thread(restart)


async def _pause(trial: RelayTrial, lives: Lives, stage: RelayStage) -> None:
    """A relay that stands still longer than lease and quiet period while others work, then wakes up."""
    await lives.live(asdict(stage.place), trial.typical, pause=PACE.lease + PACE.quiet + 1.0)
    trial.done["stopped past lease and quiet period"] += 1


async def _watch(trial: RelayTrial, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(TELL_SECONDS)
        tell(f"{trial.killed} of {trial.kills} killed, {trial.done[RESTARTED]} restarts, a life {trial.typical:.2f} s")


async def _finish(stage: RelayStage) -> None:
    """One relay that nobody disturbs, until nothing is left."""
    stop = asyncio.Event()
    relaying = asyncio.create_task(relay(stage.place, stop, idle=CALM_IDLE))
    await stage.settle_down()
    stop.set()
    await relaying


@asynccontextmanager
async def _beside(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Runs these for as long as the block; an error of theirs is the block's."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()
