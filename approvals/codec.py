"""Events and requests as JSON and back, driven by their type annotations; no second description to keep in step."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from ledger.canonical import Json

T = TypeVar("T")


def to_json(value: object) -> Json:
    """JSON of a dataclass, id, instant, set, tuple or plain value; sets are sorted."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(one) for key, one in value.items()}
    return _leaf(value)


def _leaf(value: object) -> Json:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(str(one) for one in value)
    return cast("Json", value)


def from_json(kind: type[T], value: Any) -> T:  # noqa: ANN401 - JSON of any shape
    """The value of type `kind` that `to_json` wrote."""
    return cast("T", _read(kind, value))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, localns={"Json": object})


def _read(kind: Any, value: Any) -> Any:  # noqa: ANN401 - a type and JSON of any shape
    if is_dataclass(kind):
        assert isinstance(kind, type)  # noqa: S101 - annotations name classes, not instances
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], part) for name, part in value.items()})
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = next(part for part in get_args(kind) if part is not type(None))
        return None if value is None else _read(inner, value)
    if origin in (tuple, frozenset):
        return origin(_read(get_args(kind)[0], one) for one in value)
    if kind is UUID:
        return UUID(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    return value
