"""Every setting of the house, from `TIEOUT_…` variables or `tieout.toml`; `tieout settings` lists them."""

import json
import os
from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

ROOT_HOME = Path("/var/lib/tieout")
"""As root the embedded PostgreSQL runs under an OS user of its own, which must reach the folder."""


def default_home() -> Path:
    """Where data lives unless TIEOUT_HOME says otherwise."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return ROOT_HOME
    return platformdirs.user_data_path("tieout")


class Settings(BaseSettings):
    """Names are the variables without `TIEOUT_`, in lower case."""

    model_config = SettingsConfigDict(env_prefix="TIEOUT_", toml_file="tieout.toml", extra="ignore")

    home: Path = Field(default_factory=default_home, description="Folder of the embedded database and of state.")
    database_url: str | None = Field(
        default=None, validation_alias="DATABASE_URL", description="PostgreSQL 15 or newer instead of the embedded one."
    )
    public_url: str = Field(default="http://127.0.0.1:8800", description="Address that links in messages start with.")
    language: str = Field(default="en", description="Language of the command line: en or zh.")
    smtp_url: str | None = Field(
        default=None, description="smtp://user:password@host:port (smtps:// for TLS); /dev/mail is on when empty."
    )
    smtp_connections: int = Field(default=8, description="Connections to the mail server at once.")
    mail_from: str = Field(default="accounts@tieout.example", description="Sender of statements and requests.")
    reply_to: str | None = Field(
        default=None, description="Mailbox for answers; each mail adds its own mark to it (name+mark@…)."
    )
    dkim_key: Path | None = Field(default=None, description="Private key file; mails are signed by DKIM with it.")
    dkim_selector: str = Field(default="tieout", description="DNS selector of that key.")
    archive_address: str | None = Field(
        default=None, description="Archive mailbox that gets a copy of each mail, asked after a crash."
    )
    archive_imap_url: str | None = Field(default=None, description="imaps://user:password@host of that mailbox.")
    reply_imap_url: str | None = Field(
        default=None,
        description="imaps://user:password@host/FOLDER of the mailbox for answers and bounces, read each minute.",
    )
    key_file: Path | None = Field(
        default=None,
        description="Keys that seal attachments, one `name base64` a line; made under TIEOUT_HOME if empty.",
    )
    slack_bot_token: str | None = Field(default=None, description="Bot token; /dev/chat is on when empty.")
    slack_app_token: str | None = Field(default=None, description="App token for Socket Mode.")
    slack_signing_secret: str | None = Field(default=None, description="Secret that signs Slack's callbacks.")
    slack_api_url: str = Field(default="https://slack.com/api/", description="Slack's address; tests set their own.")
    slack_channel: str = Field(default="#receivables", description="Channel for run and customer news.")
    prefect: bool = Field(default=True, description="Start a Prefect server and runner beside the system.")
    prefect_api_url: str | None = Field(default=None, description="A Prefect server of your own.")
    prefect_work_pool: str | None = Field(
        default=None, description="A work pool of that server, worked by `tieout runner` on each machine."
    )
    run_processes: int = Field(
        default=1, ge=1, description="Processes that Prefect starts for one period; they share its batches."
    )
    clock: str = Field(default="embedded", description="embedded (APScheduler) or prefect.")
    demo: bool = Field(default=False, description="The sample company's people may sign in with one click.")
    session_hours: int = Field(default=12, description="A signed-in session lasts this long.")
    quiet_period_seconds: int = Field(
        default=900, description="Wait before an ambiguous message is judged: a server's idle timeout + 10 minutes."
    )
    lease_seconds: int = Field(default=60, description="A relay holds a message this long before another may take it.")

    def as_environment(self) -> dict[str, str]:
        """The settings as variables for a process that runs where no `tieout.toml` is."""
        return {
            f"TIEOUT_{name.upper()}": value if isinstance(value, str) else json.dumps(value, default=str).strip('"')
            for name, value in self.model_dump().items()
            if value is not None and name != "database_url"
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then `tieout.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
