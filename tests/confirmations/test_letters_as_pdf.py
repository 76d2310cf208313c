"""The printed letter: three forms in three languages, the places for seal and signature, and a signature that holds."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from reports.confirmation_pdf import render_confirmation
from reports.statement_pdf import CharacterNotDrawable
from services.settings import Settings
from services.sign_letters import SigningKeyInvalid, keep_signing_key, key_path, sign_pdf, signer_of
from storage.companies import Company
from storage.identifiers import new_id
from tests.answers.desk import KEYRING
from tests.reports.readers import pdf_pages, pdf_text
from tests.support.golden import assert_golden

LINK = "https://accounts.example/c/Zk3v8Q1aXbC9dE7fGh2jKm4nPq6rSt8u"
COMPANY = Company(new_id(), "ACME", "Hafen Instrumente GmbH", "EUR", "Europe/Berlin", "en", {})
AUDITOR = {"name": "Vera Prüfer", "email": "vera@auditor.example"}


def letter(form: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the content
    """The content of one letter, as the draw makes it."""
    return {
        "number": "2026-06-30/1/C00123", "round": "2026-06-30/1", "form": form, "mode": "commercial",
        "as_of": "2026-06-30", "reply_by": "2026-07-31", "company": {"code": "ACME", "name": "海港仪器有限公司"},
        "customer": {"code": "C00123", "name": "Müller & Söhne 北风商贸", "country": "DE"}, "auditor": None,
        "balances": [{"currency": "CNY", "amount": "1250083.50"}, {"currency": "JPY", "amount": "-42000"}], "salt": "0",
    } | changes  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en", "de"])
@pytest.mark.parametrize("form", ["positive", "negative", "blank"])
def test_golden_text(pytestconfig: pytest.Config, form: str, language: str) -> None:
    """The words and figures of every form in every language, on one page."""
    mode = {"mode": "audit", "auditor": AUDITOR} if form == "blank" else {}
    document = render_confirmation(letter(form, **mode), "ab" * 32, language, link=LINK, second=form == "blank")
    assert len(pdf_pages(document)) == 1
    assert_golden(pytestconfig, f"reports/confirmation_{form}-{language}.pdf.txt", pdf_text(document))


def test_a_blank_letter_does_not_say_our_balance() -> None:
    """Neither on the page nor anywhere in the file."""
    document = render_confirmation(letter("blank"), "ab" * 32, "en")
    with pikepdf.open(BytesIO(document)) as opened:
        opened.save(plain := BytesIO(), compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.all)
    for written in (b"1250083", b"1,250,083", b"42000", b"42,000"):
        assert written not in plain.getvalue()
    assert "1,250,083" not in pdf_text(document)


def test_archivable_accessible_and_repeatable() -> None:
    """PDF/A-3a and PDF/UA-1, the same bytes twice."""
    document = render_confirmation(letter("positive"), "ab" * 32, "zh", link=LINK)
    assert document == render_confirmation(letter("positive"), "ab" * 32, "zh", link=LINK)
    with pikepdf.open(BytesIO(document)) as opened, opened.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfuaid:part"]) == ("3", "1")


def test_a_name_that_cannot_be_drawn_is_said() -> None:
    """No empty box on a letter that is sealed."""
    with pytest.raises(CharacterNotDrawable, match="U\\+20BB7"):
        render_confirmation(letter("positive", customer={"code": "C1", "name": "𠮷野家", "country": ""}), "", "zh")


def own_key(passphrase: bytes) -> tuple[bytes, x509.Certificate]:
    """A key with a certificate of its own, as PKCS#12."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hafen Instrumente GmbH")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return pkcs12.serialize_key_and_certificates(
        b"key", key, certificate, None, BestAvailableEncryption(passphrase)
    ), certificate  # fmt: skip


async def judged(document: bytes, trusted: x509.Certificate) -> tuple[bool, bool, bool]:
    """Whether the signature is intact, valid and trusted, as pyHanko's validator says."""
    reader = PdfFileReader(BytesIO(document))
    root = PdfFileReader(BytesIO(document)).embedded_signatures[0].signer_cert
    assert root.subject.native["common_name"] in trusted.subject.rfc4514_string()
    context = ValidationContext(trust_roots=[root])
    status = await async_validate_pdf_signature(reader.embedded_signatures[0], context)
    return status.intact, status.valid, status.trusted


async def test_a_signed_letter_holds_and_a_changed_one_does_not(tmp_path: Path) -> None:
    """Sealed key, PAdES signature, the independent validator; one changed byte is found."""
    settings = Settings(home=tmp_path, _env_file=None)  # type: ignore[call-arg] # pydantic-settings
    p12, certificate = own_key(b"open sesame")
    with pytest.raises(SigningKeyInvalid):
        keep_signing_key(settings, COMPANY, KEYRING, p12, "wrong")
    assert signer_of(settings, COMPANY, KEYRING) is None
    assert "Hafen" in keep_signing_key(settings, COMPANY, KEYRING, p12, "open sesame")
    kept = key_path(settings, COMPANY)
    assert kept.stat().st_mode & 0o077 == 0
    assert b"open sesame" not in kept.read_bytes()

    signer = signer_of(settings, COMPANY, KEYRING)
    assert signer is not None
    drawn = render_confirmation(letter("positive"), "ab" * 32, "de", link=LINK)
    signed = await asyncio.to_thread(sign_pdf, drawn, signer, "Saldenbestätigung")
    assert signed.startswith(drawn)
    assert b"ETSI.CAdES.detached" in signed
    assert await judged(signed, certificate) == (True, True, True)
    place = signed.index(b"/Title")
    tampered = signed[: place + 8] + bytes([signed[place + 8] ^ 1]) + signed[place + 9 :]
    assert (await judged(tampered, certificate))[0] is False
