"""Policies that two people change, and absences that a person gives and ends."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from approvals.default_policy import statement_policy
from storage.database import Database, transaction
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.support import fingerprint

TOML = """
name = "statements"
subjects = ["statement", "statement_batch"]
[[stages]]
name = "review"
seats = [["role:reviewer"], ["role:manager"]]
"""


async def test_a_policy_is_tried_drafted_and_published_by_another(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """Trying keeps nothing; the drafter is refused; open requests keep their version."""
    mary, colin = await sign_in("mary"), await sign_in("colin")
    before = await fingerprint(engine)
    tried = await mary.post("/policies", data={"text": TOML, "facts": '{"closing_whole": 9}'}, params={"lang": "en"})
    assert tried.status_code == 200
    assert "Stage 1, review: one reviewer, one manager." in tried.text
    assert "2 of 2 requests would have gone another way." in tried.text
    assert await fingerprint(engine) == before
    kept = await mary.post("/policies", data={"text": TOML, "act": "keep"})
    assert kept.status_code == 303
    async with transaction(engine, sample.company_id) as session:
        query = "select id from approval_policy where state = 'draft'"
        draft = (await session.execute(text(query))).scalar_one()
    assert "Another person has to publish it." in (await mary.get("/policies", params={"lang": "en"})).text
    assert (await mary.post(f"/policies/{draft}/publish")).status_code == 403
    assert (await colin.post(f"/policies/{draft}/publish")).status_code == 303
    assert (await colin.post(f"/policies/{draft}/publish")).status_code == 409
    async with transaction(engine, sample.company_id) as session:
        rows = await session.execute(
            text("select state from approval_policy where name = 'statements' order by version")
        )
        assert rows.scalars().all() == ["retired", "published"]
        rows = await session.execute(text("select distinct policy_id from approval_request"))
        assert draft not in rows.scalars().all()
    chosen = await colin.get("/policies", params={"edit": str(draft)})
    assert "role:manager" in chosen.text


async def test_a_policy_that_is_none_and_one_with_faults(sign_in: SignIn) -> None:
    """What is wrong is said in words, and the text is not lost; a reviewer may look and not write."""
    mary, alice = await sign_in("mary"), await sign_in("alice")
    for broken in ("{", "name = ", '{"name": "x", "subjects": ["statement"], "stages": []}'):
        answer = await mary.post("/policies", data={"text": broken}, params={"lang": "en"})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    document = {**statement_policy(), "stages": [{"name": "x", "seats": [["role:nobody"]]}]}
    faulty = await mary.post("/policies", data={"text": json.dumps(document)}, params={"lang": "en"})
    assert "Stage 1: for 1 of its seats nobody is there." in faulty.text
    assert "role:nobody" in faulty.text.split("<textarea")[1]
    assert (await alice.get("/policies")).status_code == 200
    assert (await alice.post("/policies", data={"text": TOML})).status_code == 403


async def test_an_absence_lets_a_colleague_decide_until_it_ends(sign_in: SignIn, sample: Sample) -> None:
    """From the first instant, for the chosen kinds, until the person is back; the card says for whom."""
    alice, mary = await sign_in("alice"), await sign_in("mary")
    shown = f'id="r-{sample.requests[0]}"'
    assert shown not in (await mary.get("/inbox")).text
    values = {"delegate": str(sample.people["Mary Manager"]), "start": "2020-01-01T00:00", "end": "2020-12-31T00:00"}
    assert (await alice.post("/absence", data=values)).status_code == 303
    assert shown not in (await mary.get("/inbox")).text
    refused = await alice.post("/absence", data=values | {"end": "2019-01-01T00:00"})
    assert refused.status_code == 422
    assert (
        await alice.post("/absence", data=values | {"delegate": str(sample.people["Alice Reviewer"])})
    ).status_code == 404
    now = {"delegate": values["delegate"], **_around_now()}
    assert (await alice.post("/absence", data=now | {"kind": "tie_out_waiver"})).status_code == 303
    assert shown not in (await mary.get("/inbox")).text
    assert (await alice.post("/absence", data=now)).status_code == 303
    inbox = (await mary.get("/inbox", params={"lang": "en"})).text
    assert shown in inbox
    assert "for Alice Reviewer" in inbox
    page = (await alice.get("/absence", params={"lang": "en"})).text
    assert "everything" in page
    for address in [part.split('"')[0] for part in page.split('action="')[1:] if part.startswith("/absence/")]:
        assert (await mary.post(address)).status_code == 404
        assert (await alice.post(address)).status_code == 303
    assert shown not in (await mary.get("/inbox")).text


def _around_now() -> dict[str, str]:
    """An interval of a year's length at most that holds the present, whenever the test runs."""
    now = datetime.now(ZoneInfo("Asia/Shanghai")).replace(second=0, microsecond=0, tzinfo=None)
    day = timedelta(days=1)
    return {"start": (now - day).isoformat(timespec="minutes"), "end": (now + day).isoformat(timespec="minutes")}
