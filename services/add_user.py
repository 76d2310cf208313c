"""Adds a person of the company, with roles; changes roles and disables leavers."""

from uuid import UUID

from argon2 import PasswordHasher
from email_validator import EmailNotValidError, validate_email

from ledger.canonical import Json
from storage.audit import SYSTEM, Actor, record
from storage.database import Database, transaction
from storage.identifiers import new_id
from storage.people import AUDITOR, ROLES, Person, disable_person, find_person_by_email, insert_person, set_roles
from storage.tokens import revoke_for_person
from words.catalog import LANGUAGES
from words.refusal import Refusal

MIN_PASSWORD = 12
"""OWASP ASVS 5 asks for at least eight and advises fifteen where there is no second factor yet."""

MAX_PASSWORD = 128
"""Long enough for any sentence; bounds the work of hashing."""

HASHER = PasswordHasher()
"""argon2id with the library's parameters (RFC 9106, low memory), the ones that signing in checks with."""


class UserExists(Refusal):
    """An address is one person."""

    code = "user_exists"
    sentence = "There is already a user with the address {email}."
    remedy = "Choose another address."


class UserInvalid(Refusal):
    """Address, role, language or password cannot be used."""

    code = "user_invalid"
    sentence = "{field} cannot be {value}."
    remedy = (
        "Roles are clerk, reviewer, manager, compliance, administrator, or auditor alone; a password has 12 to 128 "
        "characters."
    )


class UserUnknown(Refusal):
    """No such person."""

    code = "user_unknown"
    sentence = "There is no user {email}."
    remedy = "Add one with: tieout user add EMAIL --company … --name … --role …"


async def add_user(
    engine: Database,
    company_id: UUID,
    email: str,
    name: str,
    roles: frozenset[str],
    *,
    password: str | None = None,
    language: str = "en",
    actor: Actor = SYSTEM,
) -> UUID:
    """Adds the user and answers the id; without a password the person cannot sign in by password."""
    _check(name, roles, password, language)
    person = Person(new_id(), _address(email), name.strip(), language, None, roles)
    password_hash = HASHER.hash(password) if password is not None else None
    async with transaction(engine, company_id) as session:
        if await find_person_by_email(session, company_id, person.email) is not None:
            raise UserExists(email=person.email)
        await insert_person(session, company_id, person, password_hash)
        facts: dict[str, Json] = {"email": person.email, "roles": sorted(roles)}
        await record(session, company_id, actor, "user_added", ("user", str(person.id)), facts)
    return person.id


async def change_roles(
    engine: Database, company_id: UUID, email: str, roles: frozenset[str], actor: Actor = SYSTEM
) -> None:
    """Replaces the person's roles; open approvals read them at the next click."""
    _check("-", roles, None, "en")
    async with transaction(engine, company_id) as session:
        person = await find_person_by_email(session, company_id, email)
        if person is None:
            raise UserUnknown(email=email)
        await set_roles(session, company_id, person.id, roles)
        facts: dict[str, Json] = {"email": person.email, "before": sorted(person.roles), "after": sorted(roles)}
        await record(session, company_id, actor, "roles_changed", ("user", str(person.id)), facts)


async def disable_user(engine: Database, company_id: UUID, email: str, actor: Actor = SYSTEM) -> None:
    """Ends the person's access and every link."""
    async with transaction(engine, company_id) as session:
        person = await find_person_by_email(session, company_id, email)
        if person is None:
            raise UserUnknown(email=email)
        await disable_person(session, company_id, person.id)
        links = await revoke_for_person(session, company_id, person.id)
        facts: dict[str, Json] = {"email": person.email, "links_revoked": links}
        await record(session, company_id, actor, "user_disabled", ("user", str(person.id)), facts)


def _address(email: str) -> str:
    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise UserInvalid(field="address", value=email) from None


def _check(name: str, roles: frozenset[str], password: str | None, language: str) -> None:
    if not name.strip():
        raise UserInvalid(field="name", value=name)
    for role in roles:
        if role not in ROLES:
            raise UserInvalid(field="role", value=role)
    if AUDITOR in roles and len(roles) > 1:
        raise UserInvalid(field="role", value=", ".join(sorted(roles)))
    if language not in LANGUAGES:
        raise UserInvalid(field="language", value=language)
    if password is not None and not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise UserInvalid(field="password", value="…")
