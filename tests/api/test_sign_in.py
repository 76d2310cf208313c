"""Signing in: one answer for every wrong proof, limits that last, codes that work once."""

import re
from datetime import UTC, datetime

import httpx
import pyotp
import pytest
from fastapi import FastAPI

from api.app import create_app
from services.set_up_authenticator import CodeWrong, set_up_authenticator
from services.sign_in import SignInRefused, TooManyTries, session_of, sign_in
from storage.database import Database, owner_transaction
from storage.schema import company
from tests.api.conftest import SignIn, client_of
from tests.api.sample import PASSWORD, Sample

NOON = datetime(2026, 7, 3, 12, 0, 5, tzinfo=UTC)


async def _enter(engine: Database, *, password: str = PASSWORD, code: str = "", now: datetime = NOON) -> str:
    return await sign_in(engine, "Alice@Sample.example", password, code, network="127.0.0", now=now, hours=1)


async def test_password_opens_a_session(engine: Database, sample: Sample) -> None:
    """The session names the person, the roles and the company; only its hash is kept."""
    viewer = await session_of(engine, await _enter(engine))
    assert viewer is not None
    assert viewer.user_id == sample.people["Alice Reviewer"]
    assert viewer.roles == {"reviewer"}
    assert viewer.assurance == "session"
    assert await session_of(engine, "x" * 43) is None


async def test_wrong_and_unknown_get_the_same_answer(client: httpx.AsyncClient, sample: Sample) -> None:
    """Nobody learns which addresses exist."""
    assert sample.people
    texts = set()
    for email in ("alice@sample.example", "nobody@sample.example"):
        answer = await client.post("/sign-in", data={"email": email, "password": "wrong"})
        assert answer.status_code == 403
        texts.add(answer.text.replace(email, ""))
    assert len(texts) == 1


async def test_tries_are_limited_per_person_and_survive_a_restart(
    app: FastAPI, sample: Sample, engine: Database
) -> None:
    """Five wrong ones, then even the right password waits, also after a restart."""
    assert sample.people
    async with client_of(app) as client:
        for _ in range(5):
            await client.post("/sign-in", data={"email": "bob@sample.example", "password": "wrong"})
    async with client_of(create_app(app.state.house.settings, engine)) as client:
        answer = await client.post("/sign-in", data={"email": "bob@sample.example", "password": PASSWORD})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 900
        other = await client.post("/sign-in", data={"email": "alice@sample.example", "password": PASSWORD})
        assert other.status_code == 303
    with pytest.raises(TooManyTries):
        await sign_in(engine, "bob@sample.example", PASSWORD, "", network="127.0.0", now=NOON, hours=1)


async def test_a_code_works_once(engine: Database, sample: Sample) -> None:
    """With an authenticator the password alone is refused, and so is a code that was used, by any session."""
    token = await _enter(engine)
    viewer = await session_of(engine, token)
    assert viewer is not None
    secret = pyotp.random_base32()
    totp = pyotp.TOTP(secret)
    with pytest.raises(CodeWrong):
        await set_up_authenticator(engine, viewer, token, secret, "000000", NOON)
    await set_up_authenticator(engine, viewer, token, secret, totp.at(NOON), NOON)
    raised = await session_of(engine, token)
    assert raised is not None
    assert raised.assurance == "mfa"
    assert raised.has_totp
    with pytest.raises(SignInRefused):
        await _enter(engine)
    with pytest.raises(SignInRefused):
        await _enter(engine, code=totp.at(NOON))
    later = datetime(2026, 7, 3, 12, 2, 5, tzinfo=UTC)
    entered = await session_of(engine, await _enter(engine, code=totp.at(later), now=later))
    assert entered is not None
    assert entered.assurance == "mfa"
    with pytest.raises(SignInRefused):
        await _enter(engine, code=totp.at(later), now=later)
    assert sample.people


async def test_the_enrolment_page_draws_the_secret(sign_in: SignIn) -> None:
    """The picture and the key are shown once; wrong digits show the same key again."""
    client = await sign_in("alice")
    answer = await client.post("/account/authenticator")
    assert "<svg" in answer.text
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', answer.text)
    assert found
    wrong = await client.post("/account/authenticator/confirm", data={"secret": found.group(1), "code": "12"})
    assert wrong.status_code == 422
    assert found.group(1) in wrong.text
    code = pyotp.TOTP(found.group(1)).now()
    right = await client.post("/account/authenticator/confirm", data={"secret": found.group(1), "code": code})
    assert right.status_code == 303
    assert (await client.get("/api/v1/session")).json()["assurance"] == "mfa"


async def test_signing_out_ends_the_session_everywhere(sign_in: SignIn, app: FastAPI) -> None:
    """A copy of the cookie is worth nothing afterwards."""
    client = await sign_in("alice")
    copied = client.cookies["tieout-session"]
    await client.post("/sign-out")
    async with client_of(app) as thief:
        thief.cookies.set("tieout-session", copied)
        assert (await thief.get("/inbox")).status_code == 303


async def test_one_click_sign_in_is_for_the_demo_only(app: FastAPI, sample: Sample, engine: Database) -> None:
    """Without the setting, and for a company that is no sample, the page lists nobody and the post finds nothing."""
    user = {"user": str(sample.people["Alice Reviewer"])}
    async with client_of(app) as client:
        assert "Alice" not in (await client.get("/sign-in")).text
        assert (await client.post("/sign-in/sample", data=user)).status_code == 404
    demo = create_app(app.state.house.settings.model_copy(update={"demo": True}), engine)
    async with client_of(demo) as client:
        assert "Alice" in (await client.get("/sign-in")).text
        assert (await client.post("/sign-in/sample", data=user)).status_code == 303
        assert (await client.get("/inbox")).status_code == 200
    async with owner_transaction(engine) as session:
        await session.execute(company.update().values(settings={}))
    async with client_of(demo) as client:
        assert "Alice" not in (await client.get("/sign-in")).text
        assert (await client.post("/sign-in/sample", data=user)).status_code == 403


async def test_sign_in_leads_only_to_our_own_pages(client: httpx.AsyncClient, sample: Sample) -> None:
    """`next` cannot send anybody to another site."""
    assert sample.people
    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example"):
        answer = await client.post(
            "/sign-in", data={"email": "alice@sample.example", "password": PASSWORD, "next": wanted}
        )
        assert answer.headers["location"] == "/inbox"
