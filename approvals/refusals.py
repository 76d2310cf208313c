"""Why a decision is refused: a code, the fact in the way with who and when, and what to do now."""

from words.catalog import translate
from words.refusal import Refusal


class ApprovalRefusal(Refusal):
    """Base of the engine's refusals; a refused command has written nothing."""

    def text(self, language: str) -> str:
        """The sentence, with those of its values that are words translated too."""
        told = {
            name: translate(value, language) if isinstance(value, str) else value for name, value in self.values.items()
        }
        return translate(self.sentence, language, **told)


class RequestClosed(ApprovalRefusal):
    """The request has ended."""

    code = "request_closed"
    sentence = "This request is no longer open: it was {state} at {at} by {by}."
    remedy = "Nothing is left to do here. The trail shows what happened."


class StageMoved(ApprovalRefusal):
    """The click belongs to a stage or round that has passed."""

    code = "stage_moved"
    sentence = "The stage that you saw (round {round}, stage {stage}) has been closed since."
    remedy = "Open the request again to see whose turn it is."


class SubjectDiffers(ApprovalRefusal):
    """The document is not the one that was on the screen."""

    code = "subject_differs"
    sentence = "The document has changed since you looked at it."
    remedy = "Look at the document again, then decide."


class DeadlinePassed(ApprovalRefusal):
    """The stage's time is over."""

    code = "deadline_passed"
    sentence = "The time for this stage ended at {at}."
    remedy = "Ask the preparer to submit it again."


class NotDelegated(ApprovalRefusal):
    """Nobody allowed this person to act for that one now."""

    code = "not_delegated"
    sentence = "You hold no delegation of that person for this kind of document now."
    remedy = "Ask the person for a delegation, or decide for yourself if you are a candidate."


class Excluded(ApprovalRefusal):
    """Duties are separated: submitter, preparers, earlier voters and administrators do not vote."""

    code = "excluded"
    sentence = "This person may not decide here: {reason}."
    remedy = "Another candidate has to decide; you can forward the request to one."


class AlreadyVoted(ApprovalRefusal):
    """One person, one vote; one authority, one vote."""

    code = "already_voted"
    sentence = "There is a decision of this person on this stage already: {choice} at {at}."
    remedy = "Revoke the decision first if it was wrong; that is possible while the stage is open."


class NotACandidate(ApprovalRefusal):
    """None of the person's capacities fits a seat."""

    code = "not_a_candidate"
    sentence = "None of the open seats of this stage is yours."
    remedy = "The request shows whom the stage waits for."


class AssuranceTooLow(ApprovalRefusal):
    """The stage wants a surer sign of who it is."""

    code = "assurance_too_low"
    sentence = "This stage asks for a decision made with {needed}; this one came with {given}."
    remedy = "Sign in and decide in the inbox."


class NotInBulk(ApprovalRefusal):
    """The policy wants each looked at by itself."""

    code = "not_in_bulk"
    sentence = "This stage is decided one by one."
    remedy = "Open the request, look at it and decide there."


class CommentRequired(ApprovalRefusal):
    """The policy wants a reason in words."""

    code = "comment_required"
    sentence = "A comment is required for this decision."
    remedy = "Write in one sentence why."


class RoundsUsedUp(ApprovalRefusal):
    """It went back and forth as often as the policy allows."""

    code = "rounds_used_up"
    sentence = "The document has been returned {rounds} times, which is all that the policy allows."
    remedy = "Approve or reject it, or talk to the preparer."


class NotYours(ApprovalRefusal):
    """Only a certain person may do this."""

    code = "not_yours"
    sentence = "Only {whom} can do this."
    remedy = "Ask that person."


class NothingToTakeBack(ApprovalRefusal):
    """There is no such vote, seat or question."""

    code = "nothing_there"
    sentence = "There is nothing of yours here to take back or to answer."
    remedy = "The trail shows what has been done by whom."


class TargetNotEligible(ApprovalRefusal):
    """The person to whom it should go cannot take it."""

    code = "target_not_eligible"
    sentence = "The request cannot be handed to that person: {reason}."
    remedy = "Choose a person who holds a role of this policy and has not taken part yet."


class TooSoon(ApprovalRefusal):
    """Reminders are throttled."""

    code = "too_soon"
    sentence = "The people of this stage were last asked at {at}."
    remedy = "Wait a little; the clock reminds them by itself."


class NotCovered(ApprovalRefusal):
    """No policy speaks about this subject."""

    code = "not_covered"
    sentence = "The policy does not cover this document, or none of its stages applies to it."
    remedy = "Publish a policy that covers it: tieout approvals simulate shows what a policy does."


class NotApproved(ApprovalRefusal):
    """The effect has no approval to use."""

    code = "not_approved"
    sentence = "There is no approval to act on: the request is {state}."
    remedy = "Submit the document and have it approved."


class ApprovalLapsed(ApprovalRefusal):
    """Approved, but not used in time."""

    code = "approval_lapsed"
    sentence = "The approval was valid until {at} and has lapsed unused."
    remedy = "Submit the document again."


class ChangedAfterApproval(ApprovalRefusal):
    """What would be done is not what was approved."""

    code = "changed_after_approval"
    sentence = "The document has changed since it was approved."
    remedy = "Submit the new version for approval."


class CommandNotPossible(ApprovalRefusal):
    """The table of moves has no such move."""

    code = "not_possible"
    sentence = "A request that is {state} cannot be taken through {command}."
    remedy = "The trail shows what has been done by whom."
