"""Gathers what the statements of a batch of customers say: accounts, groups, disputes, policy; writes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from ledger.aging import AgingPolicy
from ledger.balances import account_view
from ledger.business_calendar import Period
from ledger.items import OpenItem
from statements.content import Account, Form, KnownDispute, KnownPromise, Party, Subject
from storage.companies import Company
from storage.database import Session
from storage.ledger_rows import (
    AccountFacts,
    CustomerRow,
    DisputeRow,
    batch_customers,
    known_disputes,
    read_accounts,
)
from storage.promises import PromiseRow, known_promises


@dataclass(frozen=True, slots=True)
class Frame:
    """What all statements of a batch have in common."""

    company: Company
    period: Period
    form: Form
    as_of: date
    as_known: datetime
    policy: AgingPolicy


@dataclass(frozen=True, slots=True)
class Batch:
    """The heads to state with their subjects, and the customers left out by reason."""

    subjects: dict[UUID, list[Subject]]
    in_group: list[UUID]
    disabled: list[UUID]


async def gather_subjects(session: Session, frame: Frame, customer_ids: Sequence[UUID]) -> Batch:
    """One subject per customer (or head of a group) and currency in which there are documents at all."""
    company_id = frame.company.id
    everyone = {row.id: row for row in await batch_customers(session, company_id, customer_ids)}
    groups = group_members(everyone, grouped=groups_are_stated(frame.company))
    heads = [everyone[one] for one in customer_ids if one in groups]
    active = [head for head in heads if not head.disabled]
    members = [row.id for head in active for row in groups[head.id]]
    facts = await read_accounts(session, company_id, members, frame.as_known)
    disputes = await known_disputes(session, company_id, frame.as_known, members)
    promises = await known_promises(session, company_id, frame.as_known, members, frame.period.start)
    return Batch(
        subjects={head.id: list(_subjects(frame, groups[head.id], facts, disputes, promises)) for head in active},
        in_group=[one for one in customer_ids if one in everyone and one not in groups],
        disabled=[head.id for head in heads if head.disabled],
    )


def groups_are_stated(company: Company) -> bool:
    """Whether the members of a group stand on their head's statement (setting `group_statements`, on by default)."""
    return bool(company.settings.get("group_statements", True))


def group_members(everyone: Mapping[UUID, CustomerRow], *, grouped: bool) -> dict[UUID, list[CustomerRow]]:
    """Head of a group, or a customer alone, to its members, the head first."""
    groups: dict[UUID, list[CustomerRow]] = {}
    for row in everyone.values():
        groups.setdefault(_head(row, everyone) if grouped else row.id, []).append(row)
    return {head: sorted(rows, key=lambda row: (row.id != head, row.code)) for head, rows in groups.items()}


def _head(row: CustomerRow, everyone: Mapping[UUID, CustomerRow]) -> UUID:
    """Walks up the parents; where they form a ring, its smallest id is the head."""
    seen = [row.id]
    while row.parent_id is not None and row.parent_id in everyone:
        if row.parent_id in seen:
            return min(seen[seen.index(row.parent_id) :])
        row = everyone[row.parent_id]
        seen.append(row.id)
    return row.id


def _subjects(
    frame: Frame,
    members: Sequence[CustomerRow],
    facts: Mapping[UUID, Mapping[str, AccountFacts]],
    disputes: Mapping[UUID, DisputeRow],
    promises: Mapping[UUID, Sequence[PromiseRow]],
) -> Iterator[Subject]:
    head = members[0]
    for currency in sorted({currency for row in members for currency in facts.get(row.id, {})}):
        own = [(row, facts[row.id][currency]) for row in members if currency in facts.get(row.id, {})]
        claims = [disputes[item.id] for _, account in own for item in account.items if item.id in disputes]
        yield Subject(
            company=Party(frame.company.code, frame.company.name),
            customer=_party(head),
            currency=currency,
            form=frame.form,
            period=frame.period,
            as_of=frame.as_of,
            as_known=frame.as_known.astimezone(UTC).isoformat(),
            policy=frame.policy,
            accounts=tuple(_account(frame, row, account, disputes) for row, account in own),
            disputes=tuple(KnownDispute(one.item_id, one.amount, one.reason, one.status) for one in claims),
            promises=tuple(
                KnownPromise(one.amount, one.due_on, one.status)
                for row in members
                for one in promises.get(row.id, ())
                if one.currency == currency
            ),
        )


def _account(frame: Frame, row: CustomerRow, facts: AccountFacts, disputes: Mapping[UUID, DisputeRow]) -> Account:
    items = [_with_claim(item, disputes) for item in facts.items]
    return Account(_party(row), account_view(items, facts.allocations, frame.period.start, frame.as_of, frame.as_known))


def _with_claim(item: OpenItem, disputes: Mapping[UUID, DisputeRow]) -> OpenItem:
    """What the customer disputes counts beside what the source marked: the larger of the two."""
    claim = disputes.get(item.id)
    return item if claim is None else replace(item, disputed=max(abs(item.disputed), claim.amount))


def _party(row: CustomerRow) -> Party:
    return Party(row.code, row.name, row.language, row.country)
