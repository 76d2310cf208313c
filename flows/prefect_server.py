"""The embedded Prefect server as a child process: its own SQLite file, no analytics, our loopback port.

Prefect only shows and starts; no state that users see is read from it.
"""

import sys

import uvicorn
from prefect.server.api.server import create_app

from flows.tether import die_with_supervisor

KEEP_ALIVE_SECONDS = 5


def main() -> None:
    """`python -m flows.prefect_server PORT`."""
    die_with_supervisor()
    uvicorn.run(
        create_app(final=True),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
