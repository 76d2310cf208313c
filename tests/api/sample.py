"""A small company with something on every page: the cast, customers, statements in each state, exceptions, mail."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import insert

from ledger.canonical import canonical_json
from ledger.money import decimal_text
from services.add_company import add_company
from services.open_approvals import open_approval
from storage.audit import SYSTEM, Actor, record
from storage.database import Database, Session, owner_transaction, transaction
from storage.identifiers import new_id
from storage.schema import (
    aging_policy,
    app_user,
    caught_message,
    chase,
    company,
    contact,
    customer,
    delivery_event,
    finding,
    import_file,
    open_item,
    profile,
    raw_record,
    run_batch,
    source,
    statement,
    statement_run,
    task,
    user_role,
)
from storage.tokens import mint

PASSWORD = "correct horse battery staple"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PEOPLE = {
    "Alice Reviewer": ("reviewer",), "Bob Reviewer": ("reviewer",), "陈静": ("clerk",), "Mary Manager": ("manager",),
    "Colin Compliance": ("compliance",), "Ada Admin": ("administrator",),
}  # fmt: skip
CUSTOMERS = (
    ("0379-NEVHP", "Nevada Home Products", "US", "en", "USD"), ("C00123", "杭州云锦纺织有限公司", "CN", "zh", "CNY"),
    ("C00124", "宁波海川贸易有限公司", "CN", "zh", "CNY"), ("7938-EVASK", "Evask Instruments GmbH", "DE", "en", "EUR"),
    ("K-0077", "Kawano Trading K.K.", "JP", "en", "JPY"),
)  # fmt: skip
STATES = ("draft", "draft", "sent", "disputed", "approved")


@dataclass
class Sample:
    """What a test needs to find its way."""

    company_id: UUID
    people: dict[str, UUID] = field(default_factory=dict)
    customers: list[UUID] = field(default_factory=list)
    statements: list[UUID] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    requests: list[UUID] = field(default_factory=list)
    records: list[UUID] = field(default_factory=list)
    findings: list[UUID] = field(default_factory=list)
    run_id: UUID = field(default_factory=new_id)
    contact_ids: list[UUID] = field(default_factory=list)
    answer_token: str = ""
    decide_token: str = ""


async def make_sample(engine: Database, code: str = "SAMPLE", name: str = "Tieout Trading 泰透贸易") -> Sample:
    """Writes the whole sample."""
    company_id = await add_company(engine, code, name, "CNY", "Asia/Shanghai")
    made = Sample(company_id)
    async with transaction(engine, company_id) as session:
        await _people(session, made, code)
        await _customers(session, made)
        await _run(session, made)
        for index in range(len(CUSTOMERS)):
            await _statement(session, made, index)
        await _approvals(session, made)
        await _exceptions(session, made)
        await _compliance(session, made)
        await _links(session, made)
    async with owner_transaction(engine) as session:
        await session.execute(company.update().where(company.c.id == company_id).values(settings={"sample": {}}))
        await _caught(session)
    return made


async def _people(session: Session, made: Sample, code: str) -> None:
    for person, roles in PEOPLE.items():
        user_id = made.people[person] = new_id()
        first = person.split()[0].lower() if person.isascii() else "chen"
        await session.execute(
            insert(app_user).values(
                company_id=made.company_id, id=user_id, email=f"{first}@{code.lower()}.example", name=person,
                language="zh" if first == "chen" else "en", password_hash=CHEAP.hash(PASSWORD),
            )
        )  # fmt: skip
        for role in roles:
            await session.execute(insert(user_role).values(company_id=made.company_id, user_id=user_id, role=role))


async def _customers(session: Session, made: Sample) -> None:
    for index, (code, name, country, language, _currency) in enumerate(CUSTOMERS):
        customer_id = new_id()
        made.customers.append(customer_id)
        await session.execute(
            insert(customer).values(
                company_id=made.company_id, id=customer_id, code=code, name=name, language=language, country=country
            )
        )
        contact_id = new_id()
        made.contact_ids.append(contact_id)
        await session.execute(
            insert(contact).values(
                company_id=made.company_id, id=contact_id, customer_id=customer_id,
                name="王会计" if language == "zh" else "Accounts payable",
                email=None if index == 2 else f"ap{index}@customer.example", language=language,
            )
        )  # fmt: skip


async def _run(session: Session, made: Sample) -> None:
    await session.execute(
        insert(statement_run).values(
            company_id=made.company_id, id=made.run_id, period="2026-06", form="OPEN_ITEM", as_of=date(2026, 6, 30),
            as_known=datetime(2026, 7, 1, 8, tzinfo=UTC), stage="review", started_by=made.people["陈静"],
            figures={"draft": {"customers": 5, "money": {"USD": "2408.00"}}},
        )
    )  # fmt: skip
    for number, stage in enumerate(("collect", "reconcile", "draft")):
        await session.execute(
            insert(run_batch).values(
                company_id=made.company_id, id=new_id(), run_id=made.run_id, stage=stage, number=number,
                customer_ids=made.customers, state="done", figures={"findings": number},
            )
        )  # fmt: skip


def sample_content(index: int, item_ids: list[UUID], version: int = 1) -> dict[str, Any]:
    """Canonical content of one statement, small but complete."""
    code, name, country, language, currency = CUSTOMERS[index]
    places = 0 if currency == "JPY" else 2

    def text(minor: int) -> str:
        return decimal_text(minor, 0, currency)

    amounts = [125_000 + 7_311 * index, 84_050, 31_750, -9_000]
    dues = [date(2026, 7, 15), date(2026, 6, 10), date(2026, 3, 2), None]
    buckets = ["not_due", "1-30", "91-180", "credits"]
    lines = [
        {
            "line": place + 1, "section": "open", "item_id": str(item_ids[place]),
            "kind": "credit_memo" if amount < 0 else "invoice", "number": f"INV-{index}0{place + 1}",
            "document_date": str(date(2026, 2, 1) + timedelta(days=40 * place)),
            "due_date": str(dues[place] or date(2026, 6, 1)), "due_date_given": dues[place] is not None,
            "amount": text(amount), "open": text(amount), "balance": None,
            "days_overdue": max(0, (date(2026, 6, 30) - (dues[place] or date(2026, 6, 30))).days),
            "bucket": buckets[place], "disputed": text(0), "description": "Goods 货物", "account": code,
        }
        for place, amount in enumerate(amounts)
    ]  # fmt: skip
    closing = sum(amounts)
    return {
        "schema": "tieout.statement/1", "number": f"2026-06/{code}/{currency}/v{version}", "version": version,
        "form": "OPEN_ITEM", "currency": currency, "decimals": places,
        "company": {"code": "SAMPLE", "name": "Tieout Trading 泰透贸易"},
        "customer": {"code": code, "name": name, "language": language, "country": country},
        "period": {"label": "2026-06", "start": "2026-06-01", "end": "2026-06-30"},
        "as_of": "2026-06-30", "as_known": "2026-07-01T08:00:00+00:00",
        "opening": text(closing - 84_050 + 9_000), "debits": text(84_050), "credits": text(-9_000),
        "closing": text(closing), "overdue": text(84_050 + 31_750), "lines": lines,
        "aging": [
            {"bucket": "not_due", "from": None, "to": 0, "amount": text(amounts[0]), "items": 1},
            {"bucket": "1-30", "from": 1, "to": 30, "amount": text(amounts[1]), "items": 1},
            {"bucket": "31-60", "from": 31, "to": 60, "amount": text(0), "items": 0},
            {"bucket": "61-90", "from": 61, "to": 90, "amount": text(0), "items": 0},
            {"bucket": "91-180", "from": 91, "to": 180, "amount": text(amounts[2]), "items": 1},
            {"bucket": "180+", "from": 181, "to": None, "amount": text(0), "items": 0},
            {"bucket": "credits", "from": None, "to": None, "amount": text(amounts[3]), "items": 1},
        ],
        "unapplied": {"receipts": text(0), "credits": text(amounts[3]), "lines": [lines[3]]},
        "sections": [], "disputes": [], "promises": [],
        "aging_policy": {"name": "standard", "version": 1, "basis": "due_date", "credits": "own_bucket", "sha256": ""},
        "rounding": None,
        "checks": [
            {"equation": equation, "left": text(closing), "right": text(closing), "difference": text(0), "ties": True}
            for equation in ("opening_plus_movements_is_closing", "closing_is_open_items", "open_items_is_buckets")
        ],
        "flags": [],
    }  # fmt: skip


async def _statement(session: Session, made: Sample, index: int) -> None:
    currency = CUSTOMERS[index][4]
    source_id = new_id()
    await session.execute(insert(source).values(company_id=made.company_id, id=source_id, name=f"ledger-{index}"))
    items = [new_id() for _ in range(4)]
    content = sample_content(index, items)
    for place, item_id in enumerate(items):
        line = content["lines"][place]
        await session.execute(
            insert(open_item).values(
                company_id=made.company_id, id=item_id, customer_id=made.customers[index], kind=line["kind"],
                number=line["number"], source_id=source_id, source_ref=line["number"],
                document_date=date.fromisoformat(line["document_date"]), currency=currency,
                due_date=date.fromisoformat(line["due_date"]), amount=_minor(line["amount"], currency),
            )
        )  # fmt: skip
    statement_id = new_id()
    made.statements.append(statement_id)
    body = canonical_json(content)
    made.digests.append(hashlib.sha256(body.encode()).hexdigest())
    await session.execute(
        insert(statement).values(
            company_id=made.company_id, id=statement_id, number=content["number"], run_id=made.run_id,
            customer_id=made.customers[index], currency=currency, period="2026-06", form="OPEN_ITEM", version=1,
            status=STATES[index], content=body, digest=hashlib.sha256(body.encode()).hexdigest(),
            **{key: _minor(content[key], currency) for key in ("opening", "debits", "credits", "closing", "overdue")},
            ties=True, prepared_by=made.people["陈静"],
            sent_at=datetime(2026, 7, 2, 9, tzinfo=UTC) if STATES[index] in ("sent", "disputed") else None,
        )
    )  # fmt: skip
    subject = ("statement", str(statement_id))
    await record(
        session, made.company_id, Actor("user", made.people["陈静"]), "statement_built", subject, {"version": 1}
    )
    if STATES[index] in ("sent", "disputed"):
        await session.execute(
            insert(delivery_event).values(
                company_id=made.company_id, id=new_id(), subject_kind="statement", subject_id=str(statement_id),
                recipient=f"ap{index}@customer.example", kind="accepted", facts={"answer": "250 2.0.0 queued"},
            )
        )  # fmt: skip


def _minor(text: str, currency: str) -> int:
    return int(text.replace(".", "")) if currency != "JPY" else int(text)


async def _approvals(session: Session, made: Sample) -> None:
    preparer = made.people["陈静"]
    for index in range(2):
        subject, digest = str(made.statements[index]), made.digests[index]
        facts = {
            "ties": True, "findings": 1, "form_changed": False, "credit_balance": False, "disputed": False,
            "closing_whole": 2408, "currency": CUSTOMERS[index][4], "period": "2026-06",
        }  # fmt: skip
        made.requests.append(
            await open_approval(session, made.company_id, "statement", subject, digest, facts, preparer, preparer)
        )


async def _exceptions(session: Session, made: Sample) -> None:
    source_id, import_id = new_id(), new_id()
    await session.execute(insert(source).values(company_id=made.company_id, id=source_id, name="files"))
    await session.execute(
        insert(profile).values(
            company_id=made.company_id, id=new_id(), name="ibm-ar", version=1, body="# columns", sha256="1" * 64
        )
    )
    await session.execute(
        insert(import_file).values(
            company_id=made.company_id, id=import_id, source_id=source_id, sha256="2" * 64, filename="june.csv",
            profile="ibm-ar", profile_sha256="1" * 64, rows=2466, accepted=2463, noticed=1, quarantined=1, rejected=1,
            skipped=0, items=2463, totals={"USD": {"debits": "147703.21", "credits": "0.00", "net": "147703.21"}},
        )
    )  # fmt: skip
    rows = (
        ("quarantined", {"customer": "", "number": "INV-77", "amount": "12.00"}, "customer_missing", "customer", ""),
        (
            "rejected",
            {"customer": "C00123", "number": "INV-78", "amount": "12,3x"},
            "number_malformed",
            "amount",
            "12,3x",
        ),
    )
    for number, (outcome, cells, code, column, raw) in enumerate(rows):
        record_id = new_id()
        made.records.append(record_id)
        await session.execute(
            insert(raw_record).values(
                company_id=made.company_id, id=record_id, import_id=import_id, row_number=12 + number, cells=cells,
                outcome=outcome,
                findings=[
                    {"row": 12 + number, "column": column, "raw": raw, "code": code, "severity": "error",
                     "message": f"Column {column}: {raw or 'empty'} cannot be used.", "remedy": "Correct the value."}
                ],
            )
        )  # fmt: skip
    await session.execute(
        insert(task).values(
            company_id=made.company_id, id=new_id(), kind="no_address", subject_kind="statement",
            subject_id=str(made.statements[2]), customer_id=made.customers[2],
            facts={"number": "2026-06/C00124/CNY/v1"}, dedup_key="no_address/2026-06/C00124",
        )
    )  # fmt: skip
    await session.execute(
        insert(chase).values(
            company_id=made.company_id, id=new_id(), customer_id=made.customers[2], day=date(2026, 7, 10), level=1,
            facts={"statements": ["2026-06/C00124/CNY/v1"]},
        )
    )  # fmt: skip


async def _compliance(session: Session, made: Sample) -> None:
    for number, (check, severity) in enumerate((("unanswered", "warning"), ("duties_separated", "breach"))):
        finding_id = new_id()
        made.findings.append(finding_id)
        await session.execute(
            insert(finding).values(
                company_id=made.company_id, id=finding_id, check_name=check, subject_kind="statement",
                subject_id=str(made.statements[number]), severity=severity, code=check, facts={"days": 12},
                dedup_key=f"{check}/{number}", due_on=date(2026, 8, 1),
            )
        )  # fmt: skip
    await session.execute(
        insert(aging_policy).values(
            company_id=made.company_id, id=new_id(), name="standard", version=1, sha256="3" * 64,
            body={"basis": "due_date", "credits": "own_bucket", "bounds": [30, 60, 90, 180]},
        )
    )  # fmt: skip


async def _links(session: Session, made: Sample) -> None:
    for name, purpose, kind, subject, person in (
        ("answer_token", "answer", "statement", made.statements[2], made.contact_ids[2]),
        ("decide_token", "decide", "approval", made.requests[0], made.people["Alice Reviewer"]),
    ):
        token = await mint(
            session,
            made.company_id,
            purpose,
            (kind, str(subject)),
            person,
            {"stage": 1, "round": 1, "digest": made.digests[0]},
            timedelta(days=3),
        )
        setattr(made, name, token)
    await record(session, made.company_id, SYSTEM, "sample_made", ("company", str(made.company_id)), {})


async def _caught(session: Session) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "accounts@tieout.example", "ap@customer.example"
    mail["Subject"] = "Statement 2026-06 对账单"
    mail.set_content("Please find your statement attached.")
    mail.add_alternative("<p>Please find your <b>statement</b> attached.</p>", subtype="html")
    mail.add_attachment(b"%PDF-1.7 sample", maintype="application", subtype="pdf", filename="statement.pdf")
    chat = {
        "channel": "#receivables", "text": "A statement waits for your decision",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Nevada Home Products* · USD 2,408.00"}},
            {"type": "actions", "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "Approve"},
                 "action_id": "approve", "value": "{}"}
            ]},
        ],
    }  # fmt: skip
    await session.execute(
        insert(caught_message),
        [
            {"channel": "email", "message_id": "<1@tieout>", "recipient": "ap@customer.example",
             "sender": "accounts@tieout.example", "title": "Statement 2026-06 对账单", "content": mail.as_bytes(),
             "external_id": None},
            {"channel": "slack", "message_id": "", "recipient": "#receivables", "sender": "tieout",
             "title": "A statement waits for your decision", "content": json.dumps(chat).encode(),
             "external_id": "C01/1700000000.000100"},
        ],
    )  # fmt: skip
