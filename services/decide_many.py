"""Decides on many requests at once: n commands, n keys, n results, in a few transactions instead of n."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from approvals.commands import Env
from approvals.policy import ASSURANCE
from approvals.refusals import ApprovalRefusal, NotInBulk
from services.apply_approval import moment, readable
from services.apply_many import Decided, proceed_many
from services.approval_subjects import subject_kind
from services.decide_alone import (
    CommandUnknown,
    Decision,
    KeyReused,
    Outcome,
    Press,
    RequestUnknown,
    decide_alone,
    first_answer_of,
    first_fitting,
    known_outcome,
    outcome_of,
    question_of,
)
from storage.approval_acts import ActMeta
from storage.approvals import StoredRequest, key_text, lock_requests, principals_of
from storage.database import Database, Session, transaction
from storage.idempotency import FirstAnswer, first_answers, keep_answers
from words.refusal import Refusal

TOGETHER = 100
"""Decisions of one transaction: its locks are held for a fraction of a second, and its commit is paid for once."""


Results = dict[int, Outcome | Refusal]
"""By the place of the decision; one that is refused has written nothing."""


Item = tuple[Press, Decision]


async def decide_many(
    engine: Database, company_id: UUID, press: Press, decisions: Sequence[Decision]
) -> list[Outcome | Refusal]:  # fmt: skip
    """One result per decision of one press, in order; CommandUnknown for a press that no gate makes."""
    if press.assurance not in ASSURANCE:
        raise CommandUnknown(command=press.assurance)
    return await decide_items(engine, company_id, [(press, one) for one in decisions])


async def decide_items(engine: Database, company_id: UUID, items: Sequence[Item]) -> list[Outcome | Refusal]:
    """One result per item, in order. What cannot be decided with others is decided alone."""
    results: Results = {}
    numbered = list(enumerate(items))
    for start in range(0, len(numbered), TOGETHER):
        part = dict(numbered[start : start + TOGETHER])
        if len(part) == 1:
            continue
        try:
            async with transaction(engine, company_id) as session:
                together = await _decide_some(session, company_id, part)
        except KeyReused:
            continue
        results |= together
    for number, item in numbered:
        if number not in results:
            results[number] = await _decide_alone(engine, company_id, *item)
    return [results[number] for number, _ in numbered]


async def _decide_alone(engine: Database, company_id: UUID, press: Press, one: Decision) -> Outcome | Refusal:
    try:
        return await decide_alone(engine, company_id, press, one)
    except Refusal as refusal:
        return refusal


async def _decide_some(session: Session, company_id: UUID, items: Mapping[int, Item]) -> Results:
    """Results of those that can be decided together: the first on each request, of kinds that close together."""
    stored = await lock_requests(session, company_id, [one.request_id for _, one in items.values()])
    known = await first_answers(session, company_id, [one.key for _, one in items.values()])
    digests = await _digests_now(session, company_id, stored)
    envs = {one: await moment(session, company_id, one, "") for one in {each.policy_id for each in stored.values()}}
    results: Results = {}
    accepted: dict[int, Decided] = {}
    taken: set[UUID] = set()
    for number, (press, one) in items.items():
        found = stored.get(one.request_id)
        if found is None:
            results[number] = RequestUnknown()
        elif one.key in known:
            results[number] = _again(known[one.key], press, one)
        elif one.request_id in digests and one.request_id not in taken:
            taken.add(one.request_id)
            env = replace(envs[found.policy_id], digest=digests[one.request_id])
            answer = _answer(found, press, one, env)
            if isinstance(answer, ApprovalRefusal):
                results[number] = await readable(session, company_id, answer)
            else:
                accepted[number] = answer
    return results | await _write(session, company_id, {n: (*items[n], one) for n, one in accepted.items()})


async def _digests_now(
    session: Session, company_id: UUID, stored: Mapping[UUID, StoredRequest]
) -> dict[UUID, str]:  # fmt: skip
    """Digests of the subjects now, by request, of the kinds that can be decided together."""
    digests: dict[UUID, str] = {}
    for name in {one.request.subject_kind for one in stored.values()}:
        digests_now = subject_kind(name).digests_now
        if digests_now is not None:
            of_kind = [one.request for one in stored.values() if one.request.subject_kind == name]
            found = await digests_now(session, company_id, [one.subject_id for one in of_kind])
            digests |= {one.id: found.get(one.subject_id, "") for one in of_kind}
    return digests


def _again(first: FirstAnswer, press: Press, one: Decision) -> Outcome | Refusal:
    try:
        return known_outcome(first, question_of(one.request_id, press.asked(one), one.authority_id))
    except KeyReused as refusal:
        return refusal


def _answer(stored: StoredRequest, press: Press, one: Decision, env: Env) -> Decided | ApprovalRefusal:
    request, asked = stored.request, press.asked(one)
    if press.bulk and request.has_stage(one.stage) and not request.stage_numbered(one.stage).bulk:
        return NotInBulk()
    authorities = [asked.click.authority]
    if one.authority_id is None:
        authorities = principals_of(press.actor_id, env.grants, request.subject_kind)
    authority, events = first_fitting(request, asked, authorities, env)
    if isinstance(events, ApprovalRefusal):
        return events
    meta = ActMeta(press.actor_id, authority, press.channel, press.assurance, one.key)
    return Decided(stored, events, env, meta)


async def _write(
    session: Session, company_id: UUID, accepted: Mapping[int, tuple[Press, Decision, Decided]]
) -> Results:  # fmt: skip
    outcomes = {
        number: outcome_of(made.stored.request, press.command, made.events, made.env)
        for number, (press, _, made) in accepted.items()
    }
    answers = {
        one.key: first_answer_of(outcomes[number], question_of(one.request_id, press.asked(one), one.authority_id))
        for number, (press, one, _) in accepted.items()
    }
    if len(answers) < len(accepted) or not await keep_answers(session, company_id, answers):
        raise KeyReused
    decided = [made for _, _, made in accepted.values()]
    await proceed_many(session, company_id, decided, f"press/{key_text(sorted(answers))[:16]}")
    return dict(outcomes)
