"""Statement runs and their batches: what a period's close has done, customer by customer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, TextClause, Uuid, bindparam, delete, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Session
from storage.identifiers import new_id
from storage.presence import DEAD_AFTER_SECONDS, holder_is_dead
from storage.schema import customer, open_item, run_batch, statement_run

PAGE = 50
"""Runs on one page: four years of months."""


@dataclass(frozen=True, slots=True)
class Run:
    """One close of one period. `figures` holds a document per stage."""

    id: UUID
    period: str
    segment: str
    form: str
    as_of: date
    as_known: datetime
    stage: str
    figures: dict[str, Any]
    started_by: UUID | None
    prefect_run_id: str | None
    heartbeat_at: datetime | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of a run's customers in one stage."""

    id: UUID
    number: int
    customer_ids: list[UUID]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch and how it went."""

    number: int
    customers: int
    state: str
    error: str | None
    claimed_at: datetime | None
    finished_at: datetime | None
    figures: dict[str, Any]


_COLUMNS = [
    statement_run.c.id, statement_run.c.period, statement_run.c.segment, statement_run.c.form, statement_run.c.as_of,
    statement_run.c.as_known, statement_run.c.stage, statement_run.c.figures, statement_run.c.started_by,
    statement_run.c.prefect_run_id, statement_run.c.heartbeat_at, statement_run.c.started_at,
    statement_run.c.finished_at,
]  # fmt: skip


async def insert_run(
    session: Session, company_id: UUID, key: tuple[str, str, str], as_of: date, started_by: UUID | None
) -> UUID | None:
    """A new run in stage collect for (period, segment, form); None when that run exists."""
    period, segment, form = key
    query = (
        upsert(statement_run)
        .values(
            company_id=company_id, id=new_id(), period=period, segment=segment, form=form, as_of=as_of,
            as_known=func.clock_timestamp(), stage="collect", started_by=started_by,
            heartbeat_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing(index_elements=["company_id", "period", "segment", "form"])
        .returning(statement_run.c.id)
    )  # fmt: skip
    made: UUID | None = (await session.execute(query)).scalar_one_or_none()
    return made


async def find_run_by_key(session: Session, company_id: UUID, key: tuple[str, str, str]) -> Run | None:
    """The run of (period, segment, form)."""
    query = select(*_COLUMNS).where(
        statement_run.c.company_id == company_id,
        statement_run.c.period == key[0],
        statement_run.c.segment == key[1],
        statement_run.c.form == key[2],
    )
    row = (await session.execute(query)).one_or_none()
    return Run(*row) if row else None


async def find_run(session: Session, company_id: UUID, run_id: UUID) -> Run | None:
    """The run with this id."""
    query = select(*_COLUMNS).where(statement_run.c.company_id == company_id, statement_run.c.id == run_id)
    row = (await session.execute(query)).one_or_none()
    return Run(*row) if row else None


async def runs_page(session: Session, company_id: UUID, before: UUID | None = None) -> list[Run]:
    """The newest runs first; `before` is the last id of the page before."""
    query = select(*_COLUMNS).where(statement_run.c.company_id == company_id)
    if before is not None:
        query = query.where(statement_run.c.id < before)
    return [Run(*row) for row in await session.execute(query.order_by(statement_run.c.id.desc()).limit(PAGE))]


async def unfinished_runs(session: Session, company_id: UUID) -> list[Run]:
    """Every run that is not closed, oldest first."""
    query = select(*_COLUMNS).where(statement_run.c.company_id == company_id, statement_run.c.stage != "closed")
    return [Run(*row) for row in await session.execute(query.order_by(statement_run.c.id))]


async def move_run(session: Session, company_id: UUID, run_id: UUID, stage: str, to_stage: str) -> bool:
    """Moves the run on; False when it no longer is in `stage`.

    Drafts know the books as they are when reconciling is over: what it allocated is in them.
    """
    values: dict[str, Any] = {"stage": to_stage, "heartbeat_at": func.clock_timestamp()}
    if to_stage == "draft":
        values["as_known"] = func.clock_timestamp()
    if to_stage == "closed":
        values["finished_at"] = func.clock_timestamp()
    result = await session.execute(
        update(statement_run)
        .where(statement_run.c.company_id == company_id, statement_run.c.id == run_id, statement_run.c.stage == stage)
        .values(**values)
    )
    return bool(result.rowcount)


async def put_stage_figures(
    session: Session, company_id: UUID, run_id: UUID, stage: str, figures: dict[str, Any]
) -> None:
    """Replaces the figures of one stage."""
    await session.execute(
        update(statement_run)
        .where(statement_run.c.company_id == company_id, statement_run.c.id == run_id)
        .values(
            figures=statement_run.c.figures.op("||")(literal({stage: figures}, JSONB)),
            heartbeat_at=func.clock_timestamp(),
        )
    )


async def tie_prefect_run(session: Session, company_id: UUID, run_id: UUID, prefect_run_id: str) -> None:
    """Remembers the Prefect run that shows this one, for the links between the two."""
    await session.execute(
        update(statement_run)
        .where(statement_run.c.company_id == company_id, statement_run.c.id == run_id)
        .values(prefect_run_id=prefect_run_id)
    )


async def plan_batches(session: Session, company_id: UUID, run: Run, stage: str, size: int) -> None:
    """Cuts the run's customers into batches for a stage, once; a second call changes nothing.

    The run's customers are those with a document up to its date and the heads of groups, in the segment (a customer
    attribute) if it has one.
    """
    await session.execute(
        select(statement_run.c.id)
        .where(statement_run.c.company_id == company_id, statement_run.c.id == run.id)
        .with_for_update()
    )
    planned = select(run_batch.c.id).where(
        run_batch.c.company_id == company_id, run_batch.c.run_id == run.id, run_batch.c.stage == stage
    )
    if (await session.execute(planned.limit(1))).first() is not None:
        return
    ids = [row[0] for row in await session.execute(_customers_of(company_id, run))]
    rows = [
        {
            "company_id": company_id, "id": new_id(), "run_id": run.id, "stage": stage, "number": number,
            "customer_ids": ids[start : start + size],
        }
        for number, start in enumerate(range(0, len(ids), size), start=1)
    ]  # fmt: skip
    if rows:
        await session.execute(insert(run_batch), rows)


def _customers_of(company_id: UUID, run: Run) -> Any:  # noqa: ANN401 - SQLAlchemy's Select takes the columns' types
    member = customer.alias("member")
    documents = select(literal(1)).where(
        open_item.c.company_id == company_id,
        open_item.c.customer_id == customer.c.id,
        open_item.c.document_date <= run.as_of,
    )
    members = select(literal(1)).where(member.c.company_id == company_id, member.c.parent_id == customer.c.id)
    query = select(customer.c.id).where(customer.c.company_id == company_id, documents.exists() | members.exists())
    if run.segment != "all":
        query = query.where(customer.c.attributes["segment"].astext == run.segment)
    return query.order_by(customer.c.code)


async def claim_batch(session: Session, company_id: UUID, run_id: UUID, stage: str, token: UUID) -> Batch | None:
    """The next batch that nobody works on: new, failed under another worker, or left behind by a dead one."""
    free = or_(
        run_batch.c.state == "pending",
        (run_batch.c.state == "failed") & (run_batch.c.claim_token != token),
        (run_batch.c.state == "running") & holder_is_dead(run_batch.c.claim_token, run_batch.c.heartbeat_at),
    )
    found = (
        await session.execute(
            select(run_batch.c.id, run_batch.c.number, run_batch.c.customer_ids)
            .where(run_batch.c.company_id == company_id, run_batch.c.run_id == run_id, run_batch.c.stage == stage, free)
            .order_by(run_batch.c.number)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
    ).one_or_none()
    if found is None:
        return None
    await session.execute(
        update(run_batch)
        .where(run_batch.c.company_id == company_id, run_batch.c.id == found.id)
        .values(
            state="running", claim_token=token, claimed_at=func.clock_timestamp(), error=None,
            heartbeat_at=func.clock_timestamp(),
        )
    )  # fmt: skip
    return Batch(found.id, found.number, list(found.customer_ids))


async def beat(session: Session, company_id: UUID, run_id: UUID, token: UUID) -> None:
    """Says that the worker behind `token` lives, on its batches and on the run."""
    now = func.clock_timestamp()
    await session.execute(
        update(run_batch)
        .where(run_batch.c.company_id == company_id, run_batch.c.claim_token == token, run_batch.c.state == "running")
        .values(heartbeat_at=now)
    )
    await session.execute(
        update(statement_run)
        .where(statement_run.c.company_id == company_id, statement_run.c.id == run_id)
        .values(heartbeat_at=now)
    )


async def end_batch(
    session: Session, company_id: UUID, batch_id: UUID, token: UUID, state: str, result: dict[str, Any]
) -> bool:
    """Writes `done` with figures, or `failed` with an error; False when the claim has passed to another worker."""
    done = await session.execute(
        update(run_batch)
        .where(run_batch.c.company_id == company_id, run_batch.c.id == batch_id, run_batch.c.claim_token == token)
        .values(state=state, finished_at=func.clock_timestamp(), figures=result, error=result.get("error"))
    )
    return bool(done.rowcount)


async def batches_of(session: Session, company_id: UUID, run_id: UUID, stage: str) -> list[BatchRow]:
    """Every batch of a stage, in order."""
    query = (
        select(
            run_batch.c.number, func.cardinality(run_batch.c.customer_ids), run_batch.c.state, run_batch.c.error,
            run_batch.c.claimed_at, run_batch.c.finished_at, run_batch.c.figures,
        )
        .where(run_batch.c.company_id == company_id, run_batch.c.run_id == run_id, run_batch.c.stage == stage)
        .order_by(run_batch.c.number)
    )  # fmt: skip
    return [BatchRow(*row) for row in await session.execute(query)]


_COLLECTED = text("""
    select currency, count(*) as items, sum(amount)::bigint as amount
    from open_item
    where company_id = :company and customer_id = any(:customers) and document_date <= :as_of
    group by currency order by currency
