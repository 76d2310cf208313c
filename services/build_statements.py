"""Builds a period's drafts for a batch of customers; building again with the same figures writes nothing."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import polars as pl

from ledger.business_calendar import Period
from ledger.canonical import canonical_json, sha256_hex
from ledger.money import minor_of_parts, parts_of
from services.change_statement_status import change_statement_status
from services.gather_subjects import Frame, gather_subjects, group_members, groups_are_stated
from services.report_balance import CustomerUnknown, policy_in_force
from services.state_plain_accounts import AMOUNTS, state_plain_accounts
from statements.content import Form, Subject, build_content, figures_digest
from statements.difference import difference
from statements.lifecycle import DEAD, UNSENT, Status
from storage.audit import SYSTEM, Actor, record
from storage.bulk import new_ids
from storage.companies import Company
from storage.database import Database, Session, transaction
from storage.ledger_rows import list_customers
from storage.presence import database_now
from storage.statements import (
    DraftedFor,
    StatementRow,
    content_of,
    insert_drafts,
    latest_versions,
    versions_of,
)
from words.refusal import Refusal

BATCH = 2_500
"""Customers per transaction: some 20 MB of contents, and a killed worker loses seconds of work."""


class FormInvalid(Refusal):
    """Not one of the three forms."""

    code = "statement_form_unknown"
    sentence = "{form} is not a form of statement."
    remedy = "The forms are OPEN_ITEM, BALANCE_FORWARD and DETAILED."


AT_ONCE = 2
"""Batches under way: while the database writes one, another one is stated. Each takes up to 200 MB."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What to build, and for whom it is recorded."""

    company: Company
    period: Period
    form: Form
    as_of: date
    run_id: UUID | None
    prepared_by: UUID | None


@dataclass(frozen=True, slots=True)
class Built:
    """A line per statement, and how many customers were left out for which reason.

    Reasons: nothing_to_say, disabled, in_group (their head's statement has them).
    """

    statements: list[dict[str, Any]]
    left_out: dict[str, int]


async def build_statements(
    engine: Database,
    company: Company,
    period: Period,
    form: str = "OPEN_ITEM",
    customer_ids: Sequence[UUID] | None = None,
    run_id: UUID | None = None,
    prepared_by: UUID | None = None,
    as_of: date | None = None,
) -> list[dict[str, Any]]:
    """Drafts of all customers, or of some: one line per statement, whether it is new or was there already."""
    built = await build_counted(engine, company, period, form, customer_ids, run_id, prepared_by, as_of)
    return built.statements


async def build_counted(
    engine: Database,
    company: Company,
    period: Period,
    form: str = "OPEN_ITEM",
    customer_ids: Sequence[UUID] | None = None,
    run_id: UUID | None = None,
    prepared_by: UUID | None = None,
    as_of: date | None = None,
) -> Built:
    """`build_statements` with the counts of who was left out. One transaction per `BATCH` customers."""
    if form not in set(Form):
        raise FormInvalid(form=form)
    order = _Order(company, period, Form(form), as_of or period.end, run_id, prepared_by)
    chosen = list(customer_ids) if customer_ids is not None else await customers_to_state(engine, company)

    async def build(batch: Sequence[UUID]) -> Built:
        async with transaction(engine, company.id) as session:
            return await _build_batch(engine, session, order, batch)

    lines: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    batches = [chosen[start : start + BATCH] for start in range(0, len(chosen), BATCH)]
    for start in range(0, len(batches), AT_ONCE):
        under_way = [build(batch) for batch in batches[start : start + AT_ONCE]]
        for built in await asyncio.gather(*under_way, return_exceptions=True):
            if isinstance(built, BaseException):
                raise built
            lines += built.statements
            left_out.update(built.left_out)
    return Built(lines, dict(left_out))


async def customers_to_state(engine: Database, company: Company) -> list[UUID]:
    """Every customer by code: what a run cuts into batches. Members of a group come with their head."""
    async with transaction(engine, company.id) as session:
        return [row.id for row in await list_customers(session, company.id)]


