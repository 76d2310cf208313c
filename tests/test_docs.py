"""The handbook is whole: what the code offers is named in both languages, links lead somewhere, examples would run."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from fastapi.routing import APIRoute
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from api.app import create_app
from approvals.policy import parse_policy
from connectors.findings import RULES
from connectors.profiles import FIELDS, ROOT_KEYS
from console.commands import command_line
from services.settings import Settings
from statements.compliance import CHECKS
from statements.lifecycle import TABLE
from storage.database import engine_for

ROOT = Path(__file__).resolve().parent.parent
HANDBOOK = ROOT / "docs" / "handbook"
LANGUAGES = ("en", "zh")
MADE_BY_PROGRAMS = ("/dev/slack/", "/assets", "/static")
"""Addresses of our own small Slack and of files: nobody reads about them."""

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
"""Never connected to: only the routes are read."""


def _pages(language: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((HANDBOOK / language).glob("*.md"))}


def _whole(language: str) -> str:
    return "\n".join(_pages(language).values())


def _commands(group: TyperGroup, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    for name, below in group.commands.items():
        if isinstance(below, TyperGroup):
            yield from _commands(below, (*words, name))
        else:
            assert isinstance(below, TyperCommand)
            yield (*words, name), below


@cache
def _known() -> dict[tuple[str, ...], TyperCommand]:
    root = typer.main.get_command(command_line())
    assert isinstance(root, TyperGroup)
    return dict(_commands(root))


def _addresses() -> list[str]:
    app = create_app(Settings(), engine_for(NOWHERE))
    paths = {route.path for route in app.routes if isinstance(route, APIRoute)}
    own = [path for path in paths if path != "/" and not path.startswith(MADE_BY_PROGRAMS)]
    return sorted({path if path.startswith("/api/") else path.partition("{")[0].rstrip("/") for path in own})


def _markdown() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True,
                            text=True, check=True).stdout  # fmt: skip
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).exists()]


def _examples() -> list[str]:
    files = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted(HANDBOOK.rglob("*.md"))]
    lines = [line.strip().removeprefix("$ ") for path in files for line in path.read_text().splitlines()]
    return sorted({line for line in lines if line.startswith("tieout ")})


def test_both_languages_have_the_same_pages_and_headings() -> None:
    """Equal worth: as many sections, and as many rows in the tables."""
    english, chinese = _pages("en"), _pages("zh")
    assert list(english) == list(chinese)
    for name, text in english.items():
        for mark in ("#", "##", "|"):
            pattern = rf"^{re.escape(mark)}(?= )"
            counts = [len(re.findall(pattern, page, re.MULTILINE)) for page in (text, chinese[name])]
            assert counts[0] == counts[1], f"{name}: {mark} {counts}"
        assert name in (HANDBOOK / "README.md").read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_named(language: str) -> None:
    """Settings, commands, addresses, messages, checks, findings, transitions, profile keys."""
    text = _whole(language)
    settings = [field.validation_alias or f"TIEOUT_{name.upper()}" for name, field in Settings.model_fields.items()]
    messages = [path.name for path in (ROOT / "notifications" / "templates").iterdir() if path.is_dir()]
    wanted = [
        *map(str, settings), *(" ".join(("tieout", *words)) for words in _known()), *messages,
        *(f"`{name}`" for name in CHECKS), *(f"`{code}`" for code in RULES), *(f"`{name}`" for name in FIELDS),
    ]  # fmt: skip
    assert [name for name in wanted if name not in text] == []
    assert [key for key in ROOT_KEYS if f"`{key}`" not in text and f"[{key}]" not in text] == []
    addresses = re.sub(r"[`…),、，。]", " ", text)
    assert [path for path in _addresses() if not re.search(rf"(?<![\w/]){re.escape(path)}(?![\w-])", addresses)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_transition_is_told(language: str) -> None:
    """A row for each status, with each of its commands and where it leads."""
    rows = {
        match[1]: match[0]
        for match in re.finditer(
            r"^\| `(\w+)`[^|]*\|.*→.*$", (HANDBOOK / language / "statements-and-the-gate.md").read_text(), re.MULTILINE
        )
    }
    for step in TABLE:
        told = rows[step.state.value].split(f"`{step.command}`", 1)
        assert len(told) == 2, f"{step.state} {step.command}"
        leads = re.search(r"→ `(\w+)`", told[1])
        assert leads is not None
        assert leads[1] == step.to.value


def test_links_lead_somewhere() -> None:
    """Relative links of every page, pictures included."""
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in _markdown()
        for target in re.findall(r"\]\(([^)#\s]+)", re.sub(r"`[^`]*`", "", path.read_text()))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert broken == []


def _wrong(line: str) -> str:
    """Why the command line would not be understood, or nothing."""
    words = shlex.split(line, comments=True)[1:]
    if ">" in words:
        words = words[: words.index(">")]
    name = next((tuple(words[:size]) for size in (2, 1) if tuple(words[:size]) in _known()), None)
    if name is None:
        return "there is no such command"
    command = _known()[name]
    context = command.make_context(" ".join(name), [], resilient_parsing=True)
    try:
        values, left, _order = command.make_parser(context).parse_args(words[len(name) :])
    except TyperException as error:
        return str(error) or type(error).__name__
    missing = [
        parameter.name
        for parameter in command.params
        if parameter.required and parameter.name not in values and getattr(parameter, "prompt", None) is None
    ]
    return " ".join(map(str, [*left, *missing]))


def test_examples_name_commands_and_options_that_exist() -> None:
    """Parsed by the command itself, with everything but running it."""
    lines = _examples()
    assert len(lines) > len(_known())
    assert {line: _wrong(line) for line in lines if _wrong(line)} == {}


@pytest.mark.parametrize("line", ["tieout vanish", "tieout tie --peroid 2026-06", "tieout tie --period 2026-06"])
def test_an_example_that_would_not_run_is_found(line: str) -> None:
    """An unknown command, a misspelt option, an option left out."""
    assert _wrong(line)


def test_policies_in_the_handbook_are_policies() -> None:
    """Whoever copies one gets what the page says."""
    for path in sorted(HANDBOOK.rglob("*.md")):
        for body in re.findall(r"```json\n(.*?)```", path.read_text(), re.DOTALL):
            parse_policy(json.loads(body))
