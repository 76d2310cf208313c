"""Files written here, in every format, come back as they were written; what is damaged on purpose is said."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.bank.read import read_bank_content
from connectors.bank.statement import BankFile
from scripts.bank_samples import WRITERS, Booking, Sample, camt053, example, mt940, wallet

WITH_BALANCES = ("mt940", "camt.053", "bai2", "icbc", "table")
PARSERS = sorted(WRITERS)
cents = st.integers(1, 10**11).map(lambda minor: Decimal(minor).scaleb(-2))
texts = (
    st.text(st.sampled_from("ABCDEFGHJK0123456789 杭州市有限公司"), min_size=1, max_size=20).map(str.strip).filter(bool)
)


@st.composite
def bookings(draw: st.DrawFn) -> Booking:
    """One booking on some day of June."""
    amount = draw(cents) * draw(st.sampled_from([1, -1]))
    day = date(2026, 6, 1) + timedelta(days=draw(st.integers(0, 29)))
    return Booking(day, amount, draw(texts), draw(texts), reversal=draw(st.booleans()))


@st.composite
def statements(draw: st.DrawFn) -> Sample:
    """One account's statement, bookings in the order of their days."""
    found = sorted(draw(st.lists(bookings(), min_size=1, max_size=8)), key=lambda one: one.day)
    return Sample("6222001234567890", "CNY", draw(cents), tuple(found))


def _codes(file: BankFile) -> set[str]:
    return {finding.code for finding in file.findings}


@pytest.mark.parametrize("name", PARSERS)
@given(sample=statements())
@settings(max_examples=25, deadline=None)
def test_what_is_written_is_read(name: str, sample: Sample) -> None:
    """Amounts with their signs, days, account, balances and the tie."""
    file = read_bank_content(WRITERS[name]([sample]))
    assert file.format == name
    (statement,) = file.statements
    assert statement.account == sample.account or name == "table"
    assert statement.currency == sample.currency
    assert [line.amount for line in statement.lines] == [one.amount for one in sample.bookings]
    if name == "bai2":
        assert [line.value_date for line in statement.lines] == [one.day for one in sample.bookings]
    else:
        assert [line.booked_on for line in statement.lines] == [one.day for one in sample.bookings]
    if name in WITH_BALANCES:
        assert (statement.opening, statement.closing) == (sample.opening, sample.closing)
    assert statement.ties is (None if name == "ofx" else True)
    assert not file.held


@pytest.mark.parametrize("name", ["mt940", "camt.053", "bai2"])
@given(sample=statements(), difference=cents)
@settings(max_examples=15, deadline=None)
def test_what_does_not_add_up_is_held(name: str, sample: Sample, difference: Decimal) -> None:
    """Whatever the closing balance is off by, the file says how much and waits for a person."""
    file = read_bank_content(WRITERS[name]([replace(sample, stated_closing=sample.closing + difference)]))
    assert (file.ties, file.statements[0].difference) == (False, -difference)
    assert file.held
    assert "not_tied" in _codes(file)


