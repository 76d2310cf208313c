"""What every answer carries and every change must show: headers, the caller's origin, the session's own token."""

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Only what we serve ourselves; no script or style inside a page."""

TOKEN_PATHS = ("/s", "/a", "/c", "/u")
"""Pages reached by a secret address: never cached, never told to another site."""

SIGNED_PATHS = ("/slack/", "/hooks/", "/dev/slack/")
"""Programs call these with a signature over the body instead of a session, and send no Origin."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HSTS_SECONDS = 63_072_000
"""Two years, as browsers' preload lists ask."""


def is_token_path(path: str) -> bool:
    """Whether the address is one of the pages behind a mailed link."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in TOKEN_PATHS)


class Guard:
    """Adds the headers to every answer and refuses a change that another site's page asks for."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] not in SAFE_METHODS and not _same_origin(scope):
            refused = PlainTextResponse("This change was asked for by another site. Open the page itself.", 403)
            await refused(scope, receive, self._with_headers(scope, send))
            return
        await self.app(scope, receive, self._with_headers(scope, send))

    def _with_headers(self, scope: Scope, send: Send) -> Callable[[Message], Awaitable[None]]:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope["path"])
            await send(message)

        return answer

    def _add(self, headers: MutableHeaders, path: str) -> None:
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("X-Frame-Options", "DENY")
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        headers["Referrer-Policy"] = "no-referrer" if is_token_path(path) else "same-origin"
        if not path.startswith(("/assets/", "/static/")):
            headers.setdefault("Cache-Control", "no-store")
        if self.https:
            headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}; includeSubDomains"


def _same_origin(scope: Scope) -> bool:
    if scope["path"].startswith(SIGNED_PATHS):
        return True
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is None or origin == "null":
        # A no-referrer page posts "Origin: null"; there the secret in the address or body is the authority.
        return origin is None or is_token_path(scope["path"])
    return urlsplit(origin).netloc == headers.get("host", "")


def tokens_match(given: str | None, expected: str) -> bool:
    """Constant-time comparison of a form's token with the session's."""
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())


def network_of(host: str | None) -> str:
    """The caller's address without its last part: enough to count tries, too little to follow a person."""
    if not host:
        return "unknown"
    if ":" in host:
        return ":".join(host.split(":")[:4])
    return ".".join(host.split(".")[:3])
