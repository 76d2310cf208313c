"""One request with its trail, a list of requests, and what a policy would do: for pages and the command line."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from approvals.policy import Policy
from services.decide_approval import RequestUnknown
from services.edit_policies import try_policy
from services.policies_in_force import policies_or_defaults
from services.publish_policy import PolicyUnknown
from services.show_inbox import describe_many
from storage.approval_acts import Act, acts_of, first_break
from storage.approval_policies import find_policy
from storage.approvals import StoredRequest, list_requests, read_request
from storage.database import Session
from storage.people import names_of

PAGE = 100
"""Requests of one listing."""


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A request, its subject in words, its acts with names, and whether its chain holds."""

    stored: StoredRequest
    policy: dict[str, Any]
    title: str
    acts: list[Act]
    names: dict[UUID, str]
    broken_at: int | None

    def as_json(self) -> dict[str, Any]:
        """One document with everything that an auditor asks about a request."""
        request = self.stored.request
        return {
            "id": str(request.id), "title": self.title, "subject_kind": request.subject_kind,
            "subject_id": request.subject_id, "state": request.state, "round": request.round, "stage": request.stage,
            "digest": request.digest, "facts": dict(request.facts), "policy": self.policy,
            "submitted_by": self._name(request.submitted_by), "reason": request.reason,
            "opened_at": _text(request.opened_at), "closed_at": _text(request.closed_at),
            "valid_until": _text(request.valid_until),
            "stages": [
                {
                    "stage": stage.number, "name": stage.name, "status": stage.status,
                    "seats": [sorted(seat) for seat in stage.demand()],
                    "votes": [
                        {"choice": vote.choice, "by": self._name(vote.actor), "for": self._name(vote.authority),
                         "at": vote.at.isoformat(), "comment": vote.comment, "channel": vote.channel,
                         "assurance": vote.assurance, "capacities": sorted(vote.capacities)}
                        for vote in stage.votes
                    ],
                }
                for stage in request.stages
            ],
            "acts": [
                {"number": act.number, "kind": act.kind, "by": self._name(act.actor_id),
                 "for": self._name(act.authority_id), "channel": act.channel, "assurance": act.assurance,
                 "digest": act.digest, "stage": act.stage, "round": act.round, "at": act.at.isoformat(),
                 "hash": act.hash}
                for act in self.acts
            ],
            "chain_holds": self.broken_at is None,
        }  # fmt: skip

    def _name(self, person: UUID | None) -> str:
        return "" if person is None else self.names.get(person, str(person))


def _text(moment: Any) -> str | None:  # noqa: ANN401 - an instant or nothing
    return None if moment is None else moment.isoformat()


async def show_approval(session: Session, company_id: UUID, request_id: UUID, language: str) -> ApprovalView:
    """The request with its evidence, or RequestUnknown."""
    stored = await read_request(session, company_id, request_id)
    if stored is None:
        raise RequestUnknown
    described = await describe_many(session, company_id, [stored], language)
    policy = await find_policy(session, company_id, stored.policy_id)
    assert policy is not None  # noqa: S101 - a foreign key says so
    return ApprovalView(
        stored=stored,
        policy={"name": policy.name, "version": policy.version, "sha256": policy.sha256},
        title=described[request_id].title,
        acts=await acts_of(session, company_id, request_id),
        names=await names_of(session, company_id),
        broken_at=await first_break(session, company_id, request_id),
    )


async def show_approvals(
    session: Session, company_id: UUID, state: str | None, language: str, after: UUID | None = None, limit: int = PAGE
) -> list[dict[str, Any]]:
    """Requests newest first, described."""
    stored = await list_requests(session, company_id, state, after, limit)
    described = await describe_many(session, company_id, stored, language)
    return [
        {
            "id": str(one.request.id), "title": described[one.request.id].title, "state": one.request.state,
            "subject_kind": one.request.subject_kind, "subject_id": one.request.subject_id,
            "round": one.request.round, "stage": one.request.stage, "opened_at": _text(one.request.opened_at),
            "closed_at": _text(one.request.closed_at), "reason": one.request.reason,
        }
        for one in stored
    ]  # fmt: skip


async def policy_named(session: Session, company_id: UUID, name: str) -> Policy:
    """The policy in force under this name, or PolicyUnknown."""
    for policy in await policies_or_defaults(session, company_id):
        if policy.name == name:
            return policy.policy()
    raise PolicyUnknown(id=name)


async def simulate_policy(
    session: Session, company_id: UUID, policy: Policy, facts: dict[str, Any] | None, language: str
) -> dict[str, Any]:
    """The policy in words, its faults, what it does with `facts`, and what would have changed in the last quarter."""
    tried = await try_policy(session, company_id, policy, facts, language)
    return {
        "policy": policy.name,
        "words": tried.words,
        "faults": [
            {"code": fault.code, "stage": fault.stage, "detail": fault.detail, "severity": fault.severity}
            for fault in tried.faults
        ],
        "simulated": tried.simulated.as_json() if tried.simulated is not None else None,
        "history": {
            "requests": tried.history,
            "changed": [
                {"subject_id": one.subject_id, "before": one.before.as_json(), "after": one.after.as_json()}
                for one in tried.changed
            ],
        },
    }
