"""States the plain accounts of a batch in columns; those that are not plain are left to `gather_subjects`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
class Stated:
    """One statement ready to be compared and written. `amounts` and `buckets` are exact decimal strings."""

    customer_id: UUID
    code: str
    currency: str
    number: str
    version: int
    says_something: bool
    content: str
    digest: str
    figures_digest: str
    ties: bool
    amounts: dict[str, str]
    buckets: dict[str, str]


async def state_plain_accounts(
    engine: Database,
    session: Session,
    frame: Frame,
    customer_ids: Sequence[UUID],
    last: Mapping[tuple[UUID, str], StatementRow],
) -> dict[UUID, list[Stated]]:
    """What each customer of the batch gets whose statements are all plain; the others are not in the answer."""
    if frame.form is not Form.OPEN_ITEM:
        return {}
    alone = await _alone(session, frame, customer_ids)
    if not alone:
        return {}
    ledger = await read_ledger(engine, frame.company.id, frame.as_known, list(alone), words=True)
    plain = plain_accounts(ledger).implode()
    own = LedgerFrame(
        ledger.items.filter(pl.col("account").is_in(plain)),
        ledger.allocations.filter(pl.col("credit_account").is_in(plain)),
    )
    silent = set(alone) - {UUID(bytes=account) for account in ledger.items["account"].unique()}
    stated: dict[UUID, list[Stated]] = {customer_id: [] for customer_id in silent}
    contents = plain_contents(own, _customers(alone.values()), _versions(last), _common(frame))
    for one in _stated(contents, frame.policy.labels):
        stated.setdefault(one.customer_id, []).append(one)
    return stated


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


def _stated(contents: pl.DataFrame, labels: Sequence[str]) -> Iterator[Stated]:
    for row in contents.iter_rows(named=True):
        yield Stated(
            customer_id=UUID(bytes=row["account"]), code=row["code"], currency=row["currency"], number=row["number"],
            version=row["version"], says_something=row["says_something"], content=row["content"],
            digest=row["digest"], figures_digest=row["figures_digest"], ties=row["ties"],
            amounts={name: row[f"text_{name}"] for name in AMOUNTS},
            buckets={label: row[f"text_bucket_{place}"] for place, label in enumerate(labels)},
        )  # fmt: skip
