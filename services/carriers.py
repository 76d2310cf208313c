"""The carriers of one relay: SMTP connections, Slack, the archive to ask, and how long things take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from notifications.archive import Archive, imap_archive
from notifications.slack import SlackCarrier
from notifications.smtp import CONNECT_TIMEOUT, SmtpCarrier, SmtpServer, parse_smtp_url
from services.catch_message import catcher, caught_archive
from services.settings import Settings
from storage.claims import Pace
from storage.database import Database

LEASE_SHARE = 0.5
"""A call may take this part of a lease, so that its end is still fenced by the same lease."""

BATCH = 20
"""Messages under way at once, at least: an urgent one waits for at most these."""

A_CONNECTION, A_QUICK_CONNECTION = 4, 16
"""Messages under way for each connection: enough that none is ever idle, few enough that all fit into one lease; more
while they land quickly, because what is done for many together costs little more than for one."""

LOCAL_SLACK = "/dev/slack/api/"
"""Where our own small Slack listens when no workspace is set."""

LOCAL_TOKEN = "xoxb-local"  # noqa: S105 - our own small Slack takes any token


@dataclass(slots=True)
class Carriers:
    """What a relay sends through. `archive` is None when nobody can be asked whether a mail arrived."""

    smtp: SmtpCarrier
    slack: SlackCarrier
    archive: Archive | None
    pace: Pace
    copies: tuple[str, ...] = ()
    batch: int = BATCH
    batch_most: int = BATCH
    """The most that are under way at once while all land quickly."""
    down_until: float = 0.0
    """Monotonic seconds: until then the mail server is not tried again."""


def pace_of(settings: Settings) -> Pace:
    """Lease and quiet period of the settings; the rest by default."""
    return Pace(lease=settings.lease_seconds, quiet=settings.quiet_period_seconds)


@asynccontextmanager
async def open_carriers(engine: Database, settings: Settings, pace: Pace | None = None) -> AsyncIterator[Carriers]:
    """Carriers by the settings; without a mail server, a catcher of our own runs as long as they are open."""
    chosen = pace if pace is not None else pace_of(settings)
    timeout = min(CONNECT_TIMEOUT, chosen.lease * LEASE_SHARE)
    if settings.smtp_url is None:
        server = catcher(engine)
        target = SmtpServer("127.0.0.1", await server.start(), tls="none")
        try:
            async with _carriers(settings, chosen, SmtpCarrier(target, timeout), caught_archive(engine)) as carriers:
                yield carriers
        finally:
            await server.stop()
    else:
        archive = None
        if settings.archive_address is not None and settings.archive_imap_url is not None:
            archive = imap_archive(settings.archive_imap_url)
        smtp = SmtpCarrier(parse_smtp_url(settings.smtp_url), timeout, settings.smtp_connections)
        async with _carriers(settings, chosen, smtp, archive) as carriers:
            yield carriers


@asynccontextmanager
async def _carriers(
    settings: Settings, pace: Pace, smtp: SmtpCarrier, archive: Archive | None
) -> AsyncIterator[Carriers]:
    slack = SlackCarrier(slack_token(settings), slack_address(settings))
    copies = (settings.archive_address,) if settings.archive_address is not None else ()
    try:
        batch, most = (max(BATCH, smtp.connections * each) for each in (A_CONNECTION, A_QUICK_CONNECTION))
        yield Carriers(smtp, slack, archive, pace, copies, batch, most)
    finally:
        await smtp.close()


def slack_token(settings: Settings) -> str:
    """The workspace's bot token, or our own small Slack's."""
    return settings.slack_bot_token or LOCAL_TOKEN


def slack_address(settings: Settings) -> str:
    """Slack's address, or our own small Slack's when no workspace is set."""
    if settings.slack_bot_token is None:
        return settings.public_url.rstrip("/") + LOCAL_SLACK
    return settings.slack_api_url
