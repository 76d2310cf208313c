"""Does what one view of a page asks for once, however often its form is sent."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from storage.database import Database, transaction
from storage.idempotency import FirstAnswer, first_answer, hold_key, keep_answer

DONE = 303
"""The page that follows is shown again instead."""


async def do_once(engine: Database, company_id: UUID, key: str, work: Callable[[], Awaitable[str]]) -> str:
    """The address to which the work leads; a second press, even one at the same time, only learns that address.

    Work that refuses is not done: the same form may be sent again. Without a key it is simply done.
    """
    if not key:
        return await work()
    async with transaction(engine, company_id) as session:
        await hold_key(session, company_id, key)
        earlier = await first_answer(session, company_id, key)
        if earlier is not None:
            return str(earlier.response["address"])
        address = await work()
        await keep_answer(session, company_id, key, FirstAnswer("", DONE, {"address": address}))
    return address
