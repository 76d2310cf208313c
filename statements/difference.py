"""What changed between two versions of one statement, typed: what a reissue shows to whoever answered the first."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ledger.canonical import Json

Content = Mapping[str, Any]
"""Canonical content of a statement: strings, whole numbers, lists and maps."""

TOTALS = ("opening", "debits", "credits", "closing", "overdue")
_FIELDS = ("amount", "open", "due_date", "document_date", "disputed")


def difference(old: Content, new: Content) -> dict[str, Json]:
    """Totals with before, after and change; lines whose `type` is added, removed or the field that changed; buckets.

    What did not change is not there.
    """
    return {
        "from": old["number"],
        "to": new["number"],
        "totals": {name: _amounts(old[name], new[name]) for name in TOTALS if old[name] != new[name]},
        "lines": list(_line_changes(old, new)),
        "aging": list(_aging_changes(old, new)),
    }


def is_empty(found: Mapping[str, Json]) -> bool:
    """Whether the two versions say the same."""
    return not (found["totals"] or found["lines"] or found["aging"])


def _amounts(before: str, after: str) -> dict[str, Json]:
    return {"before": before, "after": after, "change": f"{Decimal(after) - Decimal(before):f}"}


def _line_changes(old: Content, new: Content) -> Iterator[dict[str, Json]]:
    before, after = _lines(old), _lines(new)
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in before or key not in after:
            line = after.get(key) or before[key]
            yield {"type": "added" if key in after else "removed", **_name(line), "amount": line["open"]}
            continue
        for field in _FIELDS:
            if before[key][field] != after[key][field]:
                yield {
                    "type": f"{field}_changed",
                    **_name(after[key]),
                    "before": before[key][field],
                    "after": after[key][field],
                }


def _lines(content: Content) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """By what a document is for people: a corrected document is another item under the same number."""
    lines = [*content["lines"], *content["unapplied"]["lines"]]
    keyed: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for line in lines:
        key = (line["section"], line["account"], line["kind"], line["number"])
        keyed[key if key not in keyed else (*key, line["item_id"])] = line
    return keyed


def _name(line: Mapping[str, Any]) -> dict[str, Json]:
    return {"section": line["section"], "account": line["account"], "kind": line["kind"], "number": line["number"]}


def _aging_changes(old: Content, new: Content) -> Iterator[dict[str, Json]]:
    before = {bucket["bucket"]: bucket["amount"] for bucket in old["aging"]}
    after = {bucket["bucket"]: bucket["amount"] for bucket in new["aging"]}
    for label in [*before, *(label for label in after if label not in before)]:
        if before.get(label, "0") != after.get(label, "0"):
            yield {"bucket": label, **_amounts(before.get(label, "0"), after.get(label, "0"))}
