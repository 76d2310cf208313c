"""Examines whether everything that the system needs is there, and says what to do about what is not."""

import asyncio
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from notifications.smtp import parse_smtp_url
from reports.fonts import FontsMissing, font_folder
from services.settings import Settings
from storage.backups import last_backup
from storage.companies import list_companies
from storage.database import Database, owner_transaction, transaction
from storage.health import DatabaseHealth, examine_database
from words.catalog import translate

OLDEST_SERVER = 15
"""PostgreSQL 15 is the oldest with what row-level security and `nulls not distinct` need here."""

LEAST_DISK = 1 << 30
"""A period of 50,000 customers writes several hundred megabytes."""

CLOCK_SECONDS = 5.0
"""Leases last a minute; clocks that differ by more than this make their times hard to read."""

BACKUP_HOURS = 26
"""A day and some slack for the nightly job."""

NETWORK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing looked at. `state` is ok, notice or fault; the sentences are English with {places}."""

    name: str
    state: str
    sentence: str
    remedy: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def as_json(self, language: str) -> dict[str, Any]:
        """The public form, in a person's language."""
        return {
            "name": self.name, "state": self.state, "message": translate(self.sentence, language, **self.values),
            "remedy": translate(self.remedy, language, **self.values) if self.remedy else "",
        }  # fmt: skip


async def examine_system(settings: Settings, url: str, engine: Database, assets: Path) -> list[Examined]:
    """Everything examined, in the order in which it matters."""
    health = await asyncio.to_thread(examine_database, url)
    found = list(_database(health))
    if isinstance(health, DatabaseHealth) and health.schema is not None:
        found += await _backups(engine)
    found += await asyncio.to_thread(lambda: [_mail(settings), _chat(settings), _disk(settings.home)])
    found.append(await _prefect(settings))
    found += await asyncio.to_thread(lambda: list(_assets(assets)))
    return found


