"""`tieout chat`: listens to Slack by Socket Mode; any number may run, also beside the HTTP addresses."""

import asyncio
import logging
import signal
import sys

from console.context import connected, fail
from flows.tether import die_with_supervisor
from services.answer_chat import slack_app
from services.settings import Settings
from words.refusal import Refusal


class AppTokenMissing(Refusal):
    """Socket Mode needs a token of its own."""

    code = "app_token_missing"
    sentence = "No app-level token is set, so there is nothing to listen to."
    remedy = "Make one with connections:write in Slack's app settings and set TIEOUT_SLACK_APP_TOKEN (xapp-…)."


def chat_command() -> None:
    """Listen to Slack by Socket Mode until SIGTERM; `tieout up` does it by itself.

    Example: TIEOUT_SLACK_APP_TOKEN=xapp-… DATABASE_URL=postgresql://… tieout chat
    """
    settings = Settings()
    if not settings.slack_app_token:
        fail(AppTokenMissing(), settings.language)
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    die_with_supervisor()
    asyncio.run(_listen(settings))


async def _listen(settings: Settings) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    async with connected(settings) as context:
        await slack_app(context.engine, settings).listen(ending)


if __name__ == "__main__":
    chat_command()
