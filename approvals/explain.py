"""A policy in words, in Chinese and English, for the people who live under it."""

from collections.abc import Iterable, Mapping

from approvals.policy import Policy, StageRule
from approvals.predicate import Predicate
from words.catalog import translate

_COMPARISONS = {
    "eq": "{fact} is {value}",
    "ne": "{fact} is not {value}",
    "lt": "{fact} is less than {value}",
    "lte": "{fact} is at most {value}",
    "gt": "{fact} is more than {value}",
    "gte": "{fact} is at least {value}",
    "in": "{fact} is one of {value}",
}
_FACTS = {
    "closing_whole": "the closing balance in whole units",
    "amount_whole": "the amount in whole units",
    "closing_minor": "the closing balance in minor units",
    "overdue_minor": "the overdue amount in minor units",
    "currency": "the currency",
    "ties": "it ties",
    "findings": "the number of findings",
    "form": "the form",
    "form_changed": "the form has changed",
    "credit_balance": "it is a credit balance",
    "disputed": "something is disputed",
    "customer": "the customer",
    "group": "it is a group's statement",
    "period": "the period",
    "count": "the number of statements",
}
"""English words for the facts that the house's own openers compute; another fact is shown by its name."""

SUBJECTS = {
    "statement": "single statements",
    "statement_batch": "batches of statements",
    "tie_out_waiver": "waivers of tie-out differences",
    "finding_waiver": "waivers of findings",
    "contact_change": "changes of contacts",
    "credit_limit": "credit limits",
    "write_off": "write-offs",
    "credit_memo": "credit memos",
    "template": "message templates",
    "policy": "policies",
}
"""English words of the kinds of subject."""

_EXCLUSIONS = {
    "submitter": "the submitter",
    "preparers": "the preparers",
    "earlier_stages": "whoever decided in another stage",
    "administrators": "administrators",
}


def explain(policy: Policy, language: str) -> list[str]:
    """One sentence per rule, in the order in which they work."""
    subjects = _list([subject_words(kind, language) for kind in sorted(policy.subjects)], language)
    sentences = [translate("This policy covers: {subjects}.", language, subjects=subjects)]
    if policy.when is not None:
        condition = predicate_words(policy.when, language)
        sentences.append(translate("Only where {condition}.", language, condition=condition))
    if policy.auto is not None:
        condition = predicate_words(policy.auto.condition, language)
        sentences.append(translate("Approved without people where {condition}.", language, condition=condition))
    sentences += [_stage(stage, language) for stage in policy.stages]
    if policy.exclude:
        excluded = _list([translate(_EXCLUSIONS[one], language) for one in sorted(policy.exclude)], language)
        sentences.append(translate("Never deciding: {people}.", language, people=excluded))
    sentences.append(translate("One rejection ends the request.", language))
    return sentences + _times(policy, language)


def subject_words(kind: str, language: str) -> str:
    """A kind of subject in the plural; a kind that the house does not know is shown as it is."""
    return translate(SUBJECTS[kind], language) if kind in SUBJECTS else kind


def _stage(stage: StageRule, language: str) -> str:
    seats = _list([seat_words(seat, language) for seat in stage.seats], language)
    name = translate(stage.name, language)
    if stage.condition is None:
        return translate("Stage {number}, {name}: {seats}.", language, number=stage.number, name=name, seats=seats)
    operator, body = next(iter(stage.condition.items()))
    sentence = "Stage {number}, {name}: {seats}, where {condition} or this is not known."
    if operator == "not":
        sentence = "Stage {number}, {name}: {seats}, except where {condition}."
    condition = predicate_words(body if operator == "not" else stage.condition, language)
    return translate(sentence, language, number=stage.number, name=name, seats=seats, condition=condition)


def seat_words(seat: Iterable[str], language: str, people: Mapping[str, str] | None = None) -> str:
    """One seat: "one of: reviewer, manager"; `people` are names by id, for seats of persons."""
    told = [candidate.partition(":")[2] for candidate in sorted(seat)]
    names = [(people or {}).get(name) or translate(name, language) for name in told]
    if len(names) == 1:
        return translate("one {name}", language, name=names[0])
    return translate("one of {names}", language, names=_list(names, language))


def _times(policy: Policy, language: str) -> list[str]:
    clock = policy.clock
    sentences = []
    if clock.remind is not None:
        sentences.append(translate("Reminded after {hours} working hours.", language, hours=clock.remind))
    if clock.escalate is not None:
        more = seat_words(clock.escalate_to, language)
        sentences.append(
            translate(
                "After {hours} working hours also {people} may decide.", language, hours=clock.escalate, people=more
            )
        )
    if clock.expire is not None:
        sentences.append(translate("Expires after {hours} working hours.", language, hours=clock.expire))
    sentences.append(
        translate("An approval must be used within {hours} working hours.", language, hours=policy.valid_hours)
    )
    sentences.append(translate("It can be returned {rounds} times.", language, rounds=policy.rounds - 1))
    return sentences


def predicate_words(predicate: Predicate, language: str) -> str:
    """A condition in words."""
    name, body = next(iter(predicate.items()))
    if name in ("all", "any"):
        parts = [predicate_words(part, language) for part in body]
        joiner = translate(" and " if name == "all" else " or ", language)
        return parts[0] if len(parts) == 1 else f"({joiner.join(parts)})"
    if name == "not":
        return translate("not {condition}", language, condition=predicate_words(body, language))
    fact = translate(_FACTS.get(body[0], body[0]), language)
    if name == "eq" and isinstance(body[1], bool):
        return fact if body[1] else translate("not {condition}", language, condition=fact)
    return translate(_COMPARISONS[name], language, fact=fact, value=_value(body[1], language))


def _value(constant: object, language: str) -> str:
    if isinstance(constant, bool):
        return translate("yes" if constant else "no", language)
    if isinstance(constant, list | tuple):
        return _list([_value(one, language) for one in constant], language)
    return f"{constant:,}" if isinstance(constant, int) else str(constant)


def _list(words: list[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(words)
