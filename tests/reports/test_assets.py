"""The locked packages of scripts, styles and fonts."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_lock_names_hashes_and_no_addresses() -> None:
    """Every registry mirror serves it; every package is checked."""
    text = (ROOT / "package-lock.json").read_text()
    assert not re.search(r"https?:|\bresolved\b", text)
    packages = json.loads(text)["packages"]
    assert all(one["integrity"].startswith("sha512-") for name, one in packages.items() if name)


def test_versions_are_exact() -> None:
    """An asset changes when we say so."""
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


def test_assets_are_assembled_with_their_licences() -> None:
    """What pages and documents load is there, and so is what its authors ask to be kept with it."""
    assets = ROOT / "assets"
    for name in ("js/htmx.min.js", "js/axe.min.js", "js/echarts.common.min.js", "css/pico.min.css"):
        assert (assets / name).stat().st_size > 10_000
    assert "SIL Open Font License" in (assets / "licences/noto-sans-sc-ofl.txt").read_text()
    assert {path.stem for path in (assets / "licences").iterdir()} >= {"htmx", "pico", "echarts", "axe-core"}
