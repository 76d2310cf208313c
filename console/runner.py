"""`tieout runner`: runs on this machine what a Prefect server of your own starts; any number of machines may."""

import os
import sys

from console.speech import command_language, fail
from flows.prefect_settings import prefect_environment
from services.settings import Settings
from words.refusal import Refusal


class PrefectUnset(Refusal):
    """A runner needs a Prefect server, a work pool and a database that other machines can reach."""

    code = "prefect_unset"
    sentence = "These settings are needed: {settings}."
    remedy = "See the handbook's page on many machines."


def runner_command() -> None:
    """Work the pool of a Prefect server of your own until SIGTERM.

    Example: TIEOUT_PREFECT_API_URL=http://prefect.internal:4200/api TIEOUT_PREFECT_WORK_POOL=tieout tieout runner
    """
    settings = Settings()
    needed = {
        "DATABASE_URL": settings.database_url,
        "TIEOUT_PREFECT_API_URL": settings.prefect_api_url,
        "TIEOUT_PREFECT_WORK_POOL": settings.prefect_work_pool,
    }
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        fail(PrefectUnset(settings=", ".join(missing)), command_language())
    folder = settings.home / "state" / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    values = {**settings.as_environment(), **prefect_environment(folder, str(settings.prefect_api_url))}
    os.chdir(folder.parent)  # Prefect's workers import from the current folder first
    os.execve(  # noqa: S606 - our own interpreter; Prefect reads its environment when it is imported
        sys.executable,
        [sys.executable, "-m", "flows.runner"],
        {**os.environ, **values, "DATABASE_URL": str(settings.database_url)},
    )
