"""`tieout chat`: listens to Slack by Socket Mode; any number may run, also beside the HTTP addresses."""

import asyncio
import logging
import signal
import sys

from console.context import connected, fail
from flows.tether import die_with_supervisor
from notifications.chat_callback import Callback, Heard
from notifications.slack_socket import SlackSocket
from services.answer_chat import answer_chat
from services.carriers import slack_address
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
    asyncio.run(_listen(settings, settings.slack_app_token))


async def _listen(settings: Settings, app_token: str) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    async with connected(settings) as context:

        async def take(callback: Callback) -> Heard:
            return await answer_chat(context.engine, settings, callback)

        await SlackSocket(app_token, slack_address(settings), take).listen(ending)


if __name__ == "__main__":
    chat_command()
