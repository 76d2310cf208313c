"""What every reader of a bank file gives: statements of lines, with balances and control figures, in exact decimals."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connectors.bank.findings import Finding

BOOKED = "booked"
PENDING = "pending"  # announced, not in the balance yet
NEUTRAL = "neutral"  # the bill itself counts it neither as income nor as expense
VOID = "void"  # a trade that was closed: no money moved


@dataclass(frozen=True, slots=True)
class Part:
    """One payment inside a collective booking; `amount` is signed like the line's."""

    amount: Decimal | None
    reference: str = ""
    text: str = ""
    counterparty: str = ""
    counterparty_account: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One booking. `amount` is its effect on the account (money in is positive), None when it cannot be read.

    `row` is the line of the file where it begins, from 1. `reference` is what the payer or we gave, `bank_reference`
    what names the booking at the bank. `stated` is what a neutral line says without counting it.
    """

    row: int | None
    booked_on: date | None
    amount: Decimal | None
    value_date: date | None = None
    reference: str = ""
    text: str = ""
    counterparty: str = ""
    counterparty_account: str = ""
    bank_reference: str = ""
    kind: str = ""
    status: str = BOOKED
    reversal: bool = False
    stated: Decimal | None = None
    balance: Decimal | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """A figure that the file states about its lines, and what the lines give. `row` is where it is stated."""

    code: str
    stated: Decimal
    found: Decimal
    row: int | None = None

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return self.stated == self.found

    @property
    def is_money(self) -> bool:
        """Counts differ by lines, not by money."""
        return self.code not in {"control_count", "control_records"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one account in one currency; `number` and `page` as the bank counts them."""

    account: str = ""
    currency: str = ""
    opening: Decimal | None = None
    closing: Decimal | None = None
    lines: tuple[Line, ...] = ()
    number: str = ""
    page: str = ""
    opening_date: date | None = None
    closing_date: date | None = None
    opening_is_final: bool = True
    closing_is_final: bool = True
    controls: tuple[Control, ...] = ()
    bank: str = ""
    row: int | None = None

    @property
    def moved(self) -> Decimal:
        """What the booked lines add up to."""
        return total(line.amount for line in self.lines if line.status == BOOKED)

    @property
    def announced(self) -> Decimal:
        """What the lines add up to that are not booked yet."""
        return total(line.amount for line in self.lines if line.status == PENDING)

    @property
    def balance_difference(self) -> Decimal | None:
        """Opening + lines − closing; None when one of the balances is not there."""
        if self.opening is None or self.closing is None:
            return None
        return self.opening + self.moved - self.closing

    @property
    def difference(self) -> Decimal | None:
        """The balances' difference, else that of the first control sum that fails; None when nothing is stated."""
        if self.balance_difference is not None:
            return self.balance_difference
        money = [control for control in self.controls if control.is_money]
        if not money:
            return None
        return next((control.found - control.stated for control in money if not control.holds), Decimal(0))

    @property
    def ties(self) -> bool | None:
        """Whether everything that can be checked holds; None when the file states nothing to check against."""
        if self.balance_difference is None and not self.controls:
            return None
        return not self.balance_difference and all(control.holds for control in self.controls)


@dataclass(frozen=True, slots=True)
class BankFile:
    """Everything that one file says.

    `layout` names the column map of a table; `balanced` says whether its kind of file carries balances at all.
    """

    format: str
    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...] = ()
    version: str = ""
    layout: str = ""
    balanced: bool = True
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def ties(self) -> bool | None:
        """False as soon as one statement does not tie, True when one was checked and none failed."""
        answers = [statement.ties for statement in self.statements]
        if False in answers or any(finding.code in UNTIED for finding in self.findings):
            return False
        return True if True in answers else None

    @property
    def held(self) -> bool:
        """Whether a person has to accept the file before anything of it is posted."""
        return any(finding.severity == "hold" for finding in self.findings)


UNTIED = frozenset({"control_file", "control_group"})
"""Findings about the whole file that mean that it does not add up."""


def total(amounts: Iterable[Decimal | None]) -> Decimal:
    """The sum of those that could be read."""
    return sum((amount for amount in amounts if amount is not None), Decimal(0))
