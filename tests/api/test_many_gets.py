"""Looking, however often and at whatever, changes nothing."""

import os

from fastapi import FastAPI

from storage.database import Database
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.support import fill, fingerprint, routes_of

GETS = int(os.environ.get("TIEOUT_GETS", "3"))
"""Requests per route in the ordinary run; the nightly run sends a thousand."""


async def test_gets_and_heads_leave_the_database_as_it_was(
    app: FastAPI, sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """Every route of the house, signed in, with real ids in its places: not one row's version changes."""
    client = await sign_in("alice")
    before = await fingerprint(engine)
    for path in routes_of(app, "GET"):
        address = fill(path, sample)
        for number in range(GETS):
            method = "HEAD" if number % 3 == 2 else "GET"
            answer = await client.request(method, address)
            assert answer.status_code < 500, address
    assert await fingerprint(engine) == before
