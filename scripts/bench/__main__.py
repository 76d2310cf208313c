"""`make bench`: each part beside its peers and its limit, in one run."""

import argparse

from scripts.bench.collect import bench_collect
from scripts.bench.documents import bench_documents
from scripts.bench.house import bench_house

PARTS = ("collect", "documents")


def main() -> None:
    """Parses the sizes and runs the parts asked for."""
    parser = argparse.ArgumentParser(description="Speed beside peers and limits, as ratios.")
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)}")
    parser.add_argument("--lines", type=int, default=1_000_000, help="ledger lines for collect")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; medians are shown")
    given = parser.parse_args()
    if "documents" in given.parts:
        bench_documents(given.rounds)
    if "collect" in given.parts:
        with bench_house() as bench:
            bench_collect(bench, given.lines, given.rounds)


if __name__ == "__main__":
    main()