def _database(health: DatabaseHealth | str) -> Iterator[Examined]:
    if isinstance(health, str):
        yield Examined(
            "database", "fault", "The database cannot be reached: {reason}",
            "Check DATABASE_URL, and that the server runs.", {"reason": health},
        )  # fmt: skip
        return
    values = {"version": health.version, "oldest": OLDEST_SERVER, "megabytes": health.size // (1 << 20)}
    if health.version < OLDEST_SERVER:
        remedy = "Use PostgreSQL {oldest} or newer."
        yield Examined("database", "fault", "The server is PostgreSQL {version}.", remedy, values)
    else:
        yield Examined("database", "ok", "PostgreSQL {version} answers, {megabytes} MB.", "", values)
    yield _schema(health)
    yield _row_security(health)
    yield _clock(health.now)
    yield from _left_lying(health)


def _schema(health: DatabaseHealth) -> Examined:
    values = {"schema": health.schema or "–", "newest": health.newest}
    if health.schema == health.newest:
        return Examined("migrations", "ok", "The schema is the newest, {newest}.", "", values)
    remedy = "Any tieout command brings it up to date; run one under the owner's account."
    return Examined("migrations", "fault", "The schema is {schema}; the newest is {newest}.", remedy, values)


def _row_security(health: DatabaseHealth) -> Examined:
    if health.role_bound and not health.unprotected:
        return Examined("row_security", "ok", "Row-level security keeps companies apart.")
    remedy = "Run the migrations again as the owner of the tables; do not go on before."
    return Examined(
        "row_security", "fault", "Row-level security is incomplete: {tables}", remedy,
        {"tables": ", ".join(health.unprotected) or "tieout_app"},
    )  # fmt: skip


def _clock(database_now: datetime) -> Examined:
    seconds = abs((datetime.now(UTC) - database_now).total_seconds())
    values = {"seconds": f"{seconds:.1f}"}
    if seconds <= CLOCK_SECONDS:
        return Examined("clock", "ok", "The clocks of this machine and the database agree.", "", values)
    remedy = "Switch time synchronisation on; the database's clock is the one that counts."
    return Examined("clock", "notice", "The clocks differ by {seconds} s.", remedy, values)


def _left_lying(health: DatabaseHealth) -> Iterator[Examined]:
    if health.failed_jobs:
        yield Examined(
            "jobs", "notice", "{count} jobs failed for good.", "See what they say: tieout run jobs --company …",
            {"count": health.failed_jobs},
        )  # fmt: skip
    if health.dead_messages:
        yield Examined(
            "outbox", "notice", "{count} messages could not be sent.",
            "See why and try again: tieout outbox list --company …", {"count": health.dead_messages},
        )  # fmt: skip


async def _backups(engine: Database) -> list[Examined]:
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    if not companies:
        return []
    async with transaction(engine, companies[0].id) as session:
        newest = await last_backup(session, companies[0].id)
    remedy = "Make one: tieout backup FILE"
    if newest is None:
        return [Examined("backup", "notice", "There is no backup yet.", remedy)]
    values = {"at": f"{newest.at:%Y-%m-%d %H:%M}", "path": newest.path}
    if datetime.now(UTC) - newest.at > timedelta(hours=BACKUP_HOURS):
        return [Examined("backup", "notice", "The last backup is of {at}.", remedy, values)]
    if newest.verified_at is None:
        remedy = "Prove it: tieout restore {path} --drill"
        return [Examined("backup", "notice", "The last backup, of {at}, was never restored.", remedy, values)]
    return [Examined("backup", "ok", "The last backup is of {at}, and was proved.", "", values)]


def _mail(settings: Settings) -> Examined:
    if settings.smtp_url is None:
        return Examined("mail", "notice", "No mail server is set: mail is caught at /dev/mail.", "Set TIEOUT_SMTP_URL.")
    server = parse_smtp_url(settings.smtp_url)
    values = {"host": server.host, "port": server.port}
    try:
        with socket.create_connection((server.host, server.port), NETWORK_SECONDS):
            return Examined("mail", "ok", "The mail server {host}:{port} answers.", "", values)
    except OSError:
        remedy = "Check TIEOUT_SMTP_URL and the network; messages wait in the outbox meanwhile."
        return Examined("mail", "fault", "The mail server {host}:{port} does not answer.", remedy, values)


def _chat(settings: Settings) -> Examined:
    if settings.slack_bot_token is None:
        return Examined(
            "chat", "notice", "No Slack is set: chat is caught at /dev/chat.", "Set TIEOUT_SLACK_BOT_TOKEN."
        )
    if settings.slack_app_token:
        return Examined("chat", "ok", "Slack is set, and listened to by Socket Mode.")
    if settings.slack_signing_secret is None:
        remedy = "Set TIEOUT_SLACK_APP_TOKEN for Socket Mode, or TIEOUT_SLACK_SIGNING_SECRET for HTTP."
        return Examined("chat", "fault", "Slack's buttons cannot be trusted without the signing secret.", remedy)
    return Examined("chat", "ok", "Slack is set.")


def _disk(home: Path) -> Examined:
    folder = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    values = {"folder": str(folder), "gigabytes": f"{free / (1 << 30):.1f}"}
    if free >= LEAST_DISK:
        return Examined("disk", "ok", "{gigabytes} GB are free under {folder}.", "", values)
    return Examined(
        "disk", "fault", "Only {gigabytes} GB are free under {folder}.", "Make room before a close.", values
    )


async def _prefect(settings: Settings) -> Examined:
    if settings.prefect_api_url is None:
        if settings.prefect:
            return Examined("prefect", "ok", "tieout up starts its own Prefect server.")
        return Examined("prefect", "notice", "Prefect is switched off; everything works without it.")
    values = {"address": settings.prefect_api_url}
    try:
        async with httpx.AsyncClient(timeout=NETWORK_SECONDS) as client:
            (await client.get(f"{settings.prefect_api_url}/health")).raise_for_status()
    except httpx.HTTPError:
        remedy = "Runs go on without it; start it, or check TIEOUT_PREFECT_API_URL."
        return Examined("prefect", "notice", "Prefect at {address} does not answer.", remedy, values)
    return Examined("prefect", "ok", "Prefect at {address} answers.", "", values)


def _assets(assets: Path) -> Iterator[Examined]:
    try:
        font_folder()
        yield Examined("fonts", "ok", "The fonts for statements are there.")
    except FontsMissing as missing:
        yield Examined("fonts", "fault", missing.sentence, missing.remedy, missing.values)
    if any(assets.rglob("htmx.min.js")):
        yield Examined("pages", "ok", "The scripts and styles of the pages are there.")
    else:
        yield Examined(
            "pages", "fault", "The scripts and styles of the pages are missing.", "Assemble them: make assets"
        )