@pytest.mark.parametrize("name", ["icbc", "table"])
@given(sample=statements(), data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_row_taken_out_of_the_middle_breaks_the_running_balance(
    name: str, sample: Sample, data: st.DataObject
) -> None:
    """The balance printed on the next row does not follow any more, and that row is named."""
    middle = [*sample.bookings, *sample.bookings, *sample.bookings]
    whole = replace(sample, bookings=tuple(middle))
    lines = WRITERS[name]([whole]).split(b"\n")
    header = next(row for row, line in enumerate(lines) if b"INV" not in line and line.count(b",") > 4)
    gone = header + 1 + data.draw(st.integers(1, len(middle) - 2))
    file = read_bank_content(b"\n".join([*lines[:gone], *lines[gone + 1 :]]))
    assert file.ties is False
    assert file.held
    assert gone + 1 in {finding.row for finding in file.findings if finding.code == "running_balance"}


@pytest.mark.parametrize(("mark", "sign"), [("C", 1), ("D", -1), ("RC", -1), ("RD", 1)])
def test_swift_marks(mark: str, sign: int) -> None:
    """A credit taken back is money out, a debit taken back is money in."""
    closing = "C" if sign > 0 else "D"
    text = f":20:X\n:25:A\n:28C:1\n:60F:C260601EUR0,\n:61:260602{mark}5,NTRFX\n:62F:{closing}260602EUR5,\n"
    file = read_bank_content(text.encode())
    assert file.statements[0].lines[0].amount == 5 * sign
    assert file.statements[0].lines[0].reversal is mark.startswith("R")
    assert file.ties is True


@pytest.mark.parametrize(
    ("line", "amount", "reference", "status"),
    [
        ("2001010101D65,00NOVBNL47INGB9999999999\nhr gjlm paulissen", "-65.00", "NL47INGB9999999999", "booked"),
        ("2207060706DR20,NTRFBIPI-dvT1FzfMqvzF5Ha//20220706163", "-20", "BIPI-dvT1FzfMqvzF5Ha", "booked"),
        ("240312EC7,10NTRFLATER", "7.10", "LATER", "pending"),
        ("240312    DD212,39NMSCNONREF//\nA\nB\nC", "-212.39", "", "booked"),
        ("240312C000000000000500,00NTRFX", "500.00", "NTRFX", "booked"),
    ],
)  # fmt: skip
def test_swift_lines_of_many_banks(line: str, amount: str, reference: str, status: str) -> None:
    """Long references, expected entries, blank entry dates, more lines than the standard's two, filled amounts."""
    (found,) = read_bank_content(f":20:X\n:25:A\n:61:{line}\n".encode()).statements[0].lines
    assert (found.amount, found.status) == (Decimal(amount), status)
    assert found.reference.endswith(reference)


def test_swift_wrapped_by_fin_blocks() -> None:
    """What comes from SWIFT itself stands between block headers, its lines ending in CR LF."""
    inner = mt940([example()]).decode().replace("\r\n-\r\n", "\r\n-}{5:{CHK:1}}\r\n")
    wrapped = "{1:F01BANKDEFFAXXX0000000000}{2:O9400600260630BANKDEFFAXXX00000000002606300600N}{4:\r\n" + inner
    file = read_bank_content(wrapped.encode())
    assert file.format == "mt940"
    assert file.ties is True
    assert len(file.statements[0].lines) == 3


def test_swift_pages_are_one_statement() -> None:
    """62M and 60M between pages of one number; a page that begins elsewhere is said."""
    head, tail = (
        ":20:A\n:25:1\n:28C:7/1\n:60F:C260601EUR1,\n:61:260602C2,NTRFX\n",
        ":61:260603D1,NTRFY\n:62F:C260603EUR2,\n-\n",
    )
    between = ":62M:C260602EUR3,\n-\n:20:B\n:25:1\n:28C:7/2\n:60M:C260602EUR3,\n"
    whole = read_bank_content((head + between + tail).encode())
    assert [(one.opening, one.closing, len(one.lines)) for one in whole.statements] == [(Decimal(1), Decimal(2), 2)]
    assert whole.ties is True
    broken = read_bank_content((head + between.replace(":60M:C260602EUR3,", ":60M:C260602EUR4,") + tail).encode())
    assert "page_balance" in _codes(broken)
    assert broken.held


def test_bai2_records_joined_on_a_line_and_texts_wrapped_over_two() -> None:
    """Gateways join records and wrap long texts; counts and control totals are of the records all the same."""
    plain = (
        "01,BANK,US,260603,0600,1,,,2/\n02,US,BANK,1,260602,,USD,2/\n03,55,,010,500,,,015,1000,,,100,700,2,,400,200,1/\n"
        "16,142,500,Z,,,ACH PPD/\n16,142,200,Z,,,ACH FEE 1111\n88,INV-7/\n16,451,200,Z,,,BILLING/\n49,3300,6/\n"
        "98,3300,1,8/\n99,3300,1,10/\n"
    )
    whole = read_bank_content(plain.encode())
    assert (whole.ties, whole.held) == (True, False)
    joined = plain.replace("2/\n02", "2/   02").replace("PPD/\n16", "PPD/ 16").replace("/\n98", "/ 98")
    wrapped = joined.replace("ACH FEE 1111\n", "ACH FEE\n1111\n")
    other = read_bank_content(wrapped.encode())
    assert (other.ties, other.held) == (True, False)
    assert [line.amount for line in other.statements[0].lines] == [line.amount for line in whole.statements[0].lines]
    assert [line.text for line in other.statements[0].lines] == [line.text for line in whole.statements[0].lines]


def test_statements_in_order() -> None:
    """A number left out and a balance that does not follow are said without holding the file."""
    first = example()
    third = replace(first, number=3, opening=first.closing + 1)
    file = read_bank_content(mt940([first, third]))
    assert {"sequence_gap", "sequence_balance"} <= _codes(file)
    assert not file.held


@pytest.mark.parametrize("version", ["01", "02", "03", "04", "05", "06", "07", "08", "13"])
def test_camt_versions(version: str) -> None:
    """The version changes where names stand, never what is read."""
    content = camt053([example()], version)
    if version < "08":
        content = (
            content.replace(b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts>BOOK</Sts>")
            .replace(b"<Pty>", b"")
            .replace(b"</Pty>", b"")
        )
    file = read_bank_content(content)
    assert (file.format, file.version, file.ties) == ("camt.053", version, True)
    assert file.statements[0].lines[0].counterparty == "杭州测试有限公司"
    assert file.statements[0].lines[0].row is not None


def test_camt_prefixed_and_in_gb18030() -> None:
    """Any prefix, and an encoding that the XML library itself cannot read."""
    text = camt053([example()]).decode()
    prefixed = text.replace("<", "<n:").replace("<n:/", "</n:").replace("<n:?", "<?").replace("xmlns=", "xmlns:n=")
    for content in (prefixed.encode(), text.replace('"UTF-8"', '"GB18030"').encode("gb18030")):
        file = read_bank_content(content)
        assert file.ties is True
        assert file.statements[0].lines[0].counterparty == "杭州测试有限公司"


def test_camt_pending_entries_are_not_in_the_balance() -> None:
    """Announced bookings are shown, and counted by the summary, but not booked."""
    pending = (
        b'<Ntry><Amt Ccy="CNY">99.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>'
        b"<BookgDt><Dt>2026-06-30</Dt></BookgDt></Ntry></Stmt>"
    )
    summary = b"<TxsSummry><TtlNtries><NbOfNtries>4</NbOfNtries></TtlNtries></TxsSummry><Ntry>"
    content = camt053([example()]).replace(b"</Stmt>", pending).replace(b"<Ntry>", summary, 1)
    file = read_bank_content(content)
    assert file.ties is True
    assert (len(file.statements[0].lines), file.statements[0].announced) == (4, Decimal(99))
    wrong = read_bank_content(content.replace(b">4<", b">5<"))
    assert wrong.ties is False
    assert "control_count" in _codes(wrong)


def test_collective_bookings_keep_their_payments() -> None:
    """Two payments in one entry: parts with their own payers, signed like the entry."""
    parts = "".join(
        f'<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs><Amt Ccy="CNY">{amount}</Amt>'
        f"<RltdPties><Dbtr><Nm>Payer {n}</Nm></Dbtr></RltdPties></TxDtls>"
        for n, amount in ((1, "100.00"), (2, "150.00"))
    )
    sample = replace(example(), bookings=example().bookings[:1])
    text = camt053([sample]).decode()
    start, end = text.index("<TxDtls>"), text.index("</TxDtls>") + len("</TxDtls>")
    file = read_bank_content((text[:start] + parts + text[end:]).encode())
    (line,) = file.statements[0].lines
    assert [(part.amount, part.counterparty) for part in line.parts] == [
        (Decimal(100), "Payer 1"),
        (Decimal(150), "Payer 2"),
    ]
    assert "parts_not_line" not in _codes(file)


def test_wallet_totals() -> None:
    """A deleted line shows in count and sum."""
    content = wallet([example()]).decode("gb18030").splitlines()
    file = read_bank_content("\n".join([*content[:7], *content[8:]]).encode("gb18030"))
    assert file.ties is False
    assert file.statements[0].difference == -250
    assert {"control_count", "control_sum"} <= _codes(file)
