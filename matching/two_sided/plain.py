"""The comparison row by row, as it is meant: small ledgers, and the measure of the columnar form."""

from collections.abc import Sequence

from matching.two_sided.board import Board
from matching.two_sided.period import Crossing, Period, crossing, find_period, month_end, timed
from matching.two_sided.rest import settle_rest
from matching.two_sided.terms import Entry, Kind, Link, Rules, Votes, Why, compare, is_mirrored


def reconcile_plain(ours: Sequence[Entry], theirs: Sequence[Entry], rules: Rules) -> tuple[list[Link], bool, Period]:
    """Every row in exactly one link; whether their signs were turned; the end of the period.

    Their amounts come as their ledger writes them. Places are positions.
    """
    lone = [(our[0], their[0]) for our, their in Board(ours, theirs).shared(_key) if len(our) == len(their) == 1]
    mirrored = rules.mirrored
    if mirrored is None:
        mirrored = is_mirrored(_votes(lone), lambda: _votes(_equal_sizes(ours, theirs)))
    turned = [their._replace(amount=-their.amount) for their in theirs] if mirrored else list(theirs)
    board = Board(ours, turned)
    for our, their in lone:
        kind = compare(our, turned[their.place])
        if kind is not None:
            board.close(kind, (our,), (turned[their.place],), Why.NUMBER)
    settle_rest(board)
    period = Period(rules.period_end, given=True) if rules.period_end else _found_period(board.links, ours, theirs)
    return [_timed(link, ours, theirs, period) for link in board.links], mirrored, period


def _key(entry: Entry) -> str | None:
    return entry.key or None


def _votes(pairs: Sequence[tuple[Entry, Entry]]) -> Votes:
    told = [our.amount * their.amount for our, their in pairs if our.currency == their.currency]
    return Votes(sum(product > 0 for product in told), sum(product < 0 for product in told))


def _equal_sizes(ours: Sequence[Entry], theirs: Sequence[Entry]) -> list[tuple[Entry, Entry]]:
    """Without common numbers: the amounts that stand once on each side."""
    shared = Board(ours, theirs).shared(lambda entry: (entry.currency, abs(entry.amount)))
    return [(our[0], their[0]) for our, their in shared if len(our) == len(their) == 1]


def _found_period(links: Sequence[Link], ours: Sequence[Entry], theirs: Sequence[Entry]) -> Period:
    crossings: list[Crossing] = []
    for link in links:
        if link.kind is Kind.MATCHED:
            found = crossing(ours[link.ours[0]].day, theirs[link.theirs[0]].day)
            crossings += [found] if found else []
    days = [[entry.day for entry in side if entry.day is not None] for side in (ours, theirs)]
    lasts = [max(side, default=None) for side in days]
    last = max((day for day in lasts if day is not None), default=None)
    late = sum(month_end(day) == month_end(last) for side in days for day in side) if last is not None else 0
    return find_period(lasts[0], lasts[1], crossings, late)


def _timed(link: Link, ours: Sequence[Entry], theirs: Sequence[Entry], period: Period) -> Link:
    days = [*(ours[place].day for place in link.ours), *(theirs[place].day for place in link.theirs)]
    return link._replace(kind=timed(link.kind, [period.late(day) for day in days], given=period.given))
