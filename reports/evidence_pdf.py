"""Draws the evidence of one approval as PDF/A-3a with its JSON inside; equal evidence gives equal bytes."""

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from ledger.canonical import canonical_json, sha256_hex
from reports.fonts import drawable_characters, font_folder
from words.catalog import translate
from words.figures import moment_text

_TEMPLATE = Path(__file__).parent / "templates" / "evidence.typ"

NOT_DRAWABLE = "〓"
"""Stands where the fonts lack a character of somebody's name or comment; the JSON inside has the text itself."""

_local = threading.local()
"""Typst's compiler cannot be shared between threads."""


def render_evidence(evidence: dict[str, Any], act_names: dict[str, str], language: str) -> bytes:
    """The PDF of `services.approval_evidence`'s document; `act_names` are English words for the kinds of act."""
    content = canonical_json(evidence)
    view = _view(evidence, act_names, language) | {"digest": sha256_hex(content)}
    drawn = _compiler().compile(
        sys_inputs={"view": _drawable(json.dumps(view, ensure_ascii=False)), "content": content},
        format="pdf", pdf_standards=["a-3a", "ua-1"],
        timestamp=int(datetime.fromisoformat(evidence["acts"][-1]["at"]).timestamp()),
    )  # fmt: skip
    assert isinstance(drawn, bytes)  # noqa: S101 - a PDF is one file
    return drawn


def _compiler() -> typst.Compiler:
    if not hasattr(_local, "compiler"):
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])
        _local.compiler = typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent), font_paths=fonts)
    made: typst.Compiler = _local.compiler
    return made


def _drawable(text: str) -> str:
    known = drawable_characters()
    return "".join(letter if letter in known or letter == "\n" else NOT_DRAWABLE for letter in text)


def _view(evidence: dict[str, Any], act_names: dict[str, str], language: str) -> dict[str, Any]:
    zone = evidence["company"]["timezone"]

    def word(sentence: str, **values: object) -> str:
        return translate(sentence, language, **values)

    def at(moment: str | None) -> str:
        return moment_text(datetime.fromisoformat(moment), language, zone) if moment else ""

    policy = evidence["policy"]
    return {
        "lang": language, "company": evidence["company"]["name"], "title": evidence["title"],
        "heading": word("Evidence of an approval"), "number": evidence["id"], "attachment": word("The same as data"),
        "lines": [
            [word("Outcome"), word(evidence["state"])], [word("Opened at"), at(evidence["opened_at"])],
            [word("Closed at"), at(evidence["closed_at"])], [word("Submitted by"), evidence["submitted_by"] or "–"],
            [word("What was approved (SHA-256)"), evidence["digest"]],
            [word("Policy"), f"{policy['name']} v{policy['version']} · {policy['sha256']}"],
            [word("Chain of hashes"), word("whole") if evidence["chain_holds"] else word("broken")],
            *([word(one["label"]), one["value"]] for one in evidence["figures"]),
        ],
        "policy_heading": word("The policy in words"), "policy": policy["words"],
        "votes_heading": word("Decisions"),
        "votes_head": [word("Stage"), word("Decision"), word("Who"), word("At"), word("How"), word("Comment")],
        "votes": [
            [word(stage["name"]), word(vote["choice"]), _who(vote, word), at(vote["at"]),
             f"{vote['channel']} · {vote['assurance']}", vote["comment"]]
            for stage in evidence["stages"] for vote in stage["votes"]
        ],
        "acts_heading": word("Every act"),
        "acts_head": ["#", word("Act"), word("Who"), word("At"), word("Digest seen"), word("Hash")],
        "acts": [
            [str(act["number"]), word(act_names.get(act["kind"], act["kind"])), _who(act, word), at(act["at"]),
             act["digest"][:16], act["hash"][:16]]
            for act in evidence["acts"]
        ],
        "check": evidence["how_to_check"],
    }  # fmt: skip


def _who(one: dict[str, Any], word: Any) -> str:  # noqa: ANN401 - a function of words
    if not one["by"]:
        return str(word("the system"))
    return one["by"] if one["for"] in ("", one["by"]) else f"{one['by']} {word('for {name}', name=one['for'])}"
