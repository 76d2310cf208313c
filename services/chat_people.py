"""Who somebody in the chat is to us: the people that have confirmed this account, one for each company."""

from notifications.chat_callback import ChatUser
from storage.companies import Company, list_companies
from storage.database import Database, owner_transaction, transaction
from storage.people import Person, find_person_by_chat
from words.refusal import Refusal


class ChatUserUnknown(Refusal):
    """The chat account belongs to nobody here, or its owner has not confirmed it."""

    code = "chat_user_unknown"
    sentence = "This chat account is not linked to a user of this company."
    remedy = "Sign in, and link it on your page."


async def chat_people(engine: Database, user: ChatUser) -> list[tuple[Company, Person]]:
    """The companies that know the account, with the person it is there."""
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    found = []
    for company in companies:
        async with transaction(engine, company.id) as session:
            person = await find_person_by_chat(session, company.id, user.team, user.id)
        if person is not None:
            found.append((company, person))
    return found
