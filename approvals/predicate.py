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
from collections.abc import Callable, Mapping, Sequence
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


Answer = Callable[[Facts], bool | None]


def holds(predicate: Predicate, facts: Facts) -> bool | None:
    """True, False, or None for unknown."""
    return asking(predicate)(facts)


def asking(predicate: Predicate) -> Answer:
    """`holds` of one predicate, to be asked of many facts: the document is walked once and not for each of them."""
    name, body = next(iter(predicate.items()))
    if name == "all":
        return _all([asking(part) for part in body])
    if name == "any":
        none = _all([_not(asking(part)) for part in body])
        return _not(none)
    if name == "not":
        return _not(asking(body))
    return _among(*body) if name == "in" else _comparison(name, *body)


def facts_named(predicate: Predicate) -> frozenset[str]:
    """The facts that the predicate asks about."""
    name, body = next(iter(predicate.items()))
    if name in ("all", "any"):
        return frozenset().union(*(facts_named(part) for part in body))
    if name == "not":
        return facts_named(body)
    return frozenset({body[0]})


def _all(parts: Sequence[Answer]) -> Answer:
    def answer(facts: Facts) -> bool | None:
        known = True
        for part in parts:
            value = part(facts)
            if value is False:
                return False
            known = known and value is not None
        return True if known else None

    return answer


def _not(part: Answer) -> Answer:
    def answer(facts: Facts) -> bool | None:
        value = part(facts)
        return None if value is None else not value

    return answer


def _among(name: str, constants: Sequence[Any]) -> Answer:
    def answer(facts: Facts) -> bool | None:
        fact = facts.get(name)
        same_type = [one for one in constants if type(one) is type(fact)]
        return None if not same_type else fact in same_type

    return answer


def _comparison(operator_name: str, name: str, constant: Any) -> Answer:  # noqa: ANN401 - JSON constant, checked at publishing
    compare, kind = _COMPARISONS[operator_name], type(constant)
    never = operator_name in _ORDERED and kind is bool

    def answer(facts: Facts) -> bool | None:
        fact = facts.get(name)
        return None if never or type(fact) is not kind else compare(fact, constant)

    return answer
