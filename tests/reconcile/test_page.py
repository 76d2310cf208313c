"""The page of both sides: upload, classes and bridge, corrected columns, acceptance; bad files change nothing."""

import gzip
import io
import re
import zipfile

import httpx
import xlsxwriter

from storage.database import Database, transaction
from storage.reconciliations import acceptances_of, newest_reconciliation
from tests.api.conftest import SignIn
from tests.api.sample import Sample
from tests.api.support import fingerprint

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')

THEIRS = """日期,发票号,摘要,借方,贷方
2026-02-01,INV-201,采购,,1396.22
2026-03-13,INV-0202,采购,,840.50
2026-04-22,INV-203,采购,,300.00
2026-06-01,INV-204,退货,90.00,
2026-06-20,PAY-7,付款,50.00,
"""


def form_of(page: str, step: str) -> dict[str, str]:
    """The hidden fields of one of the page's forms."""
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        fields = dict(HIDDEN.findall(form))
        if fields.get("step") == step:
            return fields
    raise AssertionError(step)


async def upload(browser: httpx.AsyncClient, address: str, content: bytes, name: str = "ledger.csv") -> httpx.Response:
    """Sends a file by the form of the page."""
    fields = form_of((await browser.get(f"{address}/reconcile")).text, "upload")
    return await browser.post(f"{address}/reconcile", data=fields, files={"ledger": (name, content)})


async def test_a_customer_uploads_and_both_sides_accept(
    client: httpx.AsyncClient, sample: Sample, engine: Database, sign_in: SignIn
) -> None:
    """Classes and bridge at once; each side's word is kept with the version, once."""
    address = f"/s/{sample.answer_token}"
    assert (await upload(client, address, THEIRS.encode("gb18030"))).status_code == 303
    page = (await client.get(f"{address}/reconcile?lang=en")).text
    assert "Missing on our side" in page
    assert "Amount differs" in page
    assert "a difference of -17.50" in page
    chinese = (await client.get(f"{address}/reconcile?lang=zh")).text
    assert "我方缺少" in chinese
    accept = form_of(page, "accept") | {"name": "王会计", "position": "会计"}
    assert (await client.post(f"{address}/reconcile", data=accept)).status_code == 303
    before = await fingerprint(engine)
    assert (await client.post(f"{address}/reconcile", data=accept)).status_code == 303
    assert await fingerprint(engine) == before
    clerk = await sign_in("chen")
    place = f"/statements/{sample.statements[2]}"
    seen = (await clerk.get(f"{place}/reconcile")).text
    assert "王会计" in seen
    assert (await clerk.post(f"{place}/reconcile", data=form_of(seen, "accept"))).status_code == 303
    async with transaction(engine, sample.company_id) as session:
        kept = await newest_reconciliation(session, sample.company_id, sample.statements[2])
        assert kept is not None
        assert kept.digest == sample.digests[2]
        accepted = await acceptances_of(session, sample.company_id, kept.id)
    assert {side: one.bridge_sha256 for side, one in accepted.items()} == dict.fromkeys(
        ("customer", "company"), kept.bridge_sha256
    )


async def test_columns_are_corrected_on_the_page(client: httpx.AsyncClient, sample: Sample) -> None:
    """The guess is shown as choices; another choice compares the same file again."""
    address = f"/s/{sample.answer_token}"
    odd = "日期,发票号,金额,另列\n2026-02-01,INV-201,7.00,1396.22\n2026-03-13,INV-202,8.00,840.50\n"
    assert (await upload(client, address, odd.encode())).status_code == 303
    page = (await client.get(f"{address}/reconcile?lang=en")).text
    assert '<option value="金额" selected>' in page
    choice = form_of(page, "columns") | {"column_date": "日期", "column_number": "发票号", "column_amount": "另列"}
    assert (await client.post(f"{address}/reconcile", data=choice)).status_code == 303
    page = (await client.get(f"{address}/reconcile?lang=en")).text
    assert '<option value="另列" selected>' in page
    assert "Amount differs" not in page


async def test_an_older_comparison_is_not_accepted(client: httpx.AsyncClient, sample: Sample) -> None:
    """What was read is what is accepted: a newer upload makes the old page's button say so."""
    address = f"/s/{sample.answer_token}"
    await upload(client, address, THEIRS.encode())
    accept = form_of((await client.get(f"{address}/reconcile")).text, "accept") | {"name": "Wang"}
    await upload(client, address, THEIRS.replace("840.50", "841.50").encode())
    answer = await client.post(f"{address}/reconcile", data=accept)
    assert answer.status_code == 410
    assert "最新" in answer.text


def _far_cell() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["number", "date", "amount"])
        sheet.write_row(1, 0, ["INV-201", "2026-02-01", 1.0])
        sheet.write(1_048_575, 16_383, "far")
    return buffer.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


WORKBOOK = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}

BAD = {
    "nothing": b"",
    "a web page under a workbook's name": b"<html><body><table><tr><td>1</td></tr></table></body></html>",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "a packed file": gzip.compress(THEIRS.encode()),
    "an archive": _zip({"ledger.csv": THEIRS.encode()}),
    "a zip bomb in a workbook": _zip({**WORKBOOK, "xl/worksheets/sheet1.xml": bytes(60 * 1024 * 1024)}),
    "a cell at the far end of a small sheet": _far_cell(),
    "a workbook with macros": _zip({**WORKBOOK, "xl/vbaProject.bin": b"\xd0\xcf"}),
    "a workbook with entities": _zip({**WORKBOOK, "xl/worksheets/sheet1.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}),
    "a broken quote": b'number,date,amount\n"INV-201,2026-02-01,1.00\n',
    "an amount that is none": b"number,date,amount\nINV-201,2026-02-01,1_000\n",
    "a date that is none": b"number,date,amount\nINV-201,2026-02-31,1.00\n",
    "half a yen": b"number,date,currency,amount\nINV-201,2026-02-01,JPY,100.50\n",
    "no amounts at all": b"number,date\nINV-201,2026-02-01\n",
    "digits eaten by a spreadsheet": b"number,date,amount\n2.53E+19,2026-02-01,1.00\n",
    "eleven megabytes": b"number,date,amount\n" + b"INV-201,2026-02-01,1.00\n" * 440_000,
}


async def test_a_bad_file_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, sample: Sample, engine: Database
) -> None:
    """Each in clear words, in the customer's language, on a page that still works."""
    address = f"/s/{sample.answer_token}"
    before = await fingerprint(engine)
    for kind, content in BAD.items():
        answer = await upload(client, address, content, "ledger.xlsx" if b"<html" in content else "ledger.csv")
        assert answer.status_code in {413, 422}, kind
        assert 'role="alert"' in answer.text, kind
        assert "未做任何更改" in answer.text, kind
    assert await fingerprint(engine) == before
    assert (await upload(client, address, THEIRS.encode())).status_code == 303


async def test_strangers_and_other_sites_get_nothing(
    client: httpx.AsyncClient, sample: Sample, engine: Database
) -> None:
    """Without a link there is no page, without the page's nonce no change."""
    assert (await client.get("/s/nothing/reconcile")).status_code == 404
    before = await fingerprint(engine)
    address = f"/s/{sample.answer_token}/reconcile"
    files = {"ledger": ("l.csv", THEIRS.encode())}
    assert (await client.post(address, data={"step": "upload", "nonce": "made.up"}, files=files)).status_code == 404
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    fields = form_of((await client.get(address)).text, "upload")
    assert (await client.post(address, data=fields, files=files, headers=elsewhere)).status_code == 403
    assert await fingerprint(engine) == before
