"""A reply that its auditor has not released, looked for by every role of the company on every way in: nowhere found."""

import asyncio
import io
import json
import os
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pypdf
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from api.app import create_app
from console.main import app as commands
from services.answer_confirmation import GivenFiles, open_reply_page, record_reply
from services.close_confirmations import close_round, release_round
from services.confirmation_desk import at_desk
from services.settings import Settings
from services.sign_in import token_digest
from statements.confirmations import GivenReply
from storage.attachments import attachments_of
from storage.clusters import plain_url
from storage.confirmations import REPLY, replies_of
from storage.database import Database, transaction
from storage.schema import metadata
from storage.sessions import open_session
from tests.answers.desk import KEYRING
from tests.api.conftest import ORIGIN, client_of
from tests.api.support import routes_of
from tests.confirmations.letter_house import CAST, LetterHouse, new_letter_house

MARK, AMOUNT = "Kupferkessel-4711", "731337.42"
SIGNS = (MARK.encode(), AMOUNT.encode(), b"731,337.42", b"73133742", b"-18663.08", b"-18,663.08", b"Quittung-0815")
"""What stands in the reply, in its difference and in its file, as anybody might write it."""

RUNNER = CliRunner()
ALL_ROLES = "zoe"
COMPANY = [name for name in CAST if name != "vera"]
NAMED = ("letter", "file")
THINGS = (*NAMED, "reply", "round", "customer")
EVERYTHING = os.environ.get("TIEOUT_WAYS_IN") == "all"
"""The nightly run puts every id into every place of every route for every role. The ordinary one puts
letter and file into every route as somebody who holds all roles of the company at once, and looks at every page as each
of the others."""
ENDS_SESSION = "/sign-out"
COMMANDS = (
    ("confirmations", "list", "--number", "{number}"), ("confirmations", "list"),
    ("confirmations", "worksheet", "{number}"), ("confirmations", "release", "{number}"),
    ("confirmations", "close", "{number}"), ("confirmations", "remind", "{number}"),
)  # fmt: skip
COMPANY_COMMANDS = (("outbox", "list"), ("audit", "verify"), ("approvals", "findings"))


class Hunted:
    """The house with one closed reply, and the ids under which somebody might look for it."""

    house: LetterHouse
    app: FastAPI
    number: str
    ids: dict[str, str]
    token: str

    def addresses(self, method: str, kinds: tuple[str, ...]) -> Iterator[str]:
        """Every route with the closed things of these kinds in its places, in turn."""
        for path in routes_of(self.app, method):
            tried = set()
            for kind in kinds:
                wanted = self.ids[kind]
                values = dict.fromkeys(_places(path), wanted) | {
                    "day": "2026-06-30", "serial": "1", "command": "release", "code": self.house.book.company.code,
                    "kind": "json", "language": "en", "name": "confirmation_request", "number": self.number,
                    "place": "0", "ref": "0" * 12, "token": self.token, "method": "auth.test",
                }  # fmt: skip
                address = path.format(**values)
                if address not in tried:
                    tried.add(address)
                    yield address

    async def enter(self, name: str) -> httpx.AsyncClient:
        """A browser in which this person is signed in, with both proofs."""
        token, csrf = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        company = self.house.book.company.id
        async with transaction(self.house.book.engine, company) as session:
            await open_session(session, company, self.house.people[name], token_digest(token), csrf, "mfa", 1)
        client = client_of(self.app, **{"X-CSRF-Token": csrf, "Idempotency-Key": "k"})
        client.cookies.set("tieout-session", token)
        return client


def _places(path: str) -> list[str]:
    return [part.split("}")[0].split(":")[0] for part in path.split("{")[1:]]


def shown_by(answer: httpx.Response) -> bytes:
    """All that a reader can find in an answer: text, headers, and what is packed in workbooks, archives and PDF."""
    body = answer.content
    found = [body, str(answer.headers).encode()]
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            found += [archive.read(name) for name in archive.namelist()]
    if body.startswith(b"%PDF"):
        found += [page.extract_text().encode() for page in pypdf.PdfReader(io.BytesIO(body)).pages]
    return b"\n".join(found)


