"""Bank files written from plain bookings, in every format that is read: seeds of the fuzzer and of the tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking; money in is positive."""

    day: date
    amount: Decimal
    reference: str = "INV-1"
    payer: str = "Acme"
    account: str = "DE00123456780001234567"
    reversal: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One statement of one account."""

    account: str
    currency: str
    opening: Decimal
    bookings: tuple[Booking, ...]
    number: int = 1
    stated_closing: Decimal | None = None

    @property
    def closing(self) -> Decimal:
        """Opening and bookings together, unless the file shall state something else."""
        if self.stated_closing is not None:
            return self.stated_closing
        return self.opening + sum((one.amount for one in self.bookings), Decimal(0))

    @property
    def day(self) -> date:
        """The last booking's day."""
        return max((one.day for one in self.bookings), default=date(2026, 6, 30))


def mt940(samples: Sequence[Sample]) -> bytes:
    """SWIFT MT940, with RC and RD for what was taken back."""
    out = []
    for one in samples:
        out += [
            ":20:STATEMENT",
            f":25:{one.account}",
            f":28C:{one.number}/1",
            f":60F:{_swift_balance(one, one.opening)}",
        ]
        for place, booking in enumerate(one.bookings):
            mark = ("RC" if booking.amount < 0 else "RD") if booking.reversal else "D" if booking.amount < 0 else "C"
            stated = _comma(abs(booking.amount))
            out += [
                f":61:{booking.day:%y%m%d}{booking.day:%m%d}{mark}{stated}NTRFNONREF//B{one.number}-{place}",
                f":86:166?00TRANSFER?20EREF+{booking.reference}?32{booking.payer}?31{booking.account}",
            ]
        out += [f":62F:{_swift_balance(one, one.closing)}", "-"]
    return "\r\n".join([*out, ""]).encode()


def _comma(amount: Decimal) -> str:
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole},{fraction}"


def _swift_balance(sample: Sample, amount: Decimal) -> str:
    return f"{'D' if amount < 0 else 'C'}{sample.day:%y%m%d}{sample.currency}{_comma(abs(amount))}"


def camt053(samples: Sequence[Sample], version: str = "08") -> bytes:
    """camt.053 of the version."""
    body = "".join(_camt_statement(one) for one in samples)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr>\n{body}</BkToCstmrStmt></Document>\n"
    ).encode()


def _camt_statement(one: Sample) -> str:
    entries = "".join(_camt_entry(one, place, booking) for place, booking in enumerate(one.bookings))
    return (
        f"<Stmt><Id>{one.number}</Id><ElctrncSeqNb>{one.number}</ElctrncSeqNb>"
        f"<Acct><Id><IBAN>{one.account}</IBAN></Id><Ccy>{one.currency}</Ccy></Acct>\n"
        f"{_camt_balance(one, 'OPBD', one.opening)}{_camt_balance(one, 'CLBD', one.closing)}{entries}</Stmt>\n"
    )


def _camt_balance(one: Sample, code: str, amount: Decimal) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_camt_amount(one, amount)}"
        f"<Dt><Dt>{one.day}</Dt></Dt></Bal>\n"
    )


def _camt_amount(one: Sample, amount: Decimal) -> str:
    side = "DBIT" if amount < 0 else "CRDT"
    return f'<Amt Ccy="{one.currency}">{abs(amount):f}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _camt_entry(one: Sample, place: int, booking: Booking) -> str:
    party = "Cdtr" if booking.amount < 0 else "Dbtr"
    return (
        f"<Ntry>{_camt_amount(one, booking.amount)}<RvslInd>{str(booking.reversal).lower()}</RvslInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{booking.day}</Dt></BookgDt><ValDt><Dt>{booking.day}</Dt></ValDt>"
        f"<AcctSvcrRef>B{one.number}-{place}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{escape(booking.reference)}</EndToEndId></Refs>"
        f"<RltdPties><{party}><Pty><Nm>{escape(booking.payer)}</Nm></Pty></{party}>"
        f"<{party}Acct><Id><IBAN>{booking.account}</IBAN></Id></{party}Acct></RltdPties>"
        f"<RmtInf><Ustrd>{escape(booking.reference)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


def bai2(samples: Sequence[Sample], places: int = 2) -> bytes:
    """BAI2 with every control total and count; `places` are the currency's decimals."""
    out = [f"01,BANK,TIEOUT,{samples[0].day:%y%m%d},0600,1,,,2/"]
    day = samples[0].day
    group = [f"02,TIEOUT,BANK,1,{day:%y%m%d},,{samples[0].currency},2/"]
    totals = []
    for one in samples:
        raw = [int(one.opening.scaleb(places)), int(one.closing.scaleb(places))]
        lines = [f"03,{one.account},{one.currency},010,{raw[0]},,,015,{raw[1]},,/"]
        for place, booking in enumerate(one.bookings):
            figure = int(abs(booking.amount).scaleb(places))
            raw.append(figure)
            code = "475" if booking.amount < 0 else "195"
            lines.append(
                f"16,{code},{figure},V,{booking.day:%y%m%d},,B{one.number}-{place},{booking.reference},{booking.payer}"
            )
        totals.append(sum(raw))
        lines.append(f"49,{totals[-1]},{len(lines) + 1}/")
        group += lines
    group.append(f"98,{sum(totals)},{len(samples)},{len(group) + 1}/")
    out += group
    out.append(f"99,{sum(totals)},1,{len(out) + 1}/")
    return "\n".join([*out, ""]).encode()


def ofx(samples: Sequence[Sample]) -> bytes:
    """OFX 1.0.2, as SGML without closing tags."""
    statements = []
    for one in samples:
        transactions = "".join(
            f"<STMTTRN><TRNTYPE>{'DEBIT' if booking.amount < 0 else 'CREDIT'}\n<DTPOSTED>{booking.day:%Y%m%d}\n"
            f"<TRNAMT>{booking.amount:f}\n<FITID>B{one.number}-{place}\n<NAME>{escape(booking.payer)}\n"
            f"<MEMO>{escape(booking.reference)}\n</STMTTRN>\n"
            for place, booking in enumerate(one.bookings)
        )
        statements.append(
            f"<STMTTRNRS><STMTRS><CURDEF>{one.currency}\n<BANKACCTFROM><BANKID>1\n<ACCTID>{one.account}\n"
            f"</BANKACCTFROM><BANKTRANLIST><DTSTART>20260601\n{transactions}</BANKTRANLIST>"
            f"<LEDGERBAL><BALAMT>{one.closing:f}\n<DTASOF>{one.day:%Y%m%d}\n</LEDGERBAL></STMTRS></STMTTRNRS>\n"
        )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:UTF-8\nCHARSET:NONE\n\n"
        f"<OFX><BANKMSGSRSV1>\n{''.join(statements)}</BANKMSGSRSV1></OFX>\n"
    ).encode()


