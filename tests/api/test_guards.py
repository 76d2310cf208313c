"""Every route: headers, no change by looking, no change for another site, nothing of another company."""

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.security import CONTENT_SECURITY_POLICY
from storage.database import Database
from tests.api.conftest import ORIGIN, SignIn, client_of
from tests.api.sample import Sample, make_sample
from tests.api.support import fill, fingerprint, routes_of

OPEN_TO_ALL = ("/healthz", "/readyz", "/metrics", "/sign-in", "/", "/s", "/a", "/c")
BY_LINK = ("/s/", "/a/", "/c/", "/u/")
PORTAL = "/portal"
"""A customer's own visit; tests/portal tries its door, its tokens and other customers' ids."""

SIGNED = ("/slack/", "/dev/slack/")


async def test_every_get_has_the_headers_and_changes_nothing(
    app: FastAPI, sample: Sample, sign_in: SignIn, engine: Database
) -> None:
    """Looking, as a clerk and as a reviewer, leaves every row of every table as it was."""
    paths = [fill(path, sample) for path in routes_of(app, "GET")]
    assert len(paths) > 40
    for who in ("chen", "alice", "colin"):
        client = await sign_in(who)
        before = await fingerprint(engine)
        for path in paths:
            answer = await client.get(path)
            assert answer.status_code < 500, path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'"), path
            assert "frame-ancestors" in policy, path
            secret = path.startswith(BY_LINK) or path in {"/s", "/a", "/c"}
            wanted = "no-referrer" if secret else "same-origin"
            assert answer.headers["referrer-policy"] == wanted, path
            assert answer.headers["cache-control"] == "no-store", path
        assert await fingerprint(engine) == before


async def test_pages_allow_no_inline_script(app: FastAPI, sample: Sample, sign_in: SignIn) -> None:
    """Neither the policy nor the pages' own text holds inline scripts, styles or handlers."""
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    client = await sign_in("alice")
    for path in routes_of(app, "GET"):
        filled = fill(path, sample)
        if filled.endswith("/body"):
            continue
        html = (await client.get(filled)).text
        assert " style=" not in html, filled
        assert "<style" not in html, filled
        assert " onclick=" not in html, filled
        assert "<script>" not in html, filled


async def test_strangers_are_led_to_the_door(app: FastAPI, sample: Sample, client: httpx.AsyncClient) -> None:
    """Without a session every page leads to the sign-in, every API answer is 401."""
    for path in routes_of(app, "GET"):
        if path in OPEN_TO_ALL or path.startswith((*BY_LINK, PORTAL)) or "openapi" in path:
            continue
        answer = await client.get(fill(path, sample))
        if path.startswith("/api/"):
            assert answer.status_code == 401, path
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/sign-in"), path


async def test_every_change_needs_the_sessions_own_token(
    app: FastAPI, sample: Sample, sign_in: SignIn, engine: Database
) -> None:
    """A post without the form's token, or with another one, changes nothing."""
    client = await sign_in("chen")
    before = await fingerprint(engine)
    for token in ("", "another"):
        client.headers["X-CSRF-Token"] = token
        for path in routes_of(app, "POST"):
            if path.startswith((*SIGNED, *BY_LINK, "/s", PORTAL)) or path in {"/a", "/c"} or "/sign-in" in path:
                continue
            answer = await client.post(fill(path, sample), headers={"Idempotency-Key": "k"})
            assert answer.status_code in (403, 422), path
    assert await fingerprint(engine) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_posts_are_refused(
    app: FastAPI, sample: Sample, sign_in: SignIn, engine: Database, headers: dict[str, str]
) -> None:
    """Even with the right token in the form."""
    client = await sign_in("chen")
    before = await fingerprint(engine)
    for path in routes_of(app, "POST"):
        if path.startswith(SIGNED) or (
            headers.get("Origin") == "null" and (path.startswith((*BY_LINK, "/s", "/a")) or path == "/c")
        ):
            continue
        answer = await client.post(fill(path, sample), headers=headers)
        assert answer.status_code == 403, path
    assert await fingerprint(engine) == before


async def test_another_companys_ids_are_unknown(
    app: FastAPI, sample: Sample, sign_in: SignIn, engine: Database
) -> None:
    """Each route that names something answers 404 for what belongs to somebody else, and changes nothing."""
    other = await make_sample(engine, "OTHER", "Other Ltd")
    client = await sign_in("chen")
    before = await fingerprint(engine)
    for method in ("GET", "POST"):
        for path in routes_of(app, method):
            if "{" not in path or path.startswith((*SIGNED, *BY_LINK, PORTAL, "/dev/", "/settings/")):
                continue
            code = "OTHER" if path.count("{") == 1 and "{code}" in path else "SAMPLE"
            answer = await client.request(
                method,
                fill(path, other, code),
                headers={"Idempotency-Key": "k"},
                data=_any_form() if method == "POST" else None,
            )
            refused = (403, 404, 409, 422) if method == "POST" else (404,)
            assert answer.status_code in refused, (method, path, answer.status_code)
    assert await fingerprint(engine) == before
    assert sample.company_id != other.company_id


def _any_form() -> dict[str, str]:
    return {
        "stop": "true", "reason": "x", "note": "x", "resolution": "accepted", "ending": "fixed", "sure": "yes",
        "name": "A", "email": "a@example.com", "owner": "0" * 32, "due": "2026-08-01",
    }  # fmt: skip


async def test_https_binds_cookies_and_asks_for_https(engine: Database, sample: Sample, app: FastAPI) -> None:
    """Behind TLS the cookie is bound to the host and the browser is told to stay on TLS."""
    from_app = app.state.house
    assert from_app.cookie_name("session") == "tieout-session"
    settings = from_app.settings.model_copy(update={"public_url": "https://tieout.example"})
    secure = create_app(settings, engine)
    assert sample.people
    async with client_of(secure) as client:
        answer = await client.get("/sign-in")
        assert "max-age=" in answer.headers["strict-transport-security"]
        answer = await client.post(
            "/sign-in", data={"email": "alice@sample.example", "password": "correct horse battery staple"}
        )
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-tieout-session=")
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert "Path=/" in cookie
        assert ORIGIN.startswith("http://")