""").bindparams(bindparam("customers", type_=ARRAY(Uuid)))

_UNAPPLIED = text("""
    select i.currency, count(*) as items, sum(i.amount + coalesce(a.applied, 0))::bigint as amount
    from open_item i
    left join (select credit_item_id, sum(amount)::bigint as applied from allocation
               where company_id = :company and effective_on <= :as_of
                 and credit_item_id in (select id from open_item
                                        where company_id = :company and customer_id = any(:customers) and amount < 0)
               group by credit_item_id) a on a.credit_item_id = i.id
    where i.company_id = :company and i.customer_id = any(:customers) and i.document_date <= :as_of
      and i.amount < 0 and i.amount + coalesce(a.applied, 0) <> 0
    group by i.currency order by i.currency
""").bindparams(bindparam("customers", type_=ARRAY(Uuid)))

_UNREADABLE = text("""
    select count(*) from raw_record
    where company_id = :company and state = 'open' and outcome in ('quarantined', 'rejected')
""")

_STATEMENTS = text("""
    select status, currency, count(*) as statements, count(distinct customer_id) as customers,
           sum(closing)::bigint as closing, count(sent_at) as ever_sent
    from statement where company_id = :company and run_id = :run
    group by status, currency order by status, currency
""")

_UNSENT = text("""
    select count(*) from outbox
    where company_id = :company and kind = 'statement_to_customer' and state in ('pending', 'sending', 'uncertain')
      and subject_kind = 'statement'
      and subject_id in (select id::text from statement where company_id = :company and run_id = :run)
