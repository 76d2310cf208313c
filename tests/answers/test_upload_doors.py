"""The customer's three doors for files against the catalogue of bad input: refused in words, and nothing changed."""

import io
import resource
import zipfile

import httpx
import pytest

from storage.database import Database
from tests.api.sample import Sample
from tests.api.support import fingerprint
from tests.reconcile.test_page import BAD, THEIRS, WORKBOOK, form_of
from tests.reconcile.test_pdf_ledgers import ledger as pdf_ledger

MEMORY_MB = 400
"""What the whole catalogue may add to the process: no file of it may be laid out in full."""

MORE_BAD = {
    name: b"number,date,amount\n" + row.encode() + b"\n"
    for name, row in {
        "no number": "INV-1,2026-02-01,NaN", "endless": "INV-1,2026-02-01,Infinity", "huge": "INV-1,2026-02-01,1e400",
        "other digits": "INV-1,2026-02-01,١٢٣", "a serial day": "INV-1,59,1.00", "ragged": "INV-1,2026-02-01,1.00,x,y",
        "a hidden NUL": "INV-1,2026-02-01,1.00\0", "an error cell": "INV-1,2026-02-01,#N/A",
    }.items()
} | {
    "headers twice": b"number,number,date,amount\nA,B,2026-02-01,1.00\n",
    "an unknown currency": b"number,date,currency,amount\nINV-1,2026-02-01,XXQ,1.00\n",
    "an encoding that nobody knows": b"number,date,amount\nINV-\xff\xfe\x00\xd8,2026-02-01,1.00\n\x81",
    "a locked workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + bytes(512),
}  # fmt: skip

GOOD = {
    "full width and a sign": "number,date,amount\nINV-201,2026-02-01,￥１，３９６．２２\n".encode(),
    "brackets and a trailing minus": b"number,date,amount\nINV-201,2026-02-01,(123.45)\nINV-202,2026-02-02,123.45-\n",
    "a minus of typesetters": "number,date,amount\nINV-201,2026-02-01,\u221212.00\n".encode(),
    "UTF-16": THEIRS.encode("utf-16"),
    "a PDF": pdf_ledger("none", [("2026-02-01", "INV-201", "1396.22")]),
}


def _zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


HARMFUL = {
    "页.pdf": b"<html><script>alert(1)</script></html>", "table.xlsx": b"<html><table></table></html>",
    "note.csv": b"<!doctype html><p>", "run.exe": b"MZ\x90\x00", "proof.png": b"%PDF-1.7", "empty.pdf": b"",
    "note.txt": b"\x00\x01", "macros.xlsm": _zipped(WORKBOOK), "cut.docx": b"PK\x03\x04" + bytes(40),
    "macros.xlsx": _zipped({**WORKBOOK, "xl/vbaProject.bin": b"\xd0\xcf"}),
    "bomb.xlsx": _zipped({**WORKBOOK, "xl/worksheets/sheet1.xml": bytes(60 * 1024 * 1024)}),
    "large.pdf": b"%PDF-1.7" + bytes(11 * 1024 * 1024),
}  # fmt: skip


def peak() -> float:
    """Megabytes that the process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def send(client: httpx.AsyncClient, address: str, door: str, name: str, content: bytes) -> httpx.Response:
    """A file through one of the doors of the customer's page."""
    if door == "answer":
        page = (await client.get(address)).text
        form = dict(form_of_answer(page), kind="agree", name="Wang")
        return await client.post(f"{address}/answer", data=form, files={"file_payment": (name, content)})
    fields = form_of((await client.get(f"{address}/reconcile")).text, "upload" if door == "ledger" else "workbook")
    return await client.post(f"{address}/reconcile", data=fields | {"name": "Wang"}, files={door: (name, content)})


def form_of_answer(page: str) -> dict[str, str]:
    """Nonce and digest of the page's view."""
    after = page.split('id="answer"', 1)[1]
    return {name: after.split(f'name="{name}" value="', 1)[1].split('"', 1)[0] for name in ("nonce", "digest")}


@pytest.mark.parametrize("door", ["ledger", "workbook", "answer"])
async def test_the_whole_catalogue_is_refused_and_the_page_goes_on(
    client: httpx.AsyncClient, sample: Sample, engine: Database, door: str
) -> None:
    """In the customer's words, with nothing written, within bounded memory; a good file passes right after."""
    address = f"/s/{sample.answer_token}"
    files = {
        kind: ("x.xlsx" if b"<html" in content else "x.csv", content) for kind, content in (BAD | MORE_BAD).items()
    }
    if door == "answer":
        files = {name: (name, content) for name, content in HARMFUL.items()}
    before, memory = await fingerprint(engine), peak()
    for kind, (name, content) in files.items():
        answer = await send(client, address, door, name, content)
        assert answer.status_code in {413, 422}, kind
        assert 'role="alert"' in answer.text, kind
        assert 'name="nonce"' in answer.text, kind
    assert await fingerprint(engine) == before
    assert peak() - memory < MEMORY_MB
    if door == "ledger":
        for kind, content in GOOD.items():
            assert (await send(client, address, door, "ledger.csv", content)).status_code == 303, kind
    if door == "answer":
        assert (await send(client, address, door, "proof.pdf", b"%PDF-1.7 paid")).status_code == 303
