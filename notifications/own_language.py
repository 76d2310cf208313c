"""The language of a company's own wording: the harmless part of Jinja, held by its syntax and again by a sandbox.

A text may show values, ask about them and go through a list of them. It cannot call anything but the helpers named
here, do arithmetic, keep variables, nest loops or load other texts; so its length in time and space is the data's.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.messages import mrkdwn, safe_link

SOURCE_MOST = 20_000
"""Characters of one part: ten pages, more than anybody reads in a mail."""

OUTPUT_MOST = 200_000
"""Characters of one part when it is filled in: mail programs cut off longer mails at about half of that."""

SECONDS_MOST = 1.0
"""Processor time of one part; the longest list of a message takes some hundredths."""

DEPTH_MOST = 40
"""Of conditions and lists within each other; deeper texts overflow the compiler before anybody understands them."""

KEPT = 500
"""Compiled texts that a process remembers: versions never change, and companies have tens of them."""

HELPERS = ("amount", "bucket", "button", "day", "gathered", "label", "money", "outcome", "resolution", "t")

_FILTERS: dict[str, Callable[..., Any]] = {
    name: ImmutableSandboxedEnvironment().filters[name]
    for name in ("default", "first", "join", "last", "length", "lower", "title", "trim", "upper")
} | {"safe_link": safe_link}

_TESTS = ("defined", "none", "undefined")

_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.Const, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.CondExpr, nodes.Keyword,
)  # fmt: skip

_FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What a text that was accepted can still do when it meets real values."""


_NO_VALUE = re.compile(r"has no attribute '(\w+)'")


class WordingFailedError(Exception):
    """A text cannot be told; `sentence` is English with {places}, `values` fill them."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values))
        self.sentence, self.values = sentence, values


def fill(source: str, part: str, names: Mapping[str, object]) -> str:
    """The text with its values. `part`: subject, text, html or slack, which say how values are escaped."""
    compiled = _compiled(source, part)
    try:
        return "".join(_limited(compiled.generate(names)))
    except _FAILURES as error:
        unknown = _NO_VALUE.search(str(error)) if isinstance(error, UndefinedError) else None
        if unknown:
            raise WordingFailedError("There is no value “{name}”.", name=unknown[1]) from error
        raise WordingFailedError("It cannot be filled in: {reason}", reason=_reason(error)) from error


def _limited(pieces: Iterator[str]) -> Iterator[str]:
    length, until = 0, time.thread_time() + SECONDS_MOST
    for piece in pieces:
        length += len(piece)
        if length > OUTPUT_MOST:
            raise WordingFailedError("It becomes longer than {most} characters.", most=OUTPUT_MOST)
        if time.thread_time() > until:
            raise WordingFailedError("It takes longer than {most} seconds.", most=SECONDS_MOST)
        yield piece


@lru_cache(maxsize=KEPT)
def _compiled(source: str, part: str) -> Template:
    if len(source) > SOURCE_MOST:
        raise WordingFailedError("It is longer than {most} characters.", most=SOURCE_MOST)
    environment = _ENVIRONMENTS[part]
    try:
        _allow(environment.parse(source), frozenset({"c", "lang"}), 0, looping=False)
        return environment.from_string(source)
    except (TemplateError, RecursionError, MemoryError) as error:
        raise WordingFailedError("It cannot be read: {reason}", reason=_reason(error)) from error


def _reason(error: Exception) -> str:
    told = str(error).splitlines()[0] if str(error) else type(error).__name__
    return told.rpartition("<locals>.")[2]


def _allow(node: nodes.Node, names: frozenset[str], depth: int, *, looping: bool) -> None:
    """Raises WordingFailedError for whatever is not in the language."""
    if depth > DEPTH_MOST:
        raise WordingFailedError("It is nested too deeply.")
    if isinstance(node, nodes.For):
        if looping:
            raise WordingFailedError("A list within a list is not possible.")
        if not isinstance(node.target, nodes.Name) or not isinstance(node.iter, nodes.Getattr) or node.recursive:
            raise WordingFailedError("Only the lists of a message can be gone through.")
        names, looping = names | {node.target.name, "loop"}, True
    else:
        _allow_one(node, names)
    for child in node.iter_child_nodes():
        if not (isinstance(child, nodes.Name) and _is_named_by(node, child)):
            _allow(child, names, depth + 1, looping=looping)


def _is_named_by(node: nodes.Node, child: nodes.Name) -> bool:
    """Whether the name is a call's helper or a loop's own, which were looked at with their parent."""
    return (isinstance(node, nodes.Call) and node.node is child) or (
        isinstance(node, nodes.For) and node.target is child
    )


def _allow_one(node: nodes.Node, names: frozenset[str]) -> None:
    match node:
        case nodes.Name(name=name, ctx="load") if name in names:
            return
        case nodes.Getattr(attr=name) if not name.startswith("_"):
            return
        case nodes.Filter(name=name, dyn_args=None, dyn_kwargs=None) if name in _FILTERS:
            return
        case nodes.Test(name=name) if name in _TESTS:
            return
        case nodes.Call(node=nodes.Name(name=name), dyn_args=None, dyn_kwargs=None) if name in HELPERS:
            return
        case nodes.Name(name=name) | nodes.Getattr(attr=name):
            raise WordingFailedError("There is no value “{name}”.", name=name)
    if not isinstance(node, _PLAIN):
        shown = getattr(node, "name", type(node).__name__.lower())
        raise WordingFailedError("“{name}” is not possible here.", name=shown)


def _environment(**options: Any) -> ImmutableSandboxedEnvironment:  # noqa: ANN401 - Jinja's own options
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, **options)
    made.globals.clear()
    made.filters = dict(_FILTERS)
    made.tests = {name: made.tests[name] for name in _TESTS}
    return made


_ENVIRONMENTS = {
    "subject": _environment(autoescape=False),
    "text": _environment(autoescape=False),
    "html": _environment(autoescape=True),
    "slack": _environment(autoescape=False, finalize=mrkdwn),
}
