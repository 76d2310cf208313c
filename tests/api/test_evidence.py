"""The evidence of one request: as PDF with its data inside, and as JSON that proves itself."""

import hashlib
import json
from io import BytesIO

import pypdf
import pytest

from ledger.canonical import canonical_json
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.test_request_page import send
from tests.reports.readers import pdf_text


def chain_holds(evidence: dict[str, object]) -> bool:
    """Recomputes every hash from the export alone, as it says how."""
    previous = "0" * 64
    acts = evidence["acts"]
    assert isinstance(acts, list)
    for act in acts:
        parts = {
            "actor": act["actor_id"], "assurance": act["assurance"], "authority": act["authority_id"],
            "channel": act["channel"], "event": act["event"], "key": act["key"], "number": act["number"],
            "previous": previous, "request": evidence["id"],
        }  # fmt: skip
        if act["hash"] != hashlib.sha256(canonical_json(parts).encode()).hexdigest():
            return False
        previous = act["hash"]
    return bool(acts)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_evidence_proves_itself_and_the_pdf_carries_it(sign_in: SignIn, sample: Sample, language: str) -> None:
    """Who, for whom, how, what was seen, under which version; an edit of one comment is found."""
    request_id = sample.requests[0]
    alice = await sign_in("alice")
    await send(alice, request_id, "ask_opinion", person=str(sample.people["Bob Reviewer"]), comment="𠮷 seen?")
    address = f"/approvals/{request_id}/evidence"
    data = await alice.get(f"{address}/json", params={"lang": language})
    evidence = json.loads(data.content)
    assert chain_holds(evidence)
    assert evidence["policy"]["document"]["name"] == "statements"
    assert [act["kind"] for act in evidence["acts"]] == ["Submitted", "StageOpened", "OpinionAsked"]
    forged = json.loads(data.content.decode().replace("𠮷 seen?", "unseen"))
    assert not chain_holds(forged)
    drawn = await alice.get(f"{address}/pdf", params={"lang": language})
    assert drawn.headers["content-type"] == "application/pdf"
    assert {"en": "Evidence of an approval", "zh": "审批证据"}[language] in pdf_text(drawn.content)
    assert pypdf.PdfReader(BytesIO(drawn.content)).attachments["evidence.json"][0] == data.content
    assert (await alice.get(f"{address}/docx")).status_code == 404
