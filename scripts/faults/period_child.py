"""The period that gets killed: from the ledger file to the last reminder in one process, started again until done.

A step may have been done before, in part or whole; the customers' and the staff's presses are the same presses.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from notifications.slack import SlackCarrier
from notifications.smtp import SmtpCarrier, SmtpServer
from scripts.faults.relay_child import BATCH, PACE
from services import run_batches
from services.add_company import company_by_code
from services.add_contact import add_contacts
from services.carriers import Carriers
from services.chase_customers import chase_customers
from services.close_period import Closing, close_period
from services.decide_approval import decide
from services.import_ledger import import_ledger
from services.open_statement_page import make_nonce, open_statement_page
from services.record_answer import DisputedLine, GivenAnswer, record_answer
from services.relay_outbox import relay_once
from services.settings import Settings
from services.show_inbox import Card, inbox
from services.start_run import period_of
from storage.companies import Company
from storage.database import Database, engine_for, owner_transaction, transaction
from storage.people import find_person_by_email

COMPANY = "FAULTS"
APPROVERS = ("rita@staff.example", "mona@staff.example")
"""Reviewer, then manager."""

CLOSING = Closing(period_of("2012-06"))
RUN_BATCH = 5
"""Customers per batch: several batches of a few customers, so that kills fall between and inside them."""

DISPUTED_AMOUNT = "1.00"

ON_THE_WAY = text(
    "select count(*) from outbox where channel <> 'slack' and (state in ('pending', 'sending') or "
    "(state = 'uncertain' and phase <> 'judged'))"
)
"""Slack is down for the whole trial: its messages wait, and nothing else waits for them."""

TWO_WEEKS_PASS = text(
    "update statement set sent_at = sent_at - interval '14 days' where sent_at > clock_timestamp() - interval '7 days'"
)


@dataclass(frozen=True, slots=True)
class PeriodPlace:
    """Where a period runs: its database, its mail server, and the folder of its files and arrived mails."""

    database: str
    port: int
    folder: str

    @property
    def archive(self) -> Path:
        """One line per mail that the server took: the Message-ID."""
        return Path(self.folder) / "archive.log"


def run(place: dict[str, Any]) -> None:
    """The whole period; ends by itself when everything is done."""
    logging.disable(logging.WARNING)
    run_batches.BATCH_CUSTOMERS = RUN_BATCH
    asyncio.run(_period(PeriodPlace(**place)))


async def _period(place: PeriodPlace) -> None:
    engine = engine_for(place.database)
    smtp = SmtpCarrier(SmtpServer("127.0.0.1", place.port, tls="none"), timeout=PACE.lease / 2)

    async def has(message_id: str) -> bool:
        return message_id in (await asyncio.to_thread(place.archive.read_text)).split("\n")

    carriers = Carriers(smtp, SlackCarrier("xoxb-local", "http://127.0.0.1:9/"), has, PACE, batch=BATCH)
    company, folder = await company_by_code(engine, COMPANY), Path(place.folder)
    for number, step in enumerate(_steps(engine, company, carriers, folder)):
        mark = folder / f"step{number}.done"
        if not mark.exists():
            await step()
            mark.touch()
    await smtp.close()
    await engine.dispose()


def _steps(engine: Database, company: Company, carriers: Carriers, folder: Path) -> list[Callable[[], Awaitable[Any]]]:
    """The period in order. A step that was cut short is done again from its beginning, a finished one is not."""
    return [
        lambda: import_ledger(engine, company, folder / "ledger.csv", "ibm-ar"),
        lambda: add_contacts(engine, company, "contacts.csv", (folder / "contacts.csv").read_bytes()),
        lambda: close_period(engine, company, CLOSING),
        lambda: _approve(engine, company),
        lambda: _relay(engine, company, carriers),
        lambda: close_period(engine, company, CLOSING),
        lambda: _answer(engine, folder),
        lambda: _relay(engine, company, carriers),
        lambda: _two_weeks_later(engine, company),
        lambda: _relay(engine, company, carriers),
    ]


async def _two_weeks_later(engine: Database, company: Company) -> None:
    async with owner_transaction(engine) as session:
        await session.execute(TWO_WEEKS_PASS)
    await chase_customers(engine, company, _working_day())


def _working_day() -> date:
    today = date.today()  # noqa: DTZ011 - the company keeps the clock of this machine
    return today - timedelta(days=max(0, today.isoweekday() - 5))


async def _approve(engine: Database, company: Company) -> None:
    for address in APPROVERS:
        async with transaction(engine, company.id) as session:
            person = await find_person_by_email(session, company.id, address)
            if person is None:
                raise LookupError(address)
            found = await inbox(session, company, person.id, limit=200)
        for card in found.cards:
            await _press(engine, company.id, person.id, card)


async def _press(engine: Database, company_id: UUID, person_id: UUID, card: Card) -> None:
    await decide(
        engine, company_id, card.request_id, "approve", actor_id=person_id, authority_id=card.authority_id,
        round=card.round, stage=card.stage, digest=card.digest, key=f"faults/{card.request_id}/{card.stage}",
        channel="web", assurance="session",
    )  # fmt: skip


async def _relay(engine: Database, company: Company, carriers: Carriers) -> None:
    while True:
        async with transaction(engine, company.id) as session:
            if not (await session.execute(ON_THE_WAY)).scalar_one():
                return
        if not await relay_once(engine, company.id, Settings(), carriers):
            await asyncio.sleep(0.05)


async def _answer(engine: Database, folder: Path) -> None:
    """Every third customer agrees, every third disputes a part of a line, every third stays silent."""
    for address, token in sorted(statement_links(folder).items()):
        turn = int(address.split("@")[1][1:4]) % 3
        if turn == 2:  # noqa: PLR2004 - the silent third
            continue
        shown = await open_statement_page(engine, token)
        line = next((one for one in shown.content["lines"] if float(one["open"] or 0) > float(DISPUTED_AMOUNT)), None)
        disputes = turn == 1 and line is not None
        lines = (DisputedLine(line["line"], "price", DISPUTED_AMOUNT, "too dear"),) if disputes and line else ()
        given = GivenAnswer(
            "agree_except" if disputes else "agree", f"Contact of {address}", shown.digest, _nonce(folder, token),
            lines=lines,
        )  # fmt: skip
        await record_answer(engine, token, given, address="127.0.0.1")


def statement_links(folder: Path) -> dict[str, str]:
    """Customer's address to the secret of the link in their statement's mail."""
    links = {}
    for path in sorted((folder / "mails").glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=default)
        part = message.get_body(("plain",))
        words = str(part.get_content()) if part is not None else ""
        found = [word for word in words.split() if "/s#" in word]
        if found and "statement of account" in str(message["Subject"]):
            links[str(message["To"].addresses[0].addr_spec)] = found[0].rpartition("/s#")[2]
    return links


def _nonce(folder: Path, token: str) -> str:
    """The nonce of the page that this customer has open: pressed again after a crash, it is the same page."""
    path = folder / "nonces" / sha256(token.encode()).hexdigest()
    with contextlib.suppress(FileNotFoundError):
        return path.read_text()
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(make_nonce(token))
    fresh.rename(path)
    return path.read_text()
