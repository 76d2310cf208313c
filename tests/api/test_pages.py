"""What the pages say, and the small changes that staff make on them."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from api.errors import status_of
from services.add_profile import add_profile
from services.settings import Settings
from storage.database import Database, transaction
from storage.page_lists import contact_rows, exception_counts
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.support import fill, fingerprint, routes_of
from words.refusal import Refusal

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "profiles"


async def test_every_page_reads_in_both_languages(app: FastAPI, sample: Sample, sign_in: SignIn) -> None:
    """The language of the page follows the switch."""
    client = await sign_in("alice")
    for path in routes_of(app, "GET"):
        if (
            path in ("/", "/sign-in")
            or path.startswith(("/api/", "/metrics", "/healthz", "/readyz", "/portal/"))  # the last asks for a visit
            or path.endswith(("/body", "{kind}", "template", "/board"))
        ):
            continue
        for language, tag in (("zh", 'lang="zh-CN"'), ("en", 'lang="en"')):
            answer = await client.get(fill(path, sample), params={"lang": language}, follow_redirects=True)
            if "text/html" in answer.headers["content-type"]:
                assert f"<html {tag}>" in answer.text, path


async def test_a_statement_shows_its_figures_checks_and_timeline(sign_in: SignIn, sample: Sample) -> None:
    """One set of figures under page and content."""
    client = await sign_in("alice")
    page = (await client.get(f"/statements/{sample.statements[0]}")).text
    for figure in ("1,567.50", "840.50", "-90.00", "2,318.00", "1,158.00"):
        assert figure in page
    assert "Opening + movements = closing" in page
    assert "Submitted for review" in page
    filtered = (await client.get(f"/statements/{sample.statements[0]}?q=INV-002")).text
    assert "INV-001" not in filtered


async def test_a_changed_address_ends_the_contacts_open_links(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """A link mailed to the old address opens nothing any more; the missing-address task is done."""
    client = await sign_in("chen")
    assert (await client.get(f"/s/{sample.answer_token}")).status_code == 200
    address = f"/customers/{sample.customers[2]}/contacts/{sample.contact_ids[2]}"
    values = {"name": "李会计", "email": "new@customer.example", "language": "zh", "purpose": "statement"}
    assert (await client.post(address, data=values)).status_code == 303
    assert (await client.get(f"/s/{sample.answer_token}")).status_code == 404
    async with transaction(engine, sample.company_id) as session:
        rows = await contact_rows(session, sample.company_id, sample.customers[2])
    assert rows[0]["email"] == "new@customer.example"
    assert "No address on record" not in (await client.get("/exceptions?lang=en")).text
    reviewer = await sign_in("alice")
    assert (await reviewer.post(address, data=values)).status_code == 403


async def test_a_refused_row_is_set_aside_with_a_reason(sign_in: SignIn, sample: Sample, engine: Database) -> None:
    """Without a reason nothing happens; with one it leaves the list and stays on record."""
    client = await sign_in("chen")
    address = f"/exceptions/{sample.records[0]}/discard"
    assert (await client.post(address, data={"reason": " "})).status_code == 422
    assert (await client.post(address, data={"reason": "test row"})).status_code == 303
    assert (await client.post(address, data={"reason": "test row"})).status_code == 409
    async with transaction(engine, sample.company_id) as session:
        assert await exception_counts(session, sample.company_id) == {"rejected": 1}


async def test_findings_are_assigned_and_closed_by_officers(sign_in: SignIn, sample: Sample) -> None:
    """Owner and due date show; a reviewer may not."""
    values = {"owner": str(sample.people["Alice Reviewer"]), "due": "2026-09-01"}
    address = f"/compliance/{sample.findings[0]}"
    officer, reviewer = await sign_in("colin"), await sign_in("alice")
    assert (await reviewer.post(f"{address}/assign", data=values)).status_code == 403
    assert (await officer.post(f"{address}/assign", data=values)).status_code == 303
    assert "1 Sept 2026" in (await officer.get("/compliance?lang=en")).text
    closed = await officer.post(f"{address}/close", data={"ending": "fixed", "reason": "seen to"})
    assert closed.status_code == 303


async def test_caught_messages_are_for_systems_without_servers(app: FastAPI, sign_in: SignIn) -> None:
    """With a mail server set the viewer is gone."""
    client = await sign_in("alice")
    assert (await client.get("/dev/mail")).status_code == 200
    body = await client.get("/dev/mail/1/body")
    assert "sandbox" in body.headers["content-security-policy"]
    settings: Settings = app.state.house.settings
    settings.smtp_url = "smtp://127.0.0.1:25"
    assert (await client.get("/dev/mail")).status_code == 404


def _kinds(base: type[Refusal]) -> list[type[Refusal]]:
    found = []
    for kind in base.__subclasses__():
        found += [kind, *_kinds(kind)]
    return found


@pytest.mark.parametrize("kind", _kinds(Refusal), ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_status(kind: type[Refusal]) -> None:
    """By the habit of its code or by name."""
    made = kind.__new__(kind)
    assert status_of(made) in (403, 404, 409, 410, 422, 429)


async def test_a_file_that_is_refused_leaves_the_form_in_place(
    sign_in: SignIn, sample: Sample, engine: Database
) -> None:
    """What, which file and what now stand above the form; nothing is stored. A mistyped profile is told there too."""
    await add_profile(engine, "standard", (EXAMPLES / "standard.toml").read_text(encoding="utf-8"))
    client = await sign_in("chen")
    before = await fingerprint(engine)
    for name, content, profile in (
        ("noise.csv", b"\xff\x00\xfe\x81" * 50, "standard"), ("page.xlsx", b"<html></html>", "standard"),
        ("empty.csv", b"", "standard"), ("mistyped", b"a,b", "mistyped"),
    ):  # fmt: skip
        answer = await client.post("/imports?lang=zh", data={"profile": profile}, files={"upload": (name, content)})
        assert answer.status_code == 422, (name, answer.status_code)
        assert name in answer.text.split('role="alert"')[1].split("</div>")[0]
        assert 'name="upload"' in answer.text
    assert await fingerprint(engine) == before