async def head_of_customer(engine: Database, company: Company, code: str) -> UUID:
    """Whose statement has this customer: the customer's own, or the head's of its group. Raises CustomerUnknown."""
    async with transaction(engine, company.id) as session:
        everyone = {row.id: row for row in await list_customers(session, company.id)}
    groups = group_members(everyone, grouped=groups_are_stated(company))
    for head, rows in groups.items():
        if any(row.code == code for row in rows):
            return head
    raise CustomerUnknown(customer=code)


async def _build_batch(engine: Database, session: Session, order: _Order, customer_ids: Sequence[UUID]) -> Built:
    company = order.company
    as_known = await database_now(session)
    policy = await policy_in_force(session, company, None)
    frame = Frame(company, order.period, order.form, order.as_of, as_known, policy)
    last = await latest_versions(session, company.id, order.period.label, customer_ids, lock=True)
    plain = await state_plain_accounts(engine, session, frame, customer_ids, last)
    batch = await gather_subjects(session, frame, [one for one in customer_ids if one not in plain.customers])
    rest = [_row(head, subject, last) for head, subjects in batch.subjects.items() for subject in subjects]
    parts = [plain.contents] if plain.contents is not None else []
    parts += [pl.DataFrame(rest, schema=_schema(policy.labels), orient="row")] if rest else []
    silent = len(plain.customers) + len(batch.subjects)
    lines: list[dict[str, Any]] = []
    if parts:
        names = list(_schema(policy.labels))
        due = _due(pl.concat([part.select(names) for part in parts]), customer_ids, last)
        await _write(session, order, due.filter("new"), last)
        lines = list(_told(due, policy.labels))
        silent -= due["account"].n_unique()
    counts = {"nothing_to_say": silent, "disabled": len(batch.disabled), "in_group": len(batch.in_group)}
    return Built(lines, {reason: count for reason, count in counts.items() if count})


def _schema(labels: Sequence[str]) -> dict[str, pl.DataType]:
    """A statement ready to be compared and written: `text_` are exact decimal strings, amounts are minor units."""
    text, texts = (
        pl.String(),
        (*(f"text_{name}" for name in AMOUNTS), *(f"text_bucket_{n}" for n in range(len(labels)))),
    )
    return {
        "account": pl.Binary(), "code": text, "currency": text, "number": text, "version": pl.Int64(),
        "says_something": pl.Boolean(), "content": text, "digest": text, "figures_digest": text, "ties": pl.Boolean(),
        **dict.fromkeys(AMOUNTS, pl.Int64()), **dict.fromkeys(texts, text),
    }  # fmt: skip


def _row(customer_id: UUID, subject: Subject, last: Mapping[tuple[UUID, str], StatementRow]) -> tuple[Any, ...]:
    """One statement that was not stated in columns, in the order of `_schema`."""
    row = last.get((customer_id, subject.currency))
    content = build_content(subject, row.version + 1 if row is not None else 1)
    text = canonical_json(content)
    return (
        customer_id.bytes, subject.customer.code, subject.currency, content["number"], content["version"],
        subject.says_something, text, sha256_hex(text), figures_digest(content),
        all(check["ties"] for check in content["checks"]),
        *(minor_of_parts(parts_of(content[name], subject.currency)) for name in AMOUNTS),
        *(content[name] for name in AMOUNTS), *(bucket["amount"] for bucket in content["aging"]),
    )  # fmt: skip


def _due(
    stated: pl.DataFrame, customer_ids: Sequence[UUID], last: Mapping[tuple[UUID, str], StatementRow]
) -> pl.DataFrame:
    """The statements that are due, in the customers' order, each beside the newest version (`last_`).

    An account that fell silent still owes a new version to whoever holds an old one. `new` when the newest version
    says something else, whatever became of it: then there is an `id`.
    """
    places = pl.DataFrame(
        {"account": [one.bytes for one in customer_ids], "place": range(len(customer_ids))},
        schema={"account": pl.Binary, "place": pl.Int64},
    )
    versions = [
        (row.customer_id.bytes, row.currency, str(row.id), row.number, row.digest, row.figures_digest, row.ties,
         row.status, row.status not in DEAD)
        for row in last.values()
    ]  # fmt: skip
    names = ("id", "number", "digest", "figures_digest", "ties", "status", "alive")
    schema = {"account": pl.Binary, "currency": pl.String} | {
        f"last_{name}": pl.Boolean if name in {"ties", "alive"} else pl.String for name in names
    }
    known = pl.DataFrame(versions, schema=schema, orient="row")
    due = stated.join(places, on="account").join(known, on=["account", "currency"], how="left")
    due = due.filter(pl.col("says_something") | pl.col("last_alive").fill_null(value=False)).sort("place", "currency")
    due = due.with_columns(new=pl.col("figures_digest").ne_missing(pl.col("last_figures_digest")))
    ids = pl.Series("id", [str(UUID(one)) for one in new_ids(due.height)], dtype=pl.String)
    return due.with_columns(ids)


