"""New ids: UUIDv7, so that they sort by time and index well. The pure rooms get ids as arguments."""

import os
import time
from uuid import UUID

_RANDOM_BITS = 74
"""RFC 9562: 48 bits of milliseconds, 74 random bits around the version and variant marks."""


def new_id() -> UUID:
    """A fresh UUIDv7."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big") >> (80 - _RANDOM_BITS)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
