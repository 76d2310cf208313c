"""The rows that a number alone did not settle: repeated numbers, other spellings, other numbering, sums.

Each step takes rows off the board and says why; what no step takes is missing on the other side.
"""

import re
from itertools import chain

from matching.document_numbers import ANY_PREFIX, slip_between, taken_apart
from matching.references import reference_key
from matching.two_sided.board import Board, by_key, days_apart, is_group, money_of, total
from matching.two_sided.sums import days_of_equal_sum, rows_that_add_up
from matching.two_sided.terms import OPENING_KEY, Entry, Kind, Why, compare

NEAR_DAYS = 10
"""A payment is on its way, or waits to be booked, no longer than this: beyond it equal amounts are chance."""

MANY_ALIKE = 400
"""Pairs of equal amounts looked at for a slip: more are a price list, in which every number resembles another."""

OTHER_KINDS = frozenset({
    "CN", "CR", "CM", "CRN", "CREDIT", "GS", "DN", "RC", "RCPT", "REC", "RECEIPT", "PAY", "PMT", "PAYMENT", "PV",
    "收", "收款", "付", "付款", "贷", "贷项", "红字", "退款",
})  # fmt: skip
"""Prefixes of credits and payments: with an invoice's digits they are still no invoice."""

_BETWEEN = re.compile(r"[\s,;，；、|+&]+")


def settle_rest(board: Board) -> None:
    """All steps in their order; afterwards the board is empty."""
    repeated_numbers(board)
    board.close_twins(alone_too=False)
    rows_that_name_others(board)
    numbers_alike(board)
    numbers_with_a_slip(board)
    other_numbering(board)
    rows_that_add_up(board, (0, NEAR_DAYS))
    days_of_equal_sum(board)
    board.close_twins(alone_too=True)
    board.close_missing()


def repeated_numbers(board: Board) -> None:
    """A number that stands several times: equal amounts first, then what is left of it as one sum."""
    for ours, theirs in board.shared(lambda entry: entry.key or None):
        for our, their in board_pairs(ours, theirs):
            board.close(Kind.MATCHED, (our,), (their,), Why.NUMBER)
        our_rest = [entry for entry in ours if entry.place in board.ours]
        their_rest = [entry for entry in theirs if entry.place in board.theirs]
        if our_rest and their_rest:
            _rest_of_number(board, our_rest, their_rest)


def board_pairs(ours: list[Entry], theirs: list[Entry]) -> list[tuple[Entry, Entry]]:
    """Rows of equal amount, each with one of its own day when there is one, else with the next."""
    if len(ours) == 1:
        their = _nearest(ours[0], [one for one in theirs if money_of(one) == money_of(ours[0])])
        return [(ours[0], their)] if their is not None else []
    found = []
    their_by_money = by_key(theirs, money_of)
    for money, alike in by_key(ours, money_of).items():
        waiting = list(their_by_money.get(money, ()))
        late = []
        for our in alike:
            their = _nearest(our, waiting)
            if their is None or their.day != our.day:
                late.append(our)
            else:
                waiting.remove(their)
                found.append((our, their))
        found.extend(zip(late, waiting, strict=False))
    return found


def _nearest(our: Entry, alike: list[Entry]) -> Entry | None:
    """The row of the same day, else the first."""
    return next((one for one in alike if one.day == our.day), next(iter(alike), None))


def _rest_of_number(board: Board, ours: list[Entry], theirs: list[Entry]) -> None:
    our_distinct, their_distinct = _distinct(ours), _distinct(theirs)
    if len({entry.currency for entry in chain(ours, theirs)}) == 1:
        for our, their in ((ours, theirs), (our_distinct, their_distinct)):
            if is_group(our, their):
                board.close(Kind.GROUPED, our, their, Why.SUM_OF_NUMBER)
                return
    if len(our_distinct) == len(their_distinct) == 1:
        kind = compare(our_distinct[0], their_distinct[0])
        if kind is not None:
            board.close(kind, our_distinct, their_distinct, Why.NUMBER)
        return
    if len({(entry.currency, entry.amount < 0) for entry in chain(ours, theirs)}) == 1:
        board.close(Kind.AMOUNT, our_distinct, their_distinct, Why.SUM_OF_NUMBER)


def _distinct(entries: list[Entry]) -> list[Entry]:
    """One row of each amount: the others are its twins."""
    return [alike[0] for alike in by_key(entries, money_of).values()]


def rows_that_name_others(board: Board) -> None:
    """A row whose number or text names documents of the other side: together they are its amount."""
    _name_others(board, ours=True)
    _name_others(board, ours=False)


def _name_others(board: Board, *, ours: bool) -> None:
    side, other = (board.ours, board.theirs) if ours else (board.theirs, board.ours)
    known = by_key(other.values(), lambda entry: entry.key or None)
    for entry in list(side.values()):
        named = [one for key in _keys_named(entry) if key in known for one in known[key] if one.place in other]
        if not named or any(one.currency != entry.currency for one in named) or total(named) != entry.amount:
            continue
        kind, why = (Kind.MATCHED, Why.NAMED) if len(named) == 1 else (Kind.GROUPED, Why.SUM_OF_NAMED)
        board.close_sum(entry, named, kind, why, ours=ours)