""")


async def unapplied_in(session: Session, company_id: UUID, batch: Batch, as_of: date) -> tuple[int, dict[str, int]]:
    """How many receipts and credits of the batch's customers are not wholly applied on the date, and what is left."""
    return await _counted(session, _UNAPPLIED, company_id, batch, as_of)


async def collected_in(session: Session, company_id: UUID, batch: Batch, as_of: date) -> tuple[int, dict[str, int]]:
    """How many documents the batch's customers have up to the date, and their sum per currency in minor units."""
    return await _counted(session, _COLLECTED, company_id, batch, as_of)


async def _counted(
    session: Session, query: TextClause, company_id: UUID, batch: Batch, as_of: date
) -> tuple[int, dict[str, int]]:
    values = {"company": company_id, "customers": batch.customer_ids, "as_of": as_of}
    rows = await session.execute(query, values)
    items, money = 0, {}
    for row in rows:
        items += row.items
        money[row.currency] = row.amount
    return items, money


async def unreadable_rows(session: Session, company_id: UUID) -> int:
    """Rows of imported files that still wait for a person."""
    return int((await session.execute(_UNREADABLE, {"company": company_id})).scalar_one())


@dataclass(frozen=True, slots=True)
class StatusFigures:
    """The statements of a run in one status and currency; `closing` in minor units.

    `ever_sent` counts those that a customer has had, also when a newer version has taken their place.
    """

    status: str
    currency: str
    statements: int
    customers: int
    closing: int
    ever_sent: int


