"""Sets up the second proof: a secret shared with the person's authenticator app."""

from datetime import datetime

import pyotp

from services.sign_in import matching_step, token_digest
from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.sessions import SignedIn, raise_assurance, set_totp_secret
from words.refusal import Refusal

ISSUER = "Tieout"


class CodeWrong(Refusal):
    """The app and the server do not agree on the digits."""

    code = "code_wrong"
    sentence = "The six digits do not fit."
    remedy = "Scan the picture again, check that the phone's clock is right, and type the newest digits."


class AuthenticatorKept(Refusal):
    """A second proof is not replaced by whoever holds an open session."""

    code = "authenticator_kept"
    sentence = "An authenticator app is already set up."
    remedy = "An administrator can remove it, so that a new one can be set up."


def fresh_secret() -> str:
    """160 random bits in base32, as authenticator apps read them."""
    return pyotp.random_base32()


def enrolment_address(secret: str, email: str) -> str:
    """The otpauth address that the picture holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


async def set_up_authenticator(
    engine: Database, viewer: SignedIn, token: str, secret: str, code: str, now: datetime
) -> None:
    """Keeps `secret` once `code` proves that the app has it."""
    if viewer.has_totp:
        raise AuthenticatorKept
    step = matching_step(secret, code, now)
    if step is None:
        raise CodeWrong
    company_id = viewer.company.id
    async with transaction(engine, company_id) as session:
        await set_totp_secret(session, company_id, viewer.user_id, secret, step)
        await raise_assurance(session, company_id, token_digest(token), "mfa")
        actor = Actor("user", viewer.user_id)
        await record(session, company_id, actor, "authenticator_set_up", ("user", str(viewer.user_id)), {})
