"""Asking for a waiver on the pages: who may, what they are led to, and who cannot decide it."""

from uuid import UUID

from services.waiver_subjects import TIE_OUT_CHECK
from storage.database import Database, transaction
from storage.findings import NewFinding, find_finding, keep_finding, list_findings
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.test_decisions import _card

FACTS = {
    "period": "2026-06", "equation": "subledger_is_control_account", "currency": "CNY", "left": "900600.00",
    "right": "900600.01", "difference": "-0.01",
}  # fmt: skip


async def difference_of(engine: Database, sample: Sample) -> UUID:
    """A difference at the gate of the sample's run."""
    async with transaction(engine, sample.company_id) as session:
        new = NewFinding(TIE_OUT_CHECK, "run", str(sample.run_id), "breach", "tie_out_difference", FACTS, "tie_out/1")
        await keep_finding(session, sample.company_id, new)
        found = await list_findings(session, sample.company_id, checks=[TIE_OUT_CHECK])
    return found[0].id


async def test_a_clerk_asks_and_two_others_waive_a_difference(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """From the exceptions to the request; the administrator may not ask."""
    finding_id = await difference_of(engine, sample)
    address = f"/exceptions/differences/{finding_id}/waiver"
    clerk, administrator = await sign_in("chen"), await sign_in("ada")
    assert (await administrator.post(address, data={"reason": "no"})).status_code == 403
    assert address in (await clerk.get("/exceptions")).text
    asked = await clerk.post(address, data={"reason": "rounding of the source"})
    assert asked.status_code == 303
    request = await clerk.get(asked.headers["location"], params={"lang": "en"})
    assert "Waiver of a tie-out difference in 2026-06" in request.text
    assert "rounding of the source" in request.text
    assert asked.headers["location"] in (await clerk.get("/exceptions")).text
    for who in ("mary", "bob"):
        client = await sign_in(who)
        fields = _card((await client.get("/inbox")).text, asked.headers["location"].rpartition("/")[2])
        decided = await client.post("/inbox", data=fields | {"decision": "approve", "comment": "seen"})
        assert decided.status_code == 303
    async with transaction(engine, sample.company_id) as session:
        found = await find_finding(session, sample.company_id, finding_id)
    assert found is not None
    assert found.status == "waived"


async def test_an_officer_asks_to_waive_a_finding(sign_in: SignIn, sample: Sample) -> None:
    """It stays open, and the page leads to the request instead of asking twice."""
    officer = await sign_in("colin")
    address = f"/compliance/{sample.findings[0]}/close"
    asked = await officer.post(address, data={"ending": "waived", "reason": "they telephoned"})
    assert asked.status_code == 303
    page = (await officer.get("/compliance")).text
    assert asked.headers["location"] in page
    assert page.count('value="waived"') == 1
