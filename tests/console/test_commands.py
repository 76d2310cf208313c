"""What the commands of this room print: one JSON document on request, refusals with a remedy, no secret ever."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.main import app
from console.settings import MASK, masked
from console.speech import command_language
from services.settings import Settings

RUNNER = CliRunner()
_TIEOUT = "from console.start import main; main()"


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch, database: str, tmp_path: Path) -> None:
    """The commands work on the test's database and in a home of their own."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    command_language.cache_clear()


def _json(*arguments: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def _refused(*arguments: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*arguments, "--json"])
    assert result.exit_code == 2
    error: dict[str, Any] = json.loads(result.stderr)["error"]
    assert error["remedy"]
    return error


def test_a_close_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty company closes at once; repeated, it says that nothing was sent again, in the person's language."""
    _json("company", "add", "ACME", "--name", "Acme", "--currency", "CNY", "--timezone", "Asia/Shanghai")
    answer = _json("run", "close", "--company", "ACME", "--period", "2026-01")
    assert (answer["stage"], answer["new"], answer["continued"]) == (
        "closed", {"statements": 0, "sent": 0, "stages": 6}, False,
    )  # fmt: skip
    monkeypatch.setenv("TIEOUT_LANGUAGE", "zh")
    command_language.cache_clear()
    again = RUNNER.invoke(app, ["run", "close", "--company", "ACME", "--period", "2026-01"])
    assert "没有重复发送" in again.stdout
    assert _json("run", "list", "--company", "ACME")["runs"][0]["run_id"] == answer["run_id"]
    assert _json("run", "show", answer["run_id"], "--company", "ACME")["period"] == "2026-01"
    assert _json("run", "jobs", "--company", "ACME") == {"jobs": []}


def test_a_person_s_mistakes_are_refused_with_a_remedy(tmp_path: Path) -> None:
    """Each with its code and exit status 2."""
    _json("company", "add", "ACME", "--name", "Acme", "--currency", "CNY", "--timezone", "Asia/Shanghai")
    assert _refused("run", "close", "--company", "NOBODY", "--period", "2026-01")["code"] == "company_unknown"
    assert _refused("run", "close", "--company", "ACME", "--period", "June")["code"] == "period_invalid"
    assert _refused("run", "close", "--company", "ACME", "--period", "2026-01", "--form", "X")["code"] == "form_unknown"
    assert _refused("run", "close", "--company", "ACME", "--period", "2199-01")["code"] == "period_not_over"
    assert _refused("restore", str(tmp_path / "missing.dump"))["code"] == "backup_missing"
    assert _refused("backup", str(tmp_path / "no" / "folder.dump"))["code"] == "folder_missing"


def test_backup_and_drill(tmp_path: Path) -> None:
    """The drill of the file that was just made holds."""
    _json("company", "add", "ACME", "--name", "Acme", "--currency", "CNY", "--timezone", "Asia/Shanghai")
    made = _json("backup", str(tmp_path / "one.dump"))
    drill = _json("restore", str(tmp_path / "one.dump"), "--drill")
    assert (drill["sha256"], drill["drill"]) == (made["sha256"], True)


def test_doctor_examines_everything() -> None:
    """On a migrated database nothing of the database is at fault; every sentence has its Chinese."""
    result = RUNNER.invoke(app, ["doctor", "--json"])
    answer = json.loads(result.stdout)
    states = {one["name"]: one["state"] for one in answer["examined"]}
    assert {
        name: states[name] for name in ("database", "migrations", "row_security", "clock", "disk")
    } == dict.fromkeys(("database", "migrations", "row_security", "clock", "disk"), "ok")
    assert {"mail", "chat", "prefect", "fonts", "pages"} <= set(states)
    assert result.exit_code == (2 if answer["faults"] else 0)


def test_doctor_says_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable server is a fault with a remedy, not a traceback."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/tieout")
    result = RUNNER.invoke(app, ["doctor", "--json"])
    assert result.exit_code == 2
    first = json.loads(result.stdout)["examined"][0]
    assert (first["name"], first["state"]) == ("database", "fault")
    assert first["remedy"]


def test_settings_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting is listed with its meaning; tokens and passwords are not."""
    monkeypatch.setenv("TIEOUT_SLACK_BOT_TOKEN", "xoxb-very-secret")
    monkeypatch.setenv("TIEOUT_SMTP_URL", "smtps://me:very-secret@mail.example:465")
    result = RUNNER.invoke(app, ["settings", "--json"])
    assert "very-secret" not in result.stdout
    rows = {row["name"]: row for row in json.loads(result.stdout)["settings"]}
    assert len(rows) == len(Settings.model_fields)
    assert all(row["description"] for row in rows.values())
    assert rows["TIEOUT_SLACK_BOT_TOKEN"]["value"] == MASK
    assert rows["TIEOUT_SMTP_URL"]["value"] == f"smtps://me:{MASK}@mail.example:465"
    assert masked("smtp_url", "smtp://mail.example") == "smtp://mail.example"


def test_our_own_error_is_one_line_with_a_file_to_send(tmp_path: Path) -> None:
    """Exit status 1, JSON on stderr, and the traceback where it can be found; nothing of it on the screen."""
    blocked = tmp_path / "a file"
    blocked.write_text("")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    result = subprocess.run(
        [sys.executable, "-c", _TIEOUT, "balance", "--company", "X", "--as-of", "2026-01-01"],
        capture_output=True, text=True, check=False, env={**environment, "TIEOUT_HOME": str(blocked / "home")},
    )  # fmt: skip
    error = json.loads(result.stderr.splitlines()[-1])["error"]
    assert (result.returncode, error["code"]) == (1, "internal_error")
    details = Path(error["remedy"].split("the file ")[1].rstrip("."))
    assert "Traceback" in details.read_text()
    assert "Traceback" not in result.stderr
    details.unlink()


def test_a_database_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which address to look at, not a traceback."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x")
    assert _refused("balance", "--company", "X", "--as-of", "2026-01-01")["code"] == "database_unreachable"
