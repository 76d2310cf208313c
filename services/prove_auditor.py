"""An auditor proves who they are on the command line: whoever has the shell may name anybody, but makes no digits."""

from datetime import datetime

from services.confirmation_desk import AuditorUnproved, Desk
from services.sign_in import matching_step
from storage.companies import Company
from storage.database import Database, owner_transaction, transaction
from storage.people import AUDITOR, Person
from storage.sessions import credentials_of, take_totp_step


async def proved_desk(engine: Database, company: Company, person: Person, code: str, now: datetime) -> Desk:
    """The person's desk; an auditor's needs the digits of their own authenticator app. Raises AuditorUnproved."""
    if AUDITOR in person.roles:
        async with owner_transaction(engine) as session:
            found = [one for one in await credentials_of(session, person.email) if one.company_id == company.id]
        secret = found[0].totp_secret if found else None
        step = matching_step(secret, code, now) if secret is not None else None
        async with transaction(engine, company.id) as session:
            if step is None or not await take_totp_step(session, company.id, person.id, step):
                raise AuditorUnproved
    return Desk(engine, company, person.id, person.roles)
