"""The closed language in which a policy asks about facts. There is no eval and no way to call anything.

Grammar (JSON)::

    predicate  = {"all": [predicate, …]} | {"any": [predicate, …]} | {"not": predicate} | comparison
    comparison = {operator: [fact, constant]}
    operator   = "eq" | "ne" | "lt" | "lte" | "gt" | "gte"      constant: text, whole number, true, false
               | "in"                                           constant: a list of those

A comparison with a fact that is missing, or of another type than its constant, is *unknown*. Unknown travels as in
Kleene's logic, and each caller takes the careful side: a policy does not cover, nobody is spared, a stage applies.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ledger.canonical import Json

Facts = Mapping[str, Json]
Predicate = Mapping[str, Any]

MAX_DEPTH = 12
"""Deeper than any rule a person can read; keeps a hostile document from exhausting the stack."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_ORDERED = frozenset({"lt", "lte", "gt", "gte"})


class PredicateInvalidError(ValueError):
    """Not a sentence of the language; says where."""


def check(predicate: object, where: str = "if", depth: int = 0) -> None:
    """Raises PredicateInvalidError unless `predicate` is a sentence of the language."""
    if depth > MAX_DEPTH:
        raise PredicateInvalidError(f"{where}: nested deeper than {MAX_DEPTH}")
    if not isinstance(predicate, Mapping) or len(predicate) != 1:
        raise PredicateInvalidError(f"{where}: an object with exactly one operator is expected")
    name, body = next(iter(predicate.items()))
    if name in ("all", "any"):
        if not isinstance(body, list | tuple) or not body:
            raise PredicateInvalidError(f"{where}.{name}: a list of predicates is expected")
        for index, part in enumerate(body):
            check(part, f"{where}.{name}[{index}]", depth + 1)
    elif name == "not":
        check(body, f"{where}.not", depth + 1)
    else:
        _check_comparison(name, body, where)


def _check_comparison(name: object, body: object, where: str) -> None:
    if name != "in" and name not in _COMPARISONS:
        raise PredicateInvalidError(f"{where}: unknown operator {name!r}")
    if not isinstance(body, list | tuple) or len(body) != 2 or not isinstance(body[0], str):  # noqa: PLR2004 - a pair
        raise PredicateInvalidError(f"{where}.{name}: [fact, constant] is expected")
    constant = body[1]
    constants = constant if name == "in" else [constant]
    if not isinstance(constants, list | tuple) or not all(isinstance(one, str | int) for one in constants):
        raise PredicateInvalidError(f"{where}.{name}: constants are text, whole numbers, true or false")


def holds(predicate: Predicate, facts: Facts) -> bool | None:
    """True, False, or None for unknown."""
    name, body = next(iter(predicate.items()))
    if name == "all":
        return _all(holds(part, facts) for part in body)
    if name == "any":
        return _negated(_all(_negated(holds(part, facts)) for part in body))
    if name == "not":
        return _negated(holds(body, facts))
    return _compare(name, facts.get(body[0]), body[1])


def facts_named(predicate: Predicate) -> frozenset[str]:
    """The facts that the predicate asks about."""
    name, body = next(iter(predicate.items()))
    if name in ("all", "any"):
        return frozenset().union(*(facts_named(part) for part in body))
    if name == "not":
        return facts_named(body)
    return frozenset({body[0]})


def _all(values: Iterable[bool | None]) -> bool | None:
    known = True
    for value in values:
        if value is False:
            return False
        known = known and value is not None
    return True if known else None


def _negated(value: bool | None) -> bool | None:  # noqa: FBT001 - a truth value is what it is about
    return None if value is None else not value


def _compare(name: str, fact: Json, constant: Any) -> bool | None:  # noqa: ANN401 - JSON constant, checked at publishing
    if name == "in":
        same_type = [one for one in constant if type(one) is type(fact)]
        return None if not same_type else fact in same_type
    if type(fact) is not type(constant) or (name in _ORDERED and isinstance(fact, bool)):
        return None
    return _COMPARISONS[name](fact, constant)
