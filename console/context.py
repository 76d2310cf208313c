"""What every command needs: settings, a database that is there, one way to print, one way to fail."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from console.speech import PERSON_ERROR, fail
from services.settings import Settings
from storage.database import Database, engine_for
from storage.embedded import database_url, start_embedded
from storage.migrate import migrate
from words.refusal import Refusal

__all__ = ["PERSON_ERROR", "Context", "connected", "fail", "run_command"]


@dataclass(frozen=True, slots=True)
class Context:
    """A running command."""

    settings: Settings
    engine: Database
    url: str


@asynccontextmanager
async def connected(settings: Settings | None = None) -> AsyncIterator[Context]:
    """The database of the settings, at the newest schema; the embedded one is started when needed."""
    chosen = settings if settings is not None else Settings()
    url = chosen.database_url or database_url(await asyncio.to_thread(start_embedded, chosen.home))
    await asyncio.to_thread(migrate, url)
    engine = engine_for(url)
    try:
        yield Context(chosen, engine, url)
    finally:
        await engine.dispose()


def run_command(
    work: Callable[[Context], Coroutine[Any, Any, dict[str, Any]]],
    *,
    as_json: bool,
    show: Callable[[Console, dict[str, Any]], None],
) -> None:
    """Runs `work` and prints its answer: one JSON document, or what `show` draws for people."""
    settings = Settings()

    async def whole() -> dict[str, Any]:
        async with connected(settings) as context:
            return await work(context)

    try:
        answer = asyncio.run(whole())
    except Refusal as refusal:
        fail(refusal, settings.language)
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
    else:
        show(Console(), answer)