def chinese_bank(samples: Sequence[Sample]) -> bytes:
    """A bank's CSV in GB18030: preamble, in and out in columns, a running balance, tabs in cells, a row of sums."""
    one = samples[0]
    rows = ["明细查询文件下载", "", f"卡号: {one.account},账户别名: 基本户", ""]
    rows.append("交易日期,摘要,记账金额(收入),记账金额(支出),记账币种,余额,对方户名")
    balance, came, went = one.opening, Decimal(0), Decimal(0)
    for booking in one.bookings:
        balance += booking.amount
        income = f"{booking.amount:,f}" if booking.amount > 0 else ""
        expense = f"{-booking.amount:,f}" if booking.amount < 0 else ""
        came, went = came + max(booking.amount, Decimal(0)), went + max(-booking.amount, Decimal(0))
        rows.append(
            f'{booking.day}  \t,"{booking.reference}\t","{income} \t","{expense}\t",人民币,'
            f'"{balance:,f}\t","{booking.payer}\t",'
        )
    rows += [" ", f'人民币合计,,"{came:,f}\t","{went:,f}\t",']
    return "\r\n".join([*rows, ""]).encode("gb18030")


def wallet(samples: Sequence[Sample]) -> bytes:
    """A wallet's bill in GB18030: totals above the table, direction in words."""
    one = samples[0]
    came = [booking for booking in one.bookings if booking.amount > 0]
    went = [booking for booking in one.bookings if booking.amount < 0]
    rows = [
        "支付宝（中国）网络技术有限公司", f"支付宝账户：{one.account}", f"共{len(one.bookings)}笔记录",
        f"收入：{len(came)}笔 {sum((b.amount for b in came), Decimal(0)):f}元",
        f"支出：{len(went)}笔 {-sum((b.amount for b in went), Decimal(0)):f}元", "",
        "交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注,",
    ]  # fmt: skip
    for place, booking in enumerate(one.bookings):
        word = "收入" if booking.amount > 0 else "支出"
        rows.append(
            f"{booking.day} 10:00:00,转账,{booking.payer},/,{booking.reference},{word},{abs(booking.amount):f},余额,"
            f"交易成功,B{one.number}-{place}\t,\t,,"
        )
    return "\r\n".join([*rows, ""]).encode("gb18030")


def plain_table(samples: Sequence[Sample]) -> bytes:
    """An English CSV as banks outside China export it."""
    one = samples[0]
    rows = ["Date,Description,Debit,Credit,Balance,Currency,Counterparty"]
    balance = one.opening
    for booking in one.bookings:
        balance += booking.amount
        income = f"{booking.amount:f}" if booking.amount > 0 else ""
        expense = f"{-booking.amount:f}" if booking.amount < 0 else ""
        rows.append(
            f'{booking.day},"{booking.reference}",{expense},{income},{balance:f},{one.currency},"{booking.payer}"'
        )
    return "\n".join([*rows, ""]).encode()


WRITERS: dict[str, Callable[[Sequence[Sample]], bytes]] = {
    "mt940": mt940, "camt.053": camt053, "bai2": bai2, "ofx": ofx, "icbc": chinese_bank, "alipay": wallet,
    "table": plain_table,
}  # fmt: skip


def example() -> Sample:
    """Three bookings: money in, money out, a credit taken back."""
    return Sample(
        "DE00123456780001234567", "CNY", Decimal("1000.00"),
        (
            Booking(date(2026, 6, 3), Decimal("250.00"), "INV-7 & more", "杭州测试有限公司"),
            Booking(date(2026, 6, 4), Decimal("-12.50"), "FEE", "Bank"),
            Booking(date(2026, 6, 5), Decimal("-250.00"), "INV-7 & more", "杭州测试有限公司", reversal=True),
        ),
    )  # fmt: skip