async def statements_by_status(session: Session, company_id: UUID, run_id: UUID) -> list[StatusFigures]:
    """Where the run's statements stand."""
    rows = await session.execute(_STATEMENTS, {"company": company_id, "run": run_id})
    return [StatusFigures(*row) for row in rows]


async def mails_on_the_way(session: Session, company_id: UUID, run_id: UUID) -> int:
    """Mails of the run that the relay has not settled yet."""
    return int((await session.execute(_UNSENT, {"company": company_id, "run": run_id})).scalar_one())


_WITH_STATUS = text("""
    select id from statement
    where company_id = :company and run_id = :run and status = :status and id > :after
    order by id limit :size
""")


async def statements_with_status(
    session: Session, company_id: UUID, run_id: UUID, status: str, after: UUID, size: int
) -> list[UUID]:
    """Ids of the run's statements in a status, by id after `after`."""
    rows = await session.execute(
        _WITH_STATUS, {"company": company_id, "run": run_id, "status": status, "after": after, "size": size}
    )
    return [row[0] for row in rows]


_NEWER = text("""
    select (select count(*) from open_item i join customer c on c.company_id = i.company_id and c.id = i.customer_id
            where i.company_id = :company and i.recorded_at > :known and i.document_date <= :as_of
              and (:segment = 'all' or c.attributes ->> 'segment' = :segment))
         + (select count(*) from allocation
            where company_id = :company and recorded_at > :known and effective_on <= :as_of)
""")


async def newer_records(session: Session, company_id: UUID, run: Run) -> int:
    """Documents and allocations of the run's dates that were recorded after it read the books."""
    values = {"company": company_id, "known": run.as_known, "as_of": run.as_of, "segment": run.segment}
    return int((await session.execute(_NEWER, values)).scalar_one())


async def reopen_run(session: Session, company_id: UUID, run_id: UUID) -> bool:
    """Takes a run that is past its drafts back to its start, with the books as they are known now."""
    result = await session.execute(
        update(statement_run)
        .where(
            statement_run.c.company_id == company_id,
            statement_run.c.id == run_id,
            statement_run.c.stage.in_(["review", "send", "follow_up", "closed"]),
        )
        .values(stage="collect", as_known=func.clock_timestamp(), heartbeat_at=func.clock_timestamp(), finished_at=None)
    )
    if not result.rowcount:
        return False
    await session.execute(delete(run_batch).where(run_batch.c.company_id == company_id, run_batch.c.run_id == run_id))
    return True


async def dead_runs(session: Session, company_id: UUID) -> list[UUID]:
    """Runs in their first three stages that nobody has worked on for a minute: their worker died."""
    silent = statement_run.c.heartbeat_at < func.statement_timestamp() - func.make_interval(
        0, 0, 0, 0, 0, 0, DEAD_AFTER_SECONDS
    )
    query = select(statement_run.c.id).where(
        statement_run.c.company_id == company_id,
        statement_run.c.stage.in_(["collect", "reconcile", "draft"]),
        silent,
    )
    return [row[0] for row in await session.execute(query.order_by(statement_run.c.id))]