def _keys_named(entry: Entry) -> list[str]:
    """The keys of other documents that stand in a row's number or text; words without a digit name none."""
    if not entry.text and not _BETWEEN.search(entry.number):
        return []
    words = chain(_BETWEEN.split(entry.number), _BETWEEN.split(entry.text))
    keys = (reference_key(word) for word in words if any(letter.isdigit() for letter in word))
    return [key for key in dict.fromkeys(keys) if key not in {"", entry.key}]


def numbers_alike(board: Board) -> None:
    """The same digits under another prefix, or none: one document when the amount agrees or the prefix says little."""
    for ours, theirs in board.shared(_digits):
        for our, their in board_pairs(ours, theirs):
            if _near(our, their):
                board.close(Kind.MATCHED, (our,), (their,), Why.ALIKE)
        our_rest = [entry for entry in ours if entry.place in board.ours]
        their_rest = [entry for entry in theirs if entry.place in board.theirs]
        if len(our_rest) == len(their_rest) == 1 and _prefixes_agree(our_rest[0].key, their_rest[0].key):
            kind = compare(our_rest[0], their_rest[0])
            if kind is not None:
                board.close(kind, our_rest, their_rest, Why.ALIKE)


def _digits(entry: Entry) -> str | None:
    number = taken_apart(entry.key) if entry.key and entry.key != OPENING_KEY else None
    return number.plain if number is not None else None


def _prefixes_agree(our_key: str, their_key: str) -> bool:
    """Whether two numbers may be of one document: equal prefixes, none, or one that only means "document"."""
    prefixes = {number.prefix for key in (our_key, their_key) if (number := taken_apart(key)) is not None}
    if len(prefixes) == 1 or "" in prefixes:
        return True
    return not prefixes & OTHER_KINDS and bool(prefixes & ANY_PREFIX)


def _near(our: Entry, their: Entry) -> bool:
    apart = days_apart(our, their)
    return apart is None or apart <= NEAR_DAYS


def numbers_with_a_slip(board: Board) -> None:
    """Equal amounts of about the same day whose numbers are one keystroke apart, when no other number is."""
    for ours, theirs in board.shared(money_of):
        if len(ours) * len(theirs) > MANY_ALIKE:
            continue
        _close_unique(board, [(our, their) for our in ours for their in theirs if _slip(our, their)], Why.SLIP)


def _slip(our: Entry, their: Entry) -> bool:
    if not our.key or not their.key or not _near(our, their):
        return False
    if slip_between(our.key, their.key):
        return True
    our_number, their_number = taken_apart(our.key), taken_apart(their.key)
    if our_number is None or their_number is None or not _prefixes_agree(our.key, their.key):
        return False
    return our_number.plain == their_number.plain or slip_between(our_number.digits, their_number.digits)


def other_numbering(board: Board) -> None:
    """Payments carry each side's own number: equal amounts of one day, then of near days when nothing else fits."""
    for ours, theirs in board.shared(lambda entry: (*money_of(entry), entry.day) if entry.day else None):
        for our, their in zip(*_of_other_series(ours, theirs), strict=False):
            board.close(Kind.MATCHED, (our,), (their,), Why.SAME_DAY)
    for ours, theirs in board.shared(money_of):
        if len(ours) * len(theirs) > MANY_ALIKE:
            continue
        pairs = [(our, their) for our in ours for their in theirs if _near(our, their) and not _one_series(our, their)]
        _close_unique(board, pairs, Why.NEAR_DAY)


def _of_other_series(ours: list[Entry], theirs: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The rows that share their series of numbers with none of the other side's."""
    return (
        [our for our in ours if not any(_one_series(our, their) for their in theirs)],
        [their for their in theirs if not any(_one_series(our, their) for our in ours)],
    )


def _one_series(our: Entry, their: Entry) -> bool:
    """Whether both numbers come from one numbering, in which two numbers are two documents."""
    if OPENING_KEY in {our.key, their.key}:
        return True
    if not our.key or not their.key:
        return False
    return _series(our.key) == _series(their.key)


def _series(key: str) -> tuple[str, int]:
    number = taken_apart(key)
    if number is None:
        return key, 0
    return number.prefix, 0 if number.prefix else len(number.digits)


def _close_unique(board: Board, pairs: list[tuple[Entry, Entry]], why: Why) -> None:
    """Closes each pair of which neither row has another candidate."""
    ours, theirs = [our.place for our, _ in pairs], [their.place for _, their in pairs]
    for our, their in pairs:
        if ours.count(our.place) == 1 and theirs.count(their.place) == 1:
            board.close(Kind.MATCHED, (our,), (their,), why)