@pytest.fixture
async def hunted(engine: Database, tmp_path: Path) -> Hunted:
    """Vera's round is sent; the first customer has replied with words, an amount and a file."""
    made = Hunted()
    made.house = await new_letter_house(engine)
    every = sorted(set(CAST.values()) - {"auditor"})
    made.house.people[ALL_ROLES] = await made.house.book.add_person(ALL_ROLES, *every)
    made.app = create_app(Settings(home=tmp_path, public_url=ORIGIN, _env_file=None), engine)  # type: ignore[call-arg] # pydantic-settings
    drawn, letters = await made.house.audit()
    made.number, made.token = drawn.number, await made.house.link(letters[0])
    page = await open_reply_page(engine, made.token)
    given = GivenReply("differ", MARK, MARK, {"CNY": AMOUNT}, "timing", f"{MARK} {AMOUNT}")
    files = GivenFiles((("Quittung-0815.pdf", b"%PDF-1.7 Quittung-0815"),), KEYRING)
    recorded = await record_reply(engine, made.token, given, page.nonce, attached=files)
    async with at_desk(made.house.desk("vera")) as session:
        company = made.house.book.company.id
        [reply] = (await replies_of(session, company, [letters[0].id]))[letters[0].id]
        [file] = (await attachments_of(session, company, REPLY, [recorded.reply_id]))[reply.id]
    made.ids = {
        "letter": str(letters[0].id), "reply": str(reply.id), "file": str(file.id), "round": str(drawn.id),
        "customer": str(made.house.customers["C1"]),
    }  # fmt: skip
    return made


async def test_no_route_tells_any_role_of_the_company(hunted: Hunted) -> None:
    """Every GET and every POST of the application, as clerk, reviewer, manager, compliance, administrator and another
    auditor, and as nobody; the customer's own page included, for whoever holds the mail.
    """  # noqa: D205 - one sentence over two lines
    asked = 0
    for who in (ALL_ROLES, *COMPANY):
        client = await hunted.enter(who)
        thorough = EVERYTHING or who == ALL_ROLES
        for method in ("GET", "POST") if thorough else ("GET",):
            for address in hunted.addresses(method, THINGS if EVERYTHING else NAMED[: 1 + thorough]):
                if address == ENDS_SESSION:
                    continue
                form = {"kind": "json", "words": "x", "command": "explain"} if method == "POST" else None
                answer = await client.request(method, address, data=form)
                seen = shown_by(answer)
                assert [sign for sign in SIGNS if sign in seen] == [], (who, method, address)
                asked += 1
        await client.aclose()
    assert asked > 400
    vera = await hunted.enter("vera")
    assert MARK in (await vera.get(f"/confirmation-letters/{hunted.ids['letter']}")).text
    await vera.aclose()


async def test_no_table_holds_it_for_the_company(hunted: Hunted, database: str) -> None:
    """Every table of the database as text, under the application's role bound to the company: not one trace."""
    assert await traces(hunted, database) == {}
    desk = hunted.house.desk("vera")
    await close_round(desk, hunted.number)
    assert await traces(hunted, database) == {}
    await release_round(desk, hunted.number)
    assert set(await traces(hunted, database)) == {"attachment", "confirmation_letter", "confirmation_reply"}
    bob = await hunted.enter("bob")
    assert MARK in (await bob.get(f"/confirmation-letters/{hunted.ids['letter']}")).text
    await bob.aclose()


async def traces(hunted: Hunted, database: str) -> dict[str, int]:
    """Table to the number of its rows that hold something of the reply."""
    found = {}
    async with await psycopg.AsyncConnection.connect(plain_url(database)) as connection:
        await connection.execute("select set_config('role', 'tieout_app', true)")
        await connection.execute(
            "select set_config('tieout.company', %s, true)", (str(hunted.house.book.company.id),)
        )  # fmt: skip
        for table in metadata.sorted_tables:
            rows = await (await connection.execute(f"select t::text from {table.name} t")).fetchall()  # noqa: S608 - our own table names
            number = sum(any(sign.decode() in row[0] for sign in SIGNS) for row in rows)
            if number:
                found[table.name] = number
    return found


async def test_no_command_tells_any_role(
    hunted: Hunted, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tieout confirmations` as each of the cast, as the auditor without the digits, and commands over the company."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    runs = [(*words, "--as", "zoe@example.com") for words in COMMANDS]
    runs += [(*COMMANDS[0], "--as", f"{who}@example.com") for who in ("ada", "otto", "vera")]
    for words in [*runs, *COMPANY_COMMANDS]:
        spoken = [word.format(number=hunted.number) for word in words]
        done = await asyncio.to_thread(
            RUNNER.invoke, commands, [*spoken, "--company", hunted.house.book.company.code, "--json"]
        )
        said = done.output.encode()
        assert said.strip(), words
        assert "Usage" not in done.output, done.output
        assert [sign for sign in SIGNS if sign in said] == [], words
        if {"vera@example.com", "otto@example.com"} & set(words):
            assert json.loads(done.output)["error"]["code"] == "auditor_unproved_not_allowed"
