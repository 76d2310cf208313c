"""Gives a person another password, against the one that counts now; every other session of theirs ends."""

from services.add_user import HASHER, MAX_PASSWORD, MIN_PASSWORD, UserInvalid
from services.sign_in import password_fits, token_digest
from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.sessions import SignedIn, end_other_sessions, password_hash_of, set_password_hash
from words.refusal import Refusal


class PasswordWrong(Refusal):
    """Whoever holds an open session does not thereby know the password."""

    code = "password_invalid"
    sentence = "The present password does not fit."
    remedy = "Type it again; an administrator can give you a new one."


async def change_password(engine: Database, viewer: SignedIn, token: str, present: str, wanted: str) -> None:
    """Keeps `wanted` (12 to 128 characters) once `present` proves the person."""
    if not MIN_PASSWORD <= len(wanted) <= MAX_PASSWORD:
        raise UserInvalid(field="password", value="…")
    company_id = viewer.company.id
    async with transaction(engine, company_id) as session:
        if not password_fits(await password_hash_of(session, company_id, viewer.user_id), present):
            raise PasswordWrong
        await set_password_hash(session, company_id, viewer.user_id, HASHER.hash(wanted))
        ended = await end_other_sessions(session, company_id, viewer.user_id, token_digest(token))
        actor = Actor("user", viewer.user_id)
        subject = ("user", str(viewer.user_id))
        await record(session, company_id, actor, "password_changed", subject, {"sessions_ended": ended})
