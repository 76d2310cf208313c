"""`make bench`: each part beside its peers and its limit, in one run, at growing sizes."""

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path

from scripts.bench.house import ROOT
from scripts.bench.measure import Comparison, Given
from scripts.bench.show import show, show_growth, write

PARTS = {
    "collect": "scripts.bench.collect",
    "workbooks": "scripts.bench.workbooks",
    "statements": "scripts.bench.statements",
    "documents": "scripts.bench.documents",
    "period": "scripts.bench.period",
    "workers": "scripts.bench.workers",
    "mail": "scripts.bench.mail",
    "match": "scripts.bench.match",
    "match-stored": "scripts.bench.match_stored",
    "decide": "scripts.bench.decide",
    "inbox": "scripts.bench.inbox",
    "chat": "scripts.bench.chat",
    "reconcile": "scripts.bench.reconcile",
}
"""Part → module with `bench(given: Given) -> Iterator[Comparison]`; a new part is a line here and that module."""


def main() -> None:
    """Parses the sizes, runs the parts asked for, and writes them down when asked to."""
    parser = argparse.ArgumentParser(description="Speed beside peers and limits, as ratios.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all unless given")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; medians are shown")
    parser.add_argument("--scales", type=float, nargs="+", default=[1, 10], help="times each part's own size")
    parser.add_argument("--no-peers", action="store_true", help="only ours and the limits")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    _keep_byte_code()
    for name in given.parts or PARTS:
        found = _run(name, Given(given.rounds, given.scales, not given.no_peers))
        if given.write:
            asked = sys.argv[1:] if given.parts else [name, *sys.argv[1:]]
            write(Path(ROOT, "docs/performance.md"), name, f'make bench ARGS="{" ".join(asked)}"', found)


def _keep_byte_code() -> None:
    """As users have it: compiling the libraries anew in every process would be most of a short command."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir(), "tieout-bench-byte-code")))


def _run(name: str, given: Given) -> list[Comparison]:
    found = []
    for comparison in importlib.import_module(PARTS[name]).bench(given):
        show(comparison)
        found.append(comparison)
    show_growth(found)
    return found


if __name__ == "__main__":
    main()
