"""The settings page: an administrator changes what the company chose, others only look, and nothing odd is stored."""

import re
from datetime import date

import httpx

from services.add_company import company_by_code
from services.change_company import company_settings
from services.report_balance import report_balance
from storage.companies import Company
from storage.database import Database, transaction
from tests.api.conftest import SignIn
from tests.api.sample import PASSWORD, Sample
from tests.api.support import fingerprint

OWN = "a sentence of my own"


async def _company(engine: Database) -> Company:
    return await company_by_code(engine, "SAMPLE")


async def _events(engine: Database, sample: Sample, verb: str) -> int:
    async with transaction(engine, sample.company_id) as session:
        rows = await session.exec_driver_sql("select count(*) from audit_event where verb = %(verb)s", {"verb": verb})
        return int(rows.scalar_one())


async def test_an_administrator_changes_what_the_company_chose(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """Each change is stored once, told in the trail, and taken back by an empty field."""
    client = await sign_in("ada")
    for name, value, kind in (
        ("country", "de", "text"), ("name", "Sample & Söhne", "text"), ("group_statements", "false", "data"),
        ("chasing", '{"pause": 7, "levels": [{"number": 1, "working_days": 4, "tone": "firm"}]}', "data"),
    ):  # fmt: skip
        for _ in range(2):
            answer = await client.post(f"/settings/company/{name}", data={"value": value, "kind": kind})
            assert answer.status_code == 303, answer.text
    await client.post("/settings/close", data={"working_day": "3", "form": "BALANCE_FORWARD"})
    chosen = company_settings(await _company(engine))
    assert (chosen["country"], chosen["name"], chosen["group_statements"]) == ("DE", "Sample & Söhne", False)
    assert chosen["close"] == {"working_day": 3, "form": "BALANCE_FORWARD"}
    assert await _events(engine, sample, "company_changed") == 5
    await client.post("/settings/company/chasing", data={"value": "", "kind": "data"})
    assert company_settings(await _company(engine))["chasing"] is None
    assert "Sample &amp; Söhne" in (await client.get("/settings?saved=name")).text


async def test_what_does_not_fit_is_refused_and_changes_nothing(sign_in: SignIn, engine: Database) -> None:
    """Unknown names, countries, policies and levels; each answer says an example."""
    client = await sign_in("ada")
    before = await fingerprint(engine)
    for name, value, kind in (
        ("colour", "red", "text"), ("country", "Atlantis", "text"), ("aging_policy", "weekly", "text"),
        ("name", " ", "text"), ("chasing", "[1]", "data"), ("chasing", "{", "data"),
        ("disputes", '{"hours": "x"}', "data"), ("group_statements", '"perhaps"', "data"),
    ):  # fmt: skip
        answer = await client.post(f"/settings/company/{name}", data={"value": value, "kind": kind})
        assert answer.status_code in (404, 422), (name, answer.status_code)
    assert (await client.post("/settings/close", data={"working_day": "40"})).status_code == 422
    aging = {"name": "default", "basis": "due_date", "credit_place": "netted", "bounds": "30 20"}
    assert (await client.post("/settings/aging", data=aging)).status_code == 422
    assert await fingerprint(engine) == before


async def test_a_published_aging_policy_is_what_balances_use(sign_in: SignIn, engine: Database) -> None:
    """New columns on the next balance, without a restart."""
    client = await sign_in("ada")
    body = {"name": "default", "basis": "document_date", "credit_place": "own_bucket", "bounds": "14，28"}
    assert (await client.post("/settings/aging", data=body)).status_code == 303
    company = await _company(engine)
    balance = await report_balance(engine, company, date(2026, 6, 30))
    assert {name for row in balance["currencies"].values() for name in row["buckets"]} == {
        "0-14",
        "15-28",
        "28+",
        "credits",
    }


async def test_a_person_is_added_changes_the_password_and_leaves(
    sign_in: SignIn, sample: Sample, client: httpx.AsyncClient
) -> None:
    """The first password works once changed only for whoever knows it; a leaver's session ends at once."""
    ada = await sign_in("ada")
    person = {
        "email": "new@sample.example",
        "name": "New Person",
        "language": "en",
        "password": PASSWORD,
        "role": "clerk",
    }
    assert (await ada.post("/settings/people", data=person)).status_code == 303
    newcomer = await sign_in("new")
    assert (await newcomer.post("/account/password", data={"present": "wrong", "wanted": OWN})).status_code == 422
    assert (await newcomer.post("/account/password", data={"present": PASSWORD, "wanted": "short"})).status_code == 422
    assert (await newcomer.post("/account/password", data={"present": PASSWORD, "wanted": OWN})).status_code == 303
    old = await client.post("/sign-in", data={"email": person["email"], "password": PASSWORD})
    assert old.status_code == 403
    roles = {"email": person["email"], "role": ["reviewer", "clerk"]}
    assert (await ada.post("/settings/people/roles", data=roles)).status_code == 303
    assert "reviewer" in (await newcomer.get("/api/v1/session")).text
    gone = {"email": person["email"], "sure": "yes"}
    assert (await ada.post("/settings/people/disable", data=gone)).status_code == 303
    assert (await newcomer.get("/inbox")).status_code in (303, 401)


async def test_others_look_but_do_not_change(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """A manager sees the choices without a form; a post is refused."""
    client = await sign_in("mary")
    page = (await client.get("/settings")).text
    assert not re.findall(r'action="/settings/(company|people|aging|close)', page)
    before = await fingerprint(engine)
    for path, data in (
        ("/settings/company/country", {"value": "DE"}), ("/settings/people/disable", {"email": "x", "sure": "yes"}),
        ("/settings/aging", {"name": "d", "basis": "due_date", "credit_place": "netted", "bounds": "0"}),
    ):  # fmt: skip
        assert (await client.post(path, data=data)).status_code == 403
    assert await fingerprint(engine) == before
