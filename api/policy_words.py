"""An approval policy said in sentences: who must agree, when, and what happens when nobody does."""

from collections.abc import Mapping
from typing import Any

from api.labels import ROLES, label
from words.catalog import translate
from words.figures import amount_text

FACTS = {
    "ties": "it ties", "findings": "findings", "form_changed": "the form changed", "credit_balance":
    "the balance is a credit", "disputed": "something is disputed", "closing_whole": "the closing amount",
    "currency": "the currency",
}  # fmt: skip

HOURS_OF_A_DAY = 9
"""A working day in the policy's clock."""


def policy_in_words(policy: Mapping[str, Any], language: str) -> list[str]:
    """One sentence per rule of the policy."""

    def say(sentence: str, **values: object) -> str:
        return translate(sentence, language, **values)

    sentences = []
    auto = policy.get("auto")
    if auto and auto.get("if"):
        sentences.append(say("Without people when {condition}.", condition=condition(auto["if"], language)))
    for stage in policy.get("stages", ()):
        seats = "; ".join(_seat(seat, language) for seat in stage.get("seats", ()))
        name = label({"review": "Reviewer", "manager": "Manager"}, str(stage.get("name", "")), language)
        if stage.get("if"):
            when = condition(stage["if"], language)
            sentences.append(
                say("{stage}: {seats} must agree when {condition}.", stage=name, seats=seats, condition=when)
            )
        else:
            sentences.append(say("{stage}: {seats} must agree.", stage=name, seats=seats))
    sentences.append(say("Whoever submitted, prepared or already decided cannot decide."))
    sentences.extend(_clock(policy.get("clock") or {}, language))
    return sentences


def _seat(seat: Any, language: str) -> str:  # noqa: ANN401 - a policy's JSON
    names = [label(ROLES, str(one).removeprefix("role:"), language) for one in seat]
    return translate("one {roles}", language, roles=translate(" or ", language).join(names))


def _clock(clock: Mapping[str, Any], language: str) -> list[str]:
    told = {
        "remind_hours": "A reminder goes out after {days} working days.",
        "escalate_hours": "After {days} working days more people are asked.",
        "expire_hours": "The request expires after {days} working days; it is never approved by silence.",
    }
    return [
        translate(sentence, language, days=round(int(clock[key]) / HOURS_OF_A_DAY, 1))
        for key, sentence in told.items()
        if clock.get(key)
    ]


def condition(rule: Any, language: str) -> str:  # noqa: ANN401 - a policy's JSON
    """A predicate as text; brackets only where `any` stands inside `all`."""
    operator, operand = next(iter(rule.items()))
    if operator in ("all", "any"):
        joined = translate(" and " if operator == "all" else " or ", language)
        parts = [condition(one, language) for one in operand]
        return "(" + joined.join(parts) + ")" if operator == "any" and len(parts) > 1 else joined.join(parts)
    if operator == "not":
        return translate("not {condition}", language, condition=condition(operand, language))
    return _comparison(operator, operand, language)


def _comparison(operator: str, operand: Any, language: str) -> str:  # noqa: ANN401 - a policy's JSON
    fact, constant = operand
    name = translate(FACTS[fact], language) if fact in FACTS else str(fact).replace("_", " ")
    if operator == "eq" and isinstance(constant, bool):
        return name if constant else translate("not {condition}", language, condition=name)
    signs = {"eq": "=", "ne": "≠", "lt": "<", "lte": "≤", "gt": ">", "gte": "≥", "in": "∈"}
    value = amount_text(str(constant), language) if isinstance(constant, int) else str(constant)
    return f"{name} {signs.get(operator, operator)} {value}"
