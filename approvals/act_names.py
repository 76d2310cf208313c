"""What each act of a trail is called: the code is the event's class, the English is the key of the Chinese."""

ACTS = {
    "Submitted": "Submitted for review", "AutoApproved": "Approved by policy, without people",
    "StageOpened": "Review opened", "StageBlocked": "Nobody can decide at the moment",
    "StageUnblocked": "Somebody can decide again", "Voted": "Decided", "VoteRevoked": "Took the decision back",
    "StageSatisfied": "Review complete", "StageSkipped": "Review not needed", "Closed": "Decision closed",
    "Consumed": "Approval used", "Superseded": "Replaced by a newer version",
    "SubjectChanged": "The document changed", "SeatAdded": "Another signature asked for",
    "StageInserted": "Another review asked for", "SignRemoved": "The extra signature was taken back",
    "Forwarded": "Handed on", "OpinionAsked": "Opinion asked", "OpinionGiven": "Opinion given",
    "Reminded": "Reminded", "Escalated": "Escalated", "Cancelled": "Cancelled", "Returned": "Returned",
    "Withdrawn": "Withdrawn", "Expired": "Expired",
}  # fmt: skip
