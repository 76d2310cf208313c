"""The JSON API: keyset pages, problems as RFC 9457, keys for changes."""

import httpx

from tests.api.conftest import SignIn
from tests.api.sample import Sample


async def test_statements_page_by_page(sign_in: SignIn, sample: Sample) -> None:
    """`after` walks through all of them once; amounts are text."""
    client = await sign_in("alice")
    seen: list[str] = []
    after = ""
    while True:
        answer = (await client.get(f"/api/v1/companies/SAMPLE/statements?limit=2{after}")).json()
        seen += [row["id"] for row in answer["statements"]]
        if answer["after"] is None:
            break
        after = f"&after={answer['after']}"
    assert sorted(seen) == sorted(str(one) for one in sample.statements)
    one = (await client.get(f"/api/v1/companies/SAMPLE/statements/{seen[0]}")).json()
    assert one["closing"] == one["content"]["closing"]
    assert isinstance(one["closing"], str)


async def test_problems_are_rfc_9457(sign_in: SignIn) -> None:
    """Status, code and remedy, in the asked language."""
    client = await sign_in("alice")
    answer = await client.get("/api/v1/companies/NOBODY/statements", headers={"Accept-Language": "zh"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == 404
    assert body["code"] == "page_unknown"


async def test_decisions_need_a_key_and_repeat_it_safely(sign_in: SignIn, sample: Sample) -> None:
    """Without a key 422; the same key twice is one decision; the same key for another question is 422 too."""
    client = await sign_in("alice")
    cards = (await client.get("/api/v1/companies/SAMPLE/approvals")).json()["approvals"]
    card = next(one for one in cards if one["request_id"] == str(sample.requests[0]))
    address = f"/api/v1/companies/SAMPLE/approvals/{card['request_id']}/decisions"
    body = {"command": "approve", "round": card["round"], "stage": card["stage"], "digest": card["digest"]}
    assert (await client.post(address, json=body)).status_code == 422
    first = await client.post(address, json=body, headers={"Idempotency-Key": "k1"})
    again = await client.post(address, json=body, headers={"Idempotency-Key": "k1"})
    assert first.status_code == again.status_code == 200
    assert again.json()["replayed"] is True
    other = await client.post(address, json=body | {"command": "reject"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422


async def test_an_upload_needs_a_role(sign_in: SignIn) -> None:
    """A reviewer imports nothing."""
    client = await sign_in("alice")
    answer = await client.post(
        "/api/v1/companies/SAMPLE/imports", files={"upload": ("a.csv", b"a,b\n1,2\n")}, data={"profile": "ibm-ar"},
        headers={"Idempotency-Key": "k2"},
    )  # fmt: skip
    assert answer.status_code == 403
    assert answer.json()["code"] == "role_missing"


async def test_balance_and_openapi(sign_in: SignIn, client: httpx.AsyncClient) -> None:
    """The document names the routes; balances are those of the command line."""
    document = (await client.get("/api/v1/openapi.json")).json()
    assert "/api/v1/companies/{code}/statements" in document["paths"]
    clerk = await sign_in("chen")
    balance = (await clerk.get("/api/v1/companies/SAMPLE/balance?as_of=2026-06-30")).json()
    assert balance["currencies"]["USD"]["open"]
