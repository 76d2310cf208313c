"""Decides on a request: one gate for web, link, chat and command line, one answer per key.

Clicks that reach a process at the same time share a transaction (group commit): the second waits for the first anyway,
in the audit trail's chain, and twenty statements are paid for once. Nobody waits for company: a click that comes alone
is decided alone.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from approvals.policy import ASSURANCE
from services.decide_alone import CommandUnknown, Decision, KeyReused, Outcome, Press, RequestUnknown, decide_alone
from services.decide_many import TOGETHER, Item, decide_items
from storage.database import Database
from words.refusal import Refusal

__all__ = ["CommandUnknown", "KeyReused", "Outcome", "RequestUnknown", "decide"]

GROUPED = frozenset({"approve", "reject", "return"})
"""Commands that may share a transaction; the rare others do not."""


_Click = tuple[Item, asyncio.Future[Outcome | Refusal]]


@dataclass(slots=True)
class _Group:
    """Clicks of one company that wait for the transaction under way to end."""

    waiting: list[_Click] = field(default_factory=list)
    under_way: list[_Click] = field(default_factory=list)
    worker: asyncio.Task[None] | None = None


_groups: WeakKeyDictionary[Database, dict[UUID, _Group]] = WeakKeyDictionary()


async def decide(  # noqa: PLR0913 - everything that was on the screen comes back with the click
    engine: Database,
    company_id: UUID,
    request_id: UUID,
    command: str,
    *,
    actor_id: UUID,
    authority_id: UUID | None = None,
    round: int,  # noqa: A002 - the trade's word
    stage: int,
    digest: str,
    comment: str = "",
    key: str,
    channel: str = "web",
    assurance: str = "session",
    details: Mapping[str, Any] | None = None,
) -> Outcome:
    """Carries out the command or raises its refusal, which has then written nothing.

    Without `authority_id` the actor decides as himself or, where only that fits, for the first principal who does.
    `details`: forward {"to"}, ask_opinion {"of", "question"}, add_sign {"seat", "where"}, remove_sign {"stage",
    "sign"}, rescue {"candidates"}.
    """
    press = Press(command, actor_id, comment, channel, assurance, bulk=False, details=details or {})
    decision = Decision(request_id, authority_id, round, stage, digest, key)
    if command not in GROUPED or assurance not in ASSURANCE or details:
        return await decide_alone(engine, company_id, press, decision)
    group = _groups.setdefault(engine, {}).setdefault(company_id, _Group())
    answer: asyncio.Future[Outcome | Refusal] = asyncio.get_running_loop().create_future()
    group.waiting.append(((press, decision), answer))
    if group.worker is None or group.worker.done():
        # A task of its own: whoever came first may go away, and the others must not wait for ever.
        group.worker = asyncio.create_task(_work(engine, company_id, group))
        group.worker.add_done_callback(lambda task: _ended(task, group))
    result = await answer
    if isinstance(result, Refusal):
        raise result
    return result


async def _work(engine: Database, company_id: UUID, group: _Group) -> None:
    """Decides whatever waits, and what comes meanwhile, until nothing does."""
    while group.waiting:
        group.under_way, group.waiting = group.waiting[:TOGETHER], group.waiting[TOGETHER:]
        results = await decide_items(engine, company_id, [item for item, _ in group.under_way])
        for (_, answer), result in zip(group.under_way, results, strict=True):
            if not answer.done():
                answer.set_result(result)
        group.under_way = []


def _ended(worker: asyncio.Task[None], group: _Group) -> None:
    """After a failure of ours: tells those whose transaction it was, and those behind them, who may press again."""
    if not worker.cancelled() and worker.exception() is None:
        return
    error = asyncio.CancelledError() if worker.cancelled() else worker.exception()
    assert error is not None  # noqa: S101 - returned above
    failed = [*group.under_way, *group.waiting]
    group.under_way, group.waiting = [], []
    for _, answer in failed:
        if not answer.done():
            answer.set_exception(error)
