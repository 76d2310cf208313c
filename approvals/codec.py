"""Events and requests as JSON and back, driven by their type annotations; no second description to keep in step.

A field that holds its default is left out: most stages of most requests are still as the policy made them.
"""

import types
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache
from json.encoder import encode_basestring
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from ledger.canonical import Json, canonical_json

T = TypeVar("T")

Memo = dict[int, tuple[object, str]]
"""Texts already written, by identity: requests that a policy treats alike share stages, events and instants."""

_PLAIN = frozenset({str, int, bool, type(None)})


def to_json(value: object) -> Json:
    """JSON of a dataclass, id, instant, set, tuple or plain value; sets are sorted."""
    kind = type(value)
    if kind in _PLAIN:
        return cast("Json", value)
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    if is_dataclass(kind):
        return {name: to_json(part) for name, part in _told(value, kind)}
    if isinstance(value, Mapping):
        return {str(key): to_json(one) for key, one in value.items()}
    return _leaf(value)


@cache
def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    return tuple(sorted((field.name, field.default) for field in fields(kind)))


def _told(value: object, kind: type) -> Iterator[tuple[str, object]]:
    for name, default in _defaults(kind):
        part = getattr(value, name)
        if default is MISSING or part != default:
            yield name, part


def parts_text(value: object, memo: Memo) -> dict[str, str]:
    """The canonical JSON of each field of a dataclass, sorted by name."""
    return {name: to_text(part, memo) for name, part in _told(value, type(value))}


def _leaf(value: object) -> Json:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(str(one) for one in value)
    return cast("Json", value)


def to_text(value: object, memo: Memo) -> str:
    """`canonical_json(to_json(value))`, written once for each object that many values share."""
    kind = type(value)
    if kind is str:
        return encode_basestring(cast("str", value))
    if kind in _PLAIN:
        return canonical_json(cast("Json", value))
    known = memo.get(id(value))
    if known is None:
        known = memo[id(value)] = (value, _written(value, memo))
    return known[1]


def _written(value: object, memo: Memo) -> str:
    kind = type(value)
    if is_dataclass(kind):
        return object_text(parts_text(value, memo))
    if kind is tuple:
        return f"[{','.join(to_text(one, memo) for one in cast('tuple[object, ...]', value))}]"
    return canonical_json(to_json(value))


def object_text(parts: Mapping[str, str]) -> str:
    """A JSON object of texts whose keys come sorted and need no escapes."""
    return "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"


def from_json(kind: type[T], value: Any) -> T:  # noqa: ANN401 - JSON of any shape
    """The value of type `kind` that `to_json` wrote."""
    return cast("T", _reader(cast("Hashable", kind))(value))


Reader = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> Reader:  # noqa: ANN401 - an annotation
    """How a value of this annotation is read, found once per annotation and not once per value."""
    if is_dataclass(kind):
        assert isinstance(kind, type)  # noqa: S101 - annotations name classes, not instances
        return _reader_of_dataclass(kind)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = _reader(next(part for part in get_args(kind) if part is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, frozenset):
        part = _reader(get_args(kind)[0])
        return lambda value: origin([part(one) for one in value])
    if kind is UUID:
        return UUID
    return datetime.fromisoformat if kind is datetime else _as_it_is


def _reader_of_dataclass(kind: type) -> Reader:
    readers = {name: _reader(hint) for name, hint in get_type_hints(kind, localns={"Json": object}).items()}
    return lambda value: kind(**{name: readers[name](part) for name, part in value.items()})


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    return value
