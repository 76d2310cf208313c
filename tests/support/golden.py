"""Golden files: what a document said when someone last looked at it and agreed."""

from difflib import unified_diff
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "golden"


def assert_golden(config: pytest.Config, name: str, text: str) -> None:
    """Compares `text` with tests/golden/`name`; `--update-golden` writes it instead."""
    path = FOLDER / name
    if config.getoption("--update-golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    assert path.is_file(), f"{path} is missing: run make golden and look at it"
    expected = path.read_text(encoding="utf-8")
    difference = "".join(unified_diff(expected.splitlines(keepends=True), text.splitlines(keepends=True), name, "now"))
    assert text == expected, f"\n{difference}"
