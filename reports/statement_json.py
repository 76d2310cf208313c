"""The canonical content for people to download: the same data, indented."""

import json
from typing import Any

from ledger.canonical import canonical_json, sha256_hex


def render_json(content: dict[str, Any]) -> bytes:
    """`{"digest": …, "statement": …}`; the digest is over the canonical form of "statement", not over these bytes."""
    whole = {"digest": sha256_hex(canonical_json(content)), "statement": content}
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()
