"""Ends a session."""

from services.sign_in import token_digest
from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.sessions import SignedIn, close_session


async def sign_out(engine: Database, viewer: SignedIn, token: str) -> None:
    """The cookie is worth nothing from here on."""
    company_id = viewer.company.id
    async with transaction(engine, company_id) as session:
        await close_session(session, company_id, token_digest(token))
        actor = Actor("user", viewer.user_id)
        await record(session, company_id, actor, "signed_out", ("user", str(viewer.user_id)), {})
