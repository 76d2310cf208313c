"""`tieout approvals` and `tieout user`: one JSON document each, refusals with a remedy, every sentence in Chinese."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from approvals import refusals
from approvals.default_policy import default_policies
from approvals.explain import explain
from approvals.policy import parse_policy
from approvals.refusals import ApprovalRefusal
from console.main import app
from services import add_user, decide_approval, handle_slack_action, publish_policy, show_inbox
from services.add_company import company_by_code
from services.open_approvals import open_statement_approval
from storage.database import engine_for, transaction
from tests.support.approval_samples import write_statement
from words.catalog import chinese
from words.refusal import Refusal

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch, database: str, tmp_path: Path) -> None:
    """The commands work on the test's database and in a home of their own."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    monkeypatch.setenv("TIEOUT_NEW_PASSWORD", "a long enough sentence")


def _json(*arguments: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*arguments, "--company", "ACME", "--json"])
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def _refused(*arguments: str) -> str:
    result = RUNNER.invoke(app, [*arguments, "--company", "ACME", "--json"])
    assert result.exit_code == 2, result.output
    error: dict[str, Any] = json.loads(result.stderr)["error"]
    assert error["remedy"]
    return str(error["code"])


async def _submit(url: str) -> str:
    engine = engine_for(url)
    company = await company_by_code(engine, "ACME")
    async with transaction(engine, company.id) as session:
        statement = await write_statement(session, company.id, "C1", 80_000_00)
        request_id = await open_statement_approval(session, company.id, statement)
    await engine.dispose()
    return str(request_id)


def test_a_request_on_the_command_line(database: str, tmp_path: Path) -> None:
    """Listed for whom it waits, refused to others, rejected with a reason, shown with its trail."""
    made = RUNNER.invoke(
        app, ["company", "add", "ACME", "--name", "Acme", "--currency", "CNY", "--timezone", "Asia/Shanghai"]
    )
    assert made.exit_code == 0
    for name, role in (("alice", "reviewer"), ("carl", "clerk")):
        assert _json("user", "add", f"{name}@acme.example", "--name", name, "--role", role)["id"]
    request = asyncio.run(_submit(database))
    waiting = _json("approvals", "list", "--as", "alice@acme.example")["requests"]
    assert [one["id"] for one in waiting] == [request]
    assert _json("approvals", "list", "--as", "carl@acme.example")["requests"] == []
    assert _refused("approvals", "approve", request, "--as", "carl@acme.example") == "not_a_candidate"
    assert _refused("approvals", "approve", request, "--as", "nobody@acme.example") == "user_unknown"
    assert _refused("approvals", "reject", request, "--as", "alice@acme.example") == "comment_required"
    answer = _json("approvals", "reject", request, "--as", "alice@acme.example", "--comment", "wrong customer")
    assert answer["state"] == "rejected"
    shown = _json("approvals", "show", request)
    assert (shown["state"], shown["reason"], shown["chain_holds"]) == ("rejected", "wrong customer", True)
    assert _json("approvals", "list", "--state", "rejected")["requests"][0]["id"] == request
    simulated = _json("approvals", "simulate", "statements", "--facts", '{"currency": "CNY", "closing_whole": 9}')
    assert simulated["simulated"]["outcome"] == "asked"
    broken = tmp_path / "policy.json"
    broken.write_text('{"name": "x"}')
    assert _refused("approvals", "simulate", str(broken)) == "policy_invalid"
    assert _json("user", "roles", "alice@acme.example", "--role", "manager")["roles"] == ["manager"]
    assert _json("user", "disable", "alice@acme.example")["email"] == "alice@acme.example"


def test_every_refusal_of_approvals_speaks_chinese() -> None:
    """Sentence and remedy."""
    modules = (refusals, add_user, decide_approval, handle_slack_action, publish_policy, show_inbox)
    kinds = [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind not in {Refusal, ApprovalRefusal}
    ]
    assert len(kinds) > 25
    for kind in kinds:
        assert kind.sentence in chinese(), kind.sentence
        assert kind.remedy in chinese(), kind.remedy


def test_a_policy_is_explained_in_chinese_and_english() -> None:
    """Every sentence, without a stray word of the other language."""
    for document in default_policies():
        policy = parse_policy(document)
        english, zh = explain(policy, "en"), explain(policy, "zh")
        assert len(english) == len(zh)
        for one, other in zip(english, zh, strict=True):
            assert one.isascii()
            assert any("一" <= letter <= "鿿" for letter in other), other


def test_a_policy_from_a_file_is_published_by_another(database: str, tmp_path: Path) -> None:
    """TOML in, a draft out; the drafter and a reviewer are refused; then it is the policy in force."""
    RUNNER.invoke(app, ["company", "add", "ACME", "--name", "Acme", "--currency", "CNY", "--timezone", "Asia/Shanghai"])
    for name, role in (("mona", "manager"), ("dora", "compliance"), ("alice", "reviewer")):
        _json("user", "add", f"{name}@acme.example", "--name", name, "--role", role)
    file = tmp_path / "policy.toml"
    file.write_text(
        'name = "statements"\nsubjects = ["statement"]\n[[stages]]\nname = "one"\nseats = [["role:manager"]]\n'
    )
    draft = _json("approvals", "draft", str(file), "--as", "mona@acme.example")["policy"]
    assert _refused("approvals", "publish", draft, "--as", "mona@acme.example") == "second_person_needed"
    assert _refused("approvals", "publish", draft, "--as", "alice@acme.example") == "editor_needed"
    assert _json("approvals", "publish", draft, "--as", "dora@acme.example")["state"] == "published"
    told = _json("approvals", "simulate", "statements")
    assert "Stage 1, one: one manager." in told["words"]
    file.write_text("name = ")
    assert _refused("approvals", "draft", str(file), "--as", "mona@acme.example") == "policy_invalid"
