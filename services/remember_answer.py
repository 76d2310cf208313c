"""Answers a repeated API call with what the first was told, and refuses the same key for another question."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from services.decide_approval import KeyReused
from storage.database import Database, transaction
from storage.idempotency import FirstAnswer, first_answer, keep_answer


async def remember_answer(
    engine: Database, company_id: UUID, key: str, question: bytes, work: Callable[[], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """`work`'s answer, kept under the key. `work` is repeatable itself, so a crash between both repeats it safely."""
    digest = hashlib.sha256(question).hexdigest()
    async with transaction(engine, company_id) as session:
        known = await first_answer(session, company_id, key)
    if known is not None:
        if known.input_sha256 != digest:
            raise KeyReused
        return known.response
    answer: dict[str, Any] = json.loads(json.dumps(await work(), default=str))
    async with transaction(engine, company_id) as session:
        if not await keep_answer(session, company_id, key, FirstAnswer(digest, 200, answer)):
            return (await first_answer(session, company_id, key) or FirstAnswer(digest, 200, answer)).response
    return answer
