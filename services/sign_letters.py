"""The company's key that signs letters as PAdES, kept sealed in a file, and the signing itself.

The key comes as PKCS#12, is opened once to prove its passphrase, and is sealed with the house's attachment keys.
"""

import json
import os
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

from services.settings import Settings
from storage.companies import Company
from storage.sealing import OWNER_ONLY, Keyring, Sealed
from words.refusal import Refusal

MAX_KEY_BYTES = 256 * 1024
"""A key with its chain of certificates has a few kilobytes."""

FIELD = "Company"
"""The name of the signature's field in the document."""


class SigningKeyInvalid(Refusal):
    """Not PKCS#12, without a key or certificate, or another passphrase."""

    code = "signing_key_invalid"
    sentence = "The file is no PKCS#12 key that this passphrase opens."
    remedy = "Export key and certificate together as .p12 or .pfx and try again with its passphrase."


def key_path(settings: Settings, company: Company) -> Path:
    """Where the company's sealed key lies: beside the keys that seal it."""
    keys = settings.key_file.parent if settings.key_file is not None else settings.home / "keys"
    return keys / "letters" / f"{company.id}.sealed"


def keep_signing_key(settings: Settings, company: Company, keyring: Keyring, p12: bytes, passphrase: str) -> str:
    """Seals the key for this company, replacing an older one; answers the certificate's subject."""
    try:
        opened = pkcs12.load_pkcs12(p12[:MAX_KEY_BYTES], passphrase.encode())
    except ValueError:
        raise SigningKeyInvalid from None
    if opened.key is None or opened.cert is None:
        raise SigningKeyInvalid
    plain = json.dumps({"p12": b64encode(p12).decode(), "passphrase": passphrase}).encode()
    sealed = keyring.seal(plain, _binding(company))
    path = key_path(settings, company)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".new")
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w", encoding="ascii") as file:
        json.dump({"key_id": sealed.key_id, "data": b64encode(sealed.data).decode()}, file)
    written.replace(path)
    return opened.cert.certificate.subject.rfc4514_string()


def signer_of(settings: Settings, company: Company, keyring: Keyring) -> signers.SimpleSigner | None:
    """The company's signer, or None for a company without a key."""
    path = key_path(settings, company)
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="ascii"))
    plain = json.loads(keyring.unseal(Sealed(kept["key_id"], b64decode(kept["data"])), _binding(company)))
    loaded = signers.SimpleSigner.load_pkcs12_data(
        b64decode(plain["p12"]), other_certs=[], passphrase=plain["passphrase"].encode()
    )
    assert isinstance(loaded, signers.SimpleSigner)  # noqa: S101 - it was opened before it was sealed
    return loaded


def sign_pdf(document: bytes, signer: signers.SimpleSigner, reason: str) -> bytes:
    """The document with a PAdES signature (baseline B-B) over all of its bytes."""
    writer = IncrementalPdfFileWriter(BytesIO(document))
    metadata = signers.PdfSignatureMetadata(field_name=FIELD, reason=reason, subfilter=SigSeedSubFilter.PADES)
    signed = signers.PdfSigner(metadata, signer).sign_pdf(writer)
    return signed.getvalue() if isinstance(signed, BytesIO) else bytes(signed.read())


def _binding(company: Company) -> str:
    return f"signing/{company.id}"
