"""What every carrier answers about one hand-over."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """How a hand-over ended, and the other side's words.

    `outcome`: accepted, temporary, permanent, uncertain (it may have arrived), fenced (the caller's hook said no).
    `bad_address` = this mailbox or channel does not exist; `connection` = the carrier itself cannot be reached, which
    says nothing about this message; `retry_after` = seconds that the other side asked for.
    """

    outcome: str
    words: str
    bad_address: bool = False
    connection: bool = False
    retry_after: float | None = None
    external_id: str | None = None
