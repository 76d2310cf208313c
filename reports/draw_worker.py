"""A process that draws one long statement, job on standard input, PDF on standard output, and ends."""

import json
import sys

from reports.statement_pdf import draw


def main() -> None:
    """Reads one job and writes one document."""
    job = json.load(sys.stdin.buffer)
    sys.stdout.buffer.write(draw(job["content"], job["language"], job["link"]))


if __name__ == "__main__":
    main()
