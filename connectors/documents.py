"""What to do with a source document that is already here: the same, grown, changed, older, or in conflict.

Files overlap and are cut at will, so a document of many lines may arrive in parts; a corrected one must not be
billed twice. Pure: takes two views of one document, gives a verdict.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

CUT_MARK = "~"
"""Leads the stored digests of a document that touched the first or last row of its file: the rest may follow."""


class Verdict(StrEnum):
    """What the comparison found."""

    SAME = "same"
    CHANGED = "document_changed"
    GREW = "document_grew"
    OLDER = "revision_old"
    CONFLICT = "document_conflict"


@dataclass(frozen=True, slots=True)
class Document:
    """One side. Exact `amount` in minor units with its `residue`; `lines` are digests, `line_amounts` only if new."""

    customer: str
    currency: str
    kind: str
    document_date: date
    due_date: date | None
    amount: int
    residue: int
    disputed: int
    revision: int | None
    lines: tuple[str, ...] | None = None
    cut: bool = False
    line_amounts: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict and, when the document grew, the places in `lines` of the new side that are not yet here."""

    verdict: Verdict
    added: tuple[int, ...] = ()


def judge(old: Document, new: Document) -> Judgement:
    """Compares what is here with what came."""
    if new.revision is not None and old.revision is not None and new.revision != old.revision:
        return Judgement(Verdict.CHANGED if new.revision > old.revision else Verdict.OLDER)
    if (old.customer, old.currency, old.kind) != (new.customer, new.currency, new.kind):
        return Judgement(Verdict.CONFLICT)
    if old.lines is not None and new.lines is not None:
        return _judge_lines(old.lines, new.lines, may_continue=old.cut and new.cut)
    if (old.amount, old.residue) != (new.amount, new.residue):
        return Judgement(Verdict.CONFLICT)
    same = (old.document_date, old.due_date, old.disputed) == (new.document_date, new.due_date, new.disputed)
    return Judgement(Verdict.SAME if same else Verdict.CHANGED)


def _judge_lines(old: tuple[str, ...], new: tuple[str, ...], *, may_continue: bool) -> Judgement:
    if _renumbered(old, new):
        return Judgement(Verdict.CONFLICT)
    here = Counter(old)
    added = []
    for place, line in enumerate(new):
        if here[line] > 0:
            here[line] -= 1
        else:
            added.append(place)
    if not added:
        return Judgement(Verdict.SAME)
    only_here = sum(here.values()) > 0
    if only_here and not (_numbered(new) or may_continue):
        return Judgement(Verdict.CONFLICT)
    return Judgement(Verdict.GREW, tuple(added))


def _numbered(lines: tuple[str, ...]) -> bool:
    return all("=" in line for line in lines)


def _renumbered(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether one line number carries two contents."""
    if not (_numbered(old) and _numbered(new)):
        return False
    known = dict(line.split("=", 1) for line in old)
    return any(known.get(number, digest) != digest for number, digest in (line.split("=", 1) for line in new))


def stored_lines(lines: tuple[str, ...], *, cut: bool) -> str:
    """The digests as `open_item.lines` keeps them."""
    return (CUT_MARK if cut else "") + " ".join(sorted(lines))


def loaded_lines(text: str | None) -> tuple[tuple[str, ...] | None, bool]:
    """The digests and whether the document was cut, from `open_item.lines`."""
    if text is None:
        return None, False
    return tuple(text.removeprefix(CUT_MARK).split()), text.startswith(CUT_MARK)
