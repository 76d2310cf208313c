"""The tie-out gate: every equation with both sides, and the difference of those that do not hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.canonical import Json
from ledger.money import parts_text

OPENING_PLUS_MOVEMENTS = "opening_plus_movements_is_closing"
CLOSING_IS_OPEN_ITEMS = "closing_is_open_items"
OPEN_ITEMS_ARE_BUCKETS = "open_items_are_buckets"
OPENING_IS_PRIOR_ITEMS = "opening_is_prior_items"
SECTIONS_ARE_CLOSING = "sections_are_closing"
STATEMENTS_ARE_SUBLEDGER = "statements_are_subledger"
SUBLEDGER_IS_CONTROL_ACCOUNT = "subledger_is_control_account"


@dataclass(frozen=True, slots=True)
class Equation:
    """Two sums that must be one amount, in parts of one currency."""

    name: str
    currency: str
    left: int
    right: int

    @property
    def ties(self) -> bool:
        """Whether both sides are the same to the last part."""
        return self.left == self.right

    def as_json(self) -> dict[str, Json]:
        """With both sides and the difference as decimal strings."""
        return {
            "equation": self.name,
            "currency": self.currency,
            "left": parts_text(self.left, self.currency),
            "right": parts_text(self.right, self.currency),
            "difference": parts_text(self.left - self.right, self.currency),
            "ties": self.ties,
        }


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of one account, of one statement or of a whole company in one currency, in parts.

    Each comes from the facts by a way of its own; `buckets` are the sums of the aging's buckets.
    """

    currency: str
    opening: int
    movements: int
    closing: int
    prior_items: int
    open_items: int
    buckets: Sequence[int]


def account_equations(figures: Figures) -> list[Equation]:
    """The four equations that hold for any account in any form."""
    currency = figures.currency
    return [
        Equation(OPENING_PLUS_MOVEMENTS, currency, figures.opening + figures.movements, figures.closing),
        Equation(CLOSING_IS_OPEN_ITEMS, currency, figures.closing, figures.open_items),
        Equation(OPEN_ITEMS_ARE_BUCKETS, currency, figures.open_items, sum(figures.buckets)),
        Equation(OPENING_IS_PRIOR_ITEMS, currency, figures.opening, figures.prior_items),
    ]


def run_equations(
    currency: str, subledger: int, statements: int | None, left_out: int, control: int | None
) -> list[Equation]:
    """The equations of a run: its statements with what it left out, and the control account where one is loaded."""
    equations = []
    if statements is not None:
        equations.append(Equation(STATEMENTS_ARE_SUBLEDGER, currency, statements + left_out, subledger))
    if control is not None:
        equations.append(Equation(SUBLEDGER_IS_CONTROL_ACCOUNT, currency, subledger, control))
    return equations
