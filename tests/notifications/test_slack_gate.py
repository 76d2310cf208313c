"""What Slack sends to us: signed, fresh, once."""

import pytest

from notifications.slack import MAX_AGE, SignatureGate, sign

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_782_000_000
BODY = b"payload=%7B%22type%22%3A%22block_actions%22%7D"


def headers(stamp: int = NOW, secret: str = SECRET, body: bytes = BODY) -> dict[str, str]:
    """As Slack would sign it."""
    return sign(secret, body.decode(), stamp)


def test_signed_and_fresh_is_let_in_once() -> None:
    """The same callback a second time is a replay."""
    gate = SignatureGate(SECRET)
    assert gate.admits(BODY, headers(), NOW)
    assert not gate.admits(BODY, headers(), NOW + 1)
    assert gate.admits(BODY, headers(NOW + 2), NOW + 2)


@pytest.mark.parametrize("age", [MAX_AGE + 1, -MAX_AGE - 1, 10 * MAX_AGE])
def test_old_or_future_is_refused(age: int) -> None:
    """At most five minutes off, either way."""
    assert not SignatureGate(SECRET).admits(BODY, headers(NOW - age), NOW)


@pytest.mark.parametrize("stamp", ["", "abc", "1e9", "-1", "１２３", "9" * 400, "\x00", str(float("inf"))])
def test_a_garbage_timestamp_is_an_answer_not_an_error(stamp: str) -> None:
    """The SDK raises here."""
    forged = {**headers(), "X-Slack-Request-Timestamp": stamp}
    assert not SignatureGate(SECRET).admits(BODY, forged, NOW)


@pytest.mark.parametrize("signature", ["", "v0=", "v0=00", "v1=" + "0" * 64, "é", "v0=" + "0" * 64])
def test_a_forged_signature_is_refused(signature: str) -> None:
    """Whatever it looks like."""
    assert not SignatureGate(SECRET).admits(BODY, {**headers(), "X-Slack-Signature": signature}, NOW)


def test_another_body_secret_or_no_headers() -> None:
    """The signature is over the raw body, by the right secret."""
    gate = SignatureGate(SECRET)
    assert not gate.admits(BODY + b" ", headers(), NOW)
    assert not gate.admits(BODY, headers(secret="another"), NOW)
    assert not gate.admits(BODY, {}, NOW)
    assert not gate.admits(b"\xff\xfe", headers(), NOW)
