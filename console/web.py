"""The API and the pages as a process of its own: `python -m console.web PORT`."""

import argparse

import uvicorn

from api.app import create_app
from flows.tether import die_with_supervisor
from services.settings import Settings
from storage.database import engine_for

KEEP_ALIVE_SECONDS = 5

GRACEFUL_SECONDS = 5
"""An answer that takes longer than this to finish is cut when the system ends."""


def main() -> None:
    """Serves until SIGTERM. The database must be at the newest schema already."""
    parser = argparse.ArgumentParser(prog="python -m console.web")
    parser.add_argument("port", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    given = parser.parse_args()
    die_with_supervisor()
    settings = Settings()
    if settings.database_url is None:
        parser.error("DATABASE_URL must be set: `tieout up` sets it")
    uvicorn.run(
        create_app(settings, engine_for(settings.database_url)),
        host=given.host,
        port=given.port,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()
