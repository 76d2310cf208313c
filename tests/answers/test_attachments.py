"""Files of customers: small and of known kinds, sealed under a key that is bound to the row, opened by staff only."""

import base64
import stat
from pathlib import Path

import pytest
from sqlalchemy import select, update

from services.keep_attachment import (
    MAX_FILE_BYTES,
    AttachmentKindRefused,
    AttachmentTooLarge,
    AttachmentUnknown,
    check_files,
    open_attachment,
    plain_filename,
)
from services.record_answer import DisputedLine, GivenFile, ToldPayment
from storage.audit import Actor
from storage.database import Database, owner_transaction
from storage.schema import answer, attachment, audit_event
from storage.sealing import Keyring, KeyUnknownError, SealBrokenError, Sealed, read_keyring
from tests.answers.desk import KEYRING, PDF, new_desk
from tests.answers.test_money_on_its_way import day


async def test_a_proof_and_a_lines_file_are_kept_sealed_beside_what_they_prove(engine: Database) -> None:
    desk = await new_desk(engine)
    files = (GivenFile("../回单\u202e.pdf", PDF, "payment"), GivenFile("note.PNG", b"\x89PNG\r\n\x1a\n..", "1"))
    await desk.answer(
        "agree_except", DisputedLine(1, "price", "10.00"), payments=(ToldPayment("20.00", day(-1)),), files=files
    )
    page = await desk.page()
    [own] = page.files[page.answers[-1].id]
    [of_line] = page.files[page.disputes[0].id]
    assert (own.filename, own.media_type, of_line.filename) == ("回单.pdf", "application/pdf", "note.PNG")
    for row in await desk.rows(select(attachment.c.sealed)):
        assert b"PDF" not in bytes(row.sealed)
    clerk = Actor("user", desk.clerk)
    _, content = await open_attachment(engine, desk.book.company.id, KEYRING, own.id, clerk)
    assert content == PDF
    assert "attachment_opened" in [row.verb for row in await desk.rows(select(audit_event.c.verb))]
    other = await new_desk(engine, "OTHER")
    with pytest.raises(AttachmentUnknown):
        await open_attachment(engine, other.book.company.id, KEYRING, own.id, clerk)


async def test_sealed_bytes_moved_to_another_row_do_not_open(engine: Database) -> None:
    desk = await new_desk(engine)
    files = (GivenFile("a.pdf", PDF), GivenFile("b.pdf", PDF + b"b"))
    await desk.answer("agree", files=files)
    first, second = await desk.rows(select(attachment).order_by(attachment.c.id))
    async with owner_transaction(engine) as session:
        await session.execute(update(attachment).where(attachment.c.id == first.id).values(sealed=second.sealed))
    with pytest.raises(SealBrokenError):
        await open_attachment(engine, desk.book.company.id, KEYRING, first.id, Actor("user", desk.clerk))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.pdf", b"<html>hello"), ("run.exe", b"MZ"), ("x.png", PDF), ("x.csv", b"<script>"), ("x.txt", b"a\x00b"),
        ("noending", PDF), ("empty.pdf", b""), ("macro.xlsm", b"PK\x03\x04"), ("x.svg", b"<svg/>"),
        ("x.csv", b"\xff\xd8\xff"),
    ],
)  # fmt: skip
async def test_other_kinds_are_refused_and_nothing_is_recorded(engine: Database, name: str, content: bytes) -> None:
    desk = await new_desk(engine)
    with pytest.raises(AttachmentKindRefused):
        await desk.answer("agree", files=(GivenFile(name, content),))
    assert await desk.rows(select(answer.c.id)) == []


def test_size_and_number_are_bounded() -> None:
    check_files([("a.pdf", PDF)] * 6)
    with pytest.raises(AttachmentTooLarge):
        check_files([("a.pdf", PDF)] * 7)
    with pytest.raises(AttachmentTooLarge):
        check_files([("a.pdf", PDF + bytes(MAX_FILE_BYTES))])


def test_names_are_made_plain() -> None:
    assert plain_filename("C:\\temp\\回单.pdf") == "回单.pdf"
    assert plain_filename("a\r\nb.pdf") == "ab.pdf"
    assert plain_filename("\u202e") == "file"


def test_the_key_file_is_made_once_for_its_owner_only_and_keys_can_be_added(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "attachments.keys"
    first = read_keyring(path)
    assert read_keyring(path).keys == first.keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    sealed = first.seal(b"old", "row")
    path.write_text(path.read_text() + "\n# added in June\nkey-2 " + base64.b64encode(bytes(32)).decode() + "\n")
    both = read_keyring(path)
    assert both.newest == "key-2"
    assert both.seal(b"new", "row").key_id == "key-2"
    assert both.unseal(sealed, "row") == b"old"
    with pytest.raises(KeyUnknownError):
        Keyring({"key-2": bytes(32)}, "key-2").unseal(sealed, "row")
    for broken in (Sealed("key-1", sealed.data[:-1]), Sealed("key-1", b""), Sealed("key-2", sealed.data)):
        with pytest.raises(SealBrokenError):
            both.unseal(broken, "row")
    assert "key" not in repr(both).replace("Keyring", "").lower()
    path.write_text("key-1 c2hvcnQ=\n")
    with pytest.raises(ValueError, match="line 1"):
        read_keyring(path)
    path.write_text("# nothing\n")
    with pytest.raises(ValueError, match="no key"):
        read_keyring(path)
