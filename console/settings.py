"""`tieout settings`: every setting with its value, its default and what it is for."""

from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

import typer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from rich.console import Console
from rich.table import Table

from console.speech import print_answer, say
from services.settings import Settings

SECRETS = frozenset({"slack_bot_token", "slack_app_token", "slack_signing_secret"})
"""Never shown; URLs are shown without their password."""

MASK = "••••"


def settings_command(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """List every setting: environment variable, value, default, meaning.

    Example: tieout settings
    """
    print_answer({"settings": listed(Settings())}, as_json=as_json, show=_show)


def listed(settings: Settings) -> list[dict[str, Any]]:
    """One row per setting, secrets masked."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        rows.append(
            {
                "name": str(field.validation_alias) if field.validation_alias else f"TIEOUT_{name.upper()}",
                "value": masked(name, value),
                "default": _default(field),
                "set": name in settings.model_fields_set,
                "description": field.description,
            }
        )
    return rows


def masked(name: str, value: object) -> object:
    """The value as it may be shown: no secret, no password in a URL."""
    if value is None or isinstance(value, bool | int):
        return value
    if name in SECRETS:
        return MASK
    text = str(value)
    parts = urlsplit(text)
    if parts.password:
        host = f"{parts.username}:{MASK}@{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        return urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
    return text


def _default(field: FieldInfo) -> object:
    value = field.get_default(call_default_factory=True)
    return None if value in {None, PydanticUndefined} else value if isinstance(value, bool | int) else str(value)


def _show(console: Console, answer: dict[str, Any]) -> None:
    table = Table(say("Setting"), say("Value"), say("Default"), say("Meaning"))
    for row in answer["settings"]:
        value, default = ("" if row[key] is None else str(row[key]) for key in ("value", "default"))
        table.add_row(row["name"], f"[bold]{value}[/bold]" if row["set"] else value, default, row["description"])
    console.print(table)
