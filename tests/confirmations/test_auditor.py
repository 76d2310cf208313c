"""Who an auditor is: a role that stands alone, and proved twice, on pages and on the command line."""

import asyncio
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from typer.testing import CliRunner

from api.app import create_app
from console.main import app as commands
from services.add_user import UserInvalid, add_user, change_roles
from services.confirmation_desk import ConfirmationRole
from services.send_confirmations import send_round
from services.settings import Settings
from services.sign_in import token_digest
from statements.confirmations import ConfirmationNotYours
from storage.database import Database, transaction
from storage.sessions import open_session, set_totp_secret
from tests.api.conftest import ORIGIN, client_of
from tests.confirmations.letter_house import LetterHouse, new_letter_house


@pytest.fixture
async def house(engine: Database) -> LetterHouse:
    """The company."""
    return await new_letter_house(engine)


async def test_the_role_stands_alone(house: LetterHouse) -> None:
    """Nobody of the company audits it, neither when added nor later."""
    company = house.book.company.id
    with pytest.raises(UserInvalid):
        await add_user(house.book.engine, company, "x@example.com", "X", frozenset({"auditor", "clerk"}))
    with pytest.raises(UserInvalid):
        await change_roles(house.book.engine, company, "bob@example.com", frozenset({"auditor", "clerk"}))
    await add_user(house.book.engine, company, "x@example.com", "X", frozenset({"auditor"}))


async def test_each_draws_their_own_kind_of_round(house: LetterHouse) -> None:
    """Staff no audit, an auditor no round of the company's; and neither sends the other's."""
    with pytest.raises(ConfirmationRole):
        await house.draw("bob", mode="audit")
    with pytest.raises(ConfirmationRole):
        await house.draw("vera")
    ours, theirs = await house.draw("bob"), await house.draw("vera", mode="audit")
    assert (ours.number, theirs.number) == ("2026-06-30/1", "2026-06-30/2")
    with pytest.raises(ConfirmationRole):
        await send_round(house.desk("vera"), ours.number)
    with pytest.raises(ConfirmationNotYours):
        await send_round(house.desk("alice"), theirs.number)


async def test_a_password_alone_proves_no_auditor(house: LetterHouse, tmp_path: Path) -> None:
    """The pages refuse a session without the second proof, and serve the same person with it."""
    settings = Settings(home=tmp_path, public_url=ORIGIN, _env_file=None)  # type: ignore[call-arg] # pydantic-settings
    app = create_app(settings, house.book.engine)
    company = house.book.company.id
    for assurance, status in (("session", 403), ("mfa", 200)):
        token = secrets.token_urlsafe(16)
        async with transaction(house.book.engine, company) as session:
            await open_session(session, company, house.people["vera"], token_digest(token), "csrf", assurance, 1)
        async with client_of(app) as client:
            client.cookies.set("tieout-session", token)
            assert (await client.get("/confirmations")).status_code == status


async def test_the_command_line_takes_the_digits_once(
    house: LetterHouse, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the newest digits the auditor's command answers; the same digits do not serve twice."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    await house.audit()
    secret, company = pyotp.random_base32(), house.book.company.id
    async with transaction(house.book.engine, company) as session:
        await set_totp_secret(session, company, house.people["vera"], secret, 0)
    digits = pyotp.TOTP(secret).at(datetime.now(UTC))
    asked = [
        "confirmations", "list", "--company", "ACME", "--as", "vera@example.com", "--number", "2026-06-30/1", "--json",
        "--code", digits,
    ]  # fmt: skip
    done = await asyncio.to_thread(CliRunner().invoke, commands, asked)
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)["letters"]) == 4
    again = await asyncio.to_thread(CliRunner().invoke, commands, asked)
    assert (again.exit_code, json.loads(again.stderr)["error"]["code"]) == (2, "auditor_unproved_not_allowed")
