"""The application on a fresh database with the sample, and a browser-like client."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from services.settings import Settings
from storage.database import Database
from tests.api.sample import PASSWORD, Sample, make_sample

ORIGIN = "http://testserver"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')

SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest_asyncio.fixture
async def sample(engine: Database) -> Sample:
    """The sample company."""
    return await make_sample(engine)


@pytest.fixture
def app(engine: Database, tmp_path: Path) -> FastAPI:
    """The application without demo sign-in."""
    return create_app(Settings(home=tmp_path, public_url=ORIGIN, _env_file=None), engine)  # type: ignore[call-arg] # pydantic-settings


def client_of(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    """A client that keeps cookies and sends our own Origin, as a browser does."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN, **headers})


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody yet."""
    async with client_of(app) as made:
        yield made


@pytest_asyncio.fixture
async def sign_in(app: FastAPI, sample: Sample) -> AsyncIterator[SignIn]:
    """A way to sign somebody of the cast in, by the first name in the address."""
    assert sample.people
    opened: list[httpx.AsyncClient] = []

    async def enter(who: str) -> httpx.AsyncClient:
        made = client_of(app)
        opened.append(made)
        answer = await made.post("/sign-in", data={"email": f"{who}@sample.example", "password": PASSWORD})
        assert answer.status_code == 303
        made.headers["X-CSRF-Token"] = (await made.get("/api/v1/session")).json()["csrf"]
        return made

    yield enter
    for one in opened:
        await one.aclose()
