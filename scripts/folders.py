"""Where databases live that nobody needs after a test or a trial."""

import shutil
import tempfile
from pathlib import Path

MEMORY, DISK = Path("/dev/shm"), Path("/tmp")  # noqa: S108 - each caller gets a folder of its own in it
"""A database of the house is twelve hundred files. ext4 looks past every name that was deleted in the last minutes
before it makes the next file: that took more than half of PostgreSQL's time in the tests."""

ENOUGH_BYTES = 8 * 2**30
"""Three servers with their logs and the largest imports use a quarter of it."""


def short_lived_folder(prefix: str, base: Path | None = None) -> Path:
    """A new folder that the database's own OS user can reach, in `base` or in memory where there is enough of it."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base or (MEMORY if roomy else DISK)))
    folder.chmod(0o755)
    return folder
