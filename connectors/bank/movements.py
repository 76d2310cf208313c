"""What of a checked bank file can be posted: one movement per booking or per payment inside one, each with its key.

The key of a movement is the same in every file that holds it: its bank reference, day and amount, or everything that is
said about it, and its place among equal ones of one file. So a file and an overlapping file add nothing twice.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.bank.statement import BOOKED, BankFile, Line, Part, Statement, total
from ledger.money import known_currencies, round_to_minor

MAX_TEXT = 500
"""Of a line's text that is kept with its receipt; the file itself is kept whole."""

KEY_BYTES = 16
"""128 bits: no two movements of one account share a key by chance."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money in (positive) or out of one account, in minor units; `place` is its statement in the file, from 0."""

    place: int
    key: str
    row: int | None
    booked_on: date
    value_date: date | None
    currency: str
    amount: int
    reversal: bool
    reference: str
    bank_reference: str
    description: str
    payer: str
    payer_account: str


def movements(file: BankFile) -> list[Movement]:
    """Every movement that can be posted, in the file's order: it has a day and an amount in whole minor units."""
    seen: Counter[str] = Counter()
    found: list[Movement] = []
    for place, statement in enumerate(file.statements):
        for line in statement.lines:
            for part in _parts(line):
                movement = _movement(place, statement, line, part, seen)
                if movement is not None:
                    found.append(movement)
    return found


def payer_keys(name: str, account: str) -> list[str]:
    """How a payer is looked up, the surer key first."""
    keys = []
    plain_account = "".join(letter for letter in account.upper() if letter.isalnum() or letter == "*")
    if plain_account and "*" not in plain_account:
        keys.append(f"account:{plain_account}")
    if plain_name(name):
        keys.append(f"name:{plain_name(name)}")
    return keys


def plain_name(name: str) -> str:
    """A name as it is compared: width, case, spaces and marks do not matter, letters and digits do."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def _parts(line: Line) -> Iterator[Part]:
    """The payments inside a collective booking when they add up to it, else the booking."""
    amounts = [part.amount for part in line.parts]
    if line.parts and None not in amounts and total(amounts) == line.amount:
        yield from line.parts
    else:
        yield Part(line.amount, line.reference, line.text, line.counterparty, line.counterparty_account)


def _movement(place: int, statement: Statement, line: Line, part: Part, seen: Counter[str]) -> Movement | None:
    amount = _minor(part.amount, statement.currency)
    if line.status != BOOKED or line.booked_on is None or not amount:
        return None
    base = _base(statement, line, part)
    key = hashlib.blake2b(f"{base}\x1f{seen[base]}".encode(), digest_size=KEY_BYTES).hexdigest()
    seen[base] += 1
    words = dict.fromkeys(filter(None, (part.reference, part.text or line.text)))
    return Movement(
        place, key, line.row, line.booked_on, line.value_date, statement.currency, amount, line.reversal,
        reference=part.reference[:MAX_TEXT], bank_reference=line.bank_reference[:MAX_TEXT],
        description=" ".join(words)[:MAX_TEXT], payer=part.counterparty[:MAX_TEXT],
        payer_account=part.counterparty_account[:MAX_TEXT],
    )  # fmt: skip


def _minor(amount: Decimal | None, currency: str) -> int:
    """Whole minor units; 0 when the amount is finer or too large, which the file's findings have said."""
    if amount is None or currency not in known_currencies():
        return 0
    try:
        minor, residue = round_to_minor(amount, currency)
    except ValueError:
        return 0
    return minor if residue == 0 else 0


def _base(statement: Statement, line: Line, part: Part) -> str:
    if not line.bank_reference:
        told = [part.reference, part.counterparty, part.counterparty_account, part.text]
    else:
        told = [part.reference] if line.parts else []
    parts = (
        statement.account, statement.currency, str(line.booked_on), f"{(part.amount or Decimal(0)).normalize():f}",
        line.bank_reference, *told,
    )  # fmt: skip
    return "\x1f".join(parts)
