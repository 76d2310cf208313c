"""The rule that no policy can switch off: whoever drafts what binds everybody is not who puts it in force."""

from uuid import UUID

from approvals.request import Request
from words.refusal import Refusal


class SecondPersonNeeded(Refusal):
    """Who drafted it does not publish it."""

    code = "second_person_needed"
    sentence = "Another person than the one who drafted it has to publish it."
    remedy = "Ask a colleague who may publish."


def need_second_person(request: Request, drafted_by: UUID | None) -> UUID:
    """Who brought the approval about, or SecondPersonNeeded: also where a policy approved without people."""
    if request.closed_by is None or request.closed_by == drafted_by:
        raise SecondPersonNeeded
    return request.closed_by
