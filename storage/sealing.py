"""Seals bytes at rest: AES-256-GCM under a named key, bound to the row that holds them."""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
"""AES-256."""

NONCE_BYTES = 12
"""The size that GCM is made for."""

OWNER_ONLY = 0o600
"""Whoever reads the keys reads every file."""


class KeyUnknownError(LookupError):
    """The key that sealed this is not in the key file."""


class SealBrokenError(ValueError):
    """The bytes were changed, cut, or moved here from another row."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a row keeps: which key, and nonce and ciphertext in one."""

    key_id: str
    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """Keys by name; the newest seals, all of them open. Never printed."""

    keys: dict[str, bytes]
    newest: str

    def seal(self, plain: bytes, bound_to: str) -> Sealed:
        """`bound_to` names the row: the same bytes in another row do not open."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(self.newest, nonce + AESGCM(self.keys[self.newest]).encrypt(nonce, plain, bound_to.encode()))

    def unseal(self, sealed: Sealed, bound_to: str) -> bytes:
        """The plain bytes. Raises KeyUnknownError or SealBrokenError."""
        key = self.keys.get(sealed.key_id)
        if key is None:
            raise KeyUnknownError(sealed.key_id)
        nonce, data = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, data, bound_to.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError(bound_to) from error


def read_keyring(path: Path) -> Keyring:
    """Keys from a file, one `name base64` a line, the newest last; a file that is not there is made with one key."""
    if not path.exists():
        _make(path)
    keys: dict[str, bytes] = {}
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, text = line.strip().partition(" ")
        key = base64.b64decode(text.strip())
        if len(key) != KEY_BYTES or not name:
            raise ValueError(f"{path}, line {number}: not a key of {KEY_BYTES} bytes")
        keys[name] = key
    if not keys:
        raise ValueError(f"{path} has no key")
    return Keyring(keys, list(keys)[-1])


def add_key(path: Path) -> Keyring:
    """The keys with a fresh one that seals from now on; the earlier ones stay, because they open what they sealed."""
    known = read_keyring(path)
    name = f"key-{len(known.keys) + 1}"
    if name in known.keys:
        name = f"key-{secrets.token_hex(4)}"
    written = _write_beside(path, path.read_text(encoding="ascii").rstrip("\n") + "\n" + _fresh_line(name))
    written.replace(path)
    return read_keyring(path)


def _fresh_line(name: str) -> str:
    return f"{name} {base64.b64encode(os.urandom(KEY_BYTES)).decode()}\n"


def _write_beside(path: Path, text: str) -> Path:
    """A whole file on the disk under another name: nobody reads half of it under its own."""
    written = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return written


def _make(path: Path) -> None:
    """Only one of several processes that start at once writes the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = _write_beside(path, _fresh_line("key-1"))
    try:
        os.link(written, path)
    except FileExistsError:
        return
    finally:
        written.unlink()
