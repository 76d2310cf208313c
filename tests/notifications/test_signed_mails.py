"""Every mail in both languages: signed, verified, and a changed header, word or file shows."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it ships no stubs
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from notifications.messages import render
from notifications.mime import Attachment, Envelope, Signing, freeze
from notifications.own_words import base_kind
from notifications.samples import samples
from words.catalog import LANGUAGES

ENVELOPE = Envelope(
    sender="accounts@acme.example", sender_name="海港仪器", recipient="wang@customer.example", recipient_name="王建国",
    message_id="<1@tieout>", date=datetime(2026, 7, 1, tzinfo=UTC), thread="t",
)  # fmt: skip
FILES = [Attachment("对账单.pdf", b"%PDF-1.7" + bytes(range(256)), "application", "pdf")]

Verify = Callable[[bytes], bool]


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Signing, Verify]:
    """A key of this module, and what a receiving server does with its record."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path: Path = tmp_path_factory.mktemp("dkim") / "key.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])

    def verify(content: bytes) -> bool:
        return bool(dkim.verify(content, dnsfunc=lambda _name, **_: record))

    return Signing("acme.example", "s1", path), verify


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_is_signed_and_tampering_shows(signing: tuple[Signing, Verify], language: str) -> None:
    """Another subject or recipient, a second header of a kind, a letter of the text, a byte of the file."""
    signed_by, verify = signing
    for name, letter in samples(language).items():
        content = freeze(render(base_kind(name), letter, language), ENVELOPE, FILES, signed_by)
        assert verify(content), name
        head, _, body = content.partition(b"\r\n\r\n")
        places = (len(body) // 3, len(body) - 200)
        changed = [
            re.sub(rb"(?m)^Subject: ", b"Subject: x", content, count=1),
            content.replace(b"wang@customer.example", b"evil@customer.example", 1),
            *(
                added + content
                for added in (b"Reply-To: e@evil.example\r\n", b"Subject: x\r\n", b"From: e@x.example\r\n")
            ),
            *(head + b"\r\n\r\n" + _with_another_letter(body, place) for place in places),
        ]
        assert content not in changed, name
        assert [verify(one) for one in changed] == [False] * len(changed), name


def _with_another_letter(body: bytes, place: int) -> bytes:
    """The body with the first letter from `place` on replaced."""
    found = re.compile(rb"[A-Ya-y]").search(body, place)
    assert found is not None
    return body[: found.start()] + bytes([found[0][0] + 1]) + body[found.end() :]