async def _difference(session: Session, company_id: UUID, row: StatementRow, content: str) -> dict[str, Any]:
    """Against the last version that the customer answered, else the last one sent, else the last one."""
    versions = list(reversed(await versions_of(session, company_id, row)))
    answered = [one for one in versions if one.answered_at is not None]
    sent = [one for one in versions if one.sent_at is not None]
    base = next(iter([*answered, *sent]), row)
    return dict(difference(json.loads(await content_of(session, company_id, base.id)), json.loads(content)))


async def _write(
    session: Session, order: _Order, drafts: pl.DataFrame, last: Mapping[tuple[UUID, str], StatementRow]
) -> None:
    if drafts.is_empty():
        return
    company_id = order.company.id
    actor = Actor("user", order.prepared_by) if order.prepared_by is not None else SYSTEM
    replaced = [
        (UUID(draft_id), number, last[UUID(bytes=account), currency], content)
        for draft_id, number, account, currency, content in drafts.filter(pl.col("last_id").is_not_null())
        .select("id", "number", "account", "currency", "content")
        .iter_rows()
    ]
    differences = {
        str(draft_id): json.dumps(await _difference(session, company_id, row, content))
        for draft_id, _, row, content in replaced
    }
    rows = drafts.with_columns(
        pl.col("account").bin.encode("hex").alias("customer_id"),
        pl.col("last_id").alias("supersedes_id"),
        pl.col("id").replace_strict(differences, default=None, return_dtype=pl.String).alias("difference"),
    )
    drafted_for = DraftedFor(order.run_id, order.period.label, order.form.value, Status.DRAFT.value, order.prepared_by)
    written = await insert_drafts(session, company_id, rows, drafted_for)
    for draft_id, number, row, _ in replaced:
        if (written is None or draft_id in written) and row.status in UNSENT:
            facts = {"superseded_by": number, "reason": "out_of_date"}
            await change_statement_status(session, company_id, row.id, "supersede", actor, facts)
    subject = ("run", str(order.run_id)) if order.run_id is not None else ("period", order.period.label)
    told = drafts if written is None else drafts.filter(pl.col("id").is_in([str(one) for one in written]))
    digests = dict(told.select("number", "digest").iter_rows())
    await record(session, company_id, actor, "statements_drafted", subject, {"statements": digests})


def _told(due: pl.DataFrame, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The lines of `tieout statements build`."""
    shown = ("id", "number", "digest", "ties")
    lines = due.select(
        "code", "currency", "new", *(pl.col(f"text_{name}").alias(name) for name in AMOUNTS),
        *(pl.when("new").then(pl.col(name)).otherwise(pl.col(f"last_{name}")).alias(name) for name in shown),
        pl.when("new").then(pl.lit(Status.DRAFT.value)).otherwise(pl.col("last_status")).alias("status"),
        pl.struct(pl.col(f"text_bucket_{place}").alias(label) for place, label in enumerate(labels)).alias("buckets"),
    )  # fmt: skip
    for row in lines.iter_rows(named=True):
        yield {
            "id": row["id"], "number": row["number"], "customer": row["code"], "currency": row["currency"],
            **{name: row[name] for name in ("opening", "debits", "credits", "closing")},
            "buckets": row["buckets"], "digest": row["digest"], "ties": row["ties"], "status": row["status"],
            "new": row["new"],
        }  # fmt: skip
