"""Fills the disk under PostgreSQL to the last byte, then frees it: what people are told, and how soon all goes on."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx

from api.app import create_app
from services.add_company import add_company
from services.add_user import add_user
from services.settings import Settings
from storage.database import engine_for

DISK = "256m"
"""A fresh server with our tables takes about half of it."""

BLOCK = 64 * 1024
RESUME_MOST = 30.0
"""Seconds after space has returned within which everything goes on."""

ORIGIN = "http://faults.example"
EMAIL, PASSWORD = "ann@faults.example", "a password of a trial"


class NoSmallDisk(RuntimeError):
    """This system lets us mount none: that takes an administrator and Linux."""


@contextmanager
def small_disk() -> Iterator[Path]:
    """A folder on a disk of its own that is soon full."""
    folder = tempfile.mkdtemp(prefix="tieout-disk-", dir="/tmp")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        raise NoSmallDisk(mounted.stderr.decode().strip())
    try:
        yield Path(folder)
    finally:
        subprocess.run(["umount", folder], check=True)
        Path(folder).rmdir()


def _fill(folder: Path) -> Path:
    """A file that takes all that is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                if file.write(bytes(BLOCK)) < BLOCK:
                    break
        except OSError:
            pass  # full
    return ballast


async def run_disk_trial(url: str, disk: Path) -> dict[str, int]:
    """Signs in on a full disk, then until it works again."""
    engine = engine_for(url)
    company = await add_company(engine, "FAULTS", "Fault Trading", "USD", "UTC")
    await add_user(engine, company, EMAIL, "Ann", frozenset({"clerk"}), password=PASSWORD)
    with tempfile.TemporaryDirectory(prefix="tieout-home-") as home:
        app = create_app(Settings(home=Path(home), public_url=ORIGIN), engine)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
            form = {"email": EMAIL, "password": PASSWORD}
            ballast = _fill(disk)
            refused = await client.post("/sign-in", data=form)
            read = await client.get("/sign-in")
            ballast.unlink()
            freed = time.monotonic()
            answer = refused
            while answer.status_code != HTTPStatus.SEE_OTHER and time.monotonic() < freed + RESUME_MOST:
                answer = await client.post("/sign-in", data=form)
    await engine.dispose()
    return {
        "status of a write on the full disk": refused.status_code,
        "its Retry-After": int(refused.headers.get("Retry-After", "0")),
        "status of a page meanwhile": read.status_code,
        "status of the write after space returned": answer.status_code,
        "milliseconds until then": round((time.monotonic() - freed) * 1_000),
    }


def disk_trial_holds(counts: dict[str, int]) -> bool:
    """Refused with 503 and Retry-After, and back within the time."""
    return (
        counts["status of a write on the full disk"] == HTTPStatus.SERVICE_UNAVAILABLE
        and counts["its Retry-After"] > 0
        and counts["status of a page meanwhile"] == HTTPStatus.OK
        and counts["status of the write after space returned"] == HTTPStatus.SEE_OTHER
    )
