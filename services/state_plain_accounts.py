"""States the plain accounts of a batch in columns; those that are not plain are left to `gather_subjects`."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

import polars as pl

from ledger.columnar import LedgerFrame
from services.gather_subjects import Frame, group_members, groups_are_stated
from statements.columnar_content import Common, plain_accounts, plain_contents
from statements.content import Form, Party
from storage.database import Database, Session
from storage.ledger_rows import CustomerRow, batch_customers, customers_in_dispute, read_ledger
from storage.promises import known_promises
from storage.statements import StatementRow

AMOUNTS = ("opening", "debits", "credits", "closing", "overdue")


@dataclass(frozen=True, slots=True)
class Plain:
    """The customers whose statements are all plain, and `plain_contents` of those that have items."""

    customers: frozenset[UUID]
    contents: pl.DataFrame | None = None


async def state_plain_accounts(
    engine: Database,
    session: Session,
    frame: Frame,
    customer_ids: Sequence[UUID],
    last: Mapping[tuple[UUID, str], StatementRow],
) -> Plain:
    """What the customers of the batch get whose statements are all plain."""
    if frame.form is not Form.OPEN_ITEM:
        return Plain(frozenset())
    alone = await _alone(session, frame, customer_ids)
    if not alone:
        return Plain(frozenset())
    ledger = await read_ledger(engine, frame.company.id, frame.as_known, list(alone), words=True)
    return await asyncio.to_thread(_state, ledger, alone, last, frame)


def _state(
    ledger: LedgerFrame,
    alone: Mapping[UUID, CustomerRow],
    last: Mapping[tuple[UUID, str], StatementRow],
    frame: Frame,
) -> Plain:
    plain = plain_accounts(ledger)
    others = ledger.items["account"].unique()
    others = others.filter(~others.is_in(plain.implode()))
    if others.len():
        ledger = LedgerFrame(
            ledger.items.filter(pl.col("account").is_in(plain.implode())),
            ledger.allocations.filter(pl.col("credit_account").is_in(plain.implode())),
        )
    contents = plain_contents(ledger, _customers(alone.values()), _versions(last), _common(frame))
    return Plain(frozenset(alone) - {UUID(bytes=account) for account in others}, contents)


async def _alone(session: Session, frame: Frame, customer_ids: Sequence[UUID]) -> dict[UUID, CustomerRow]:
    """Customers who stand for themselves alone, without a dispute or a promise that their statement would name."""
    company_id = frame.company.id
    everyone = {row.id: row for row in await batch_customers(session, company_id, customer_ids)}
    groups = group_members(everyone, grouped=groups_are_stated(frame.company))
    alone = {one: everyone[one] for one in customer_ids if len(groups.get(one, ())) == 1 and not everyone[one].disabled}
    spoken = await customers_in_dispute(session, company_id, frame.as_known, list(alone))
    spoken |= set(await known_promises(session, company_id, frame.as_known, list(alone), frame.period.start))
    return {customer_id: row for customer_id, row in alone.items() if customer_id not in spoken}


def _customers(rows: Iterable[CustomerRow]) -> pl.DataFrame:
    schema = dict.fromkeys(("code", "name", "language", "country"), pl.String)
    told = [(row.id.bytes, row.code, row.name, row.language, row.country) for row in rows]
    return pl.DataFrame(told, schema={"account": pl.Binary, **schema}, orient="row")


def _versions(last: Mapping[tuple[UUID, str], StatementRow]) -> pl.DataFrame:
    told = [(customer_id.bytes, currency, row.version + 1) for (customer_id, currency), row in last.items()]
    return pl.DataFrame(told, schema={"account": pl.Binary, "currency": pl.String, "version": pl.Int64}, orient="row")


def _common(frame: Frame) -> Common:
    company = Party(frame.company.code, frame.company.name)
    as_known = frame.as_known.astimezone(UTC).isoformat()
    return Common(company, frame.period, frame.as_of, as_known, frame.policy)
