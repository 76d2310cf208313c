"""Sets the language in which a person reads pages and messages."""

from storage.audit import Actor, record
from storage.database import Database, transaction
from storage.sessions import SignedIn, set_language
from words.catalog import language_of


async def choose_language(engine: Database, viewer: SignedIn, tag: str) -> str:
    """Answers the language that was set: zh or en."""
    language = language_of(tag)
    company_id = viewer.company.id
    async with transaction(engine, company_id) as session:
        await set_language(session, company_id, viewer.user_id, language)
        actor = Actor("user", viewer.user_id)
        await record(
            session, company_id, actor, "language_chosen", ("user", str(viewer.user_id)), {"language": language}
        )
    return language
