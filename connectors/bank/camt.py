"""camt.052, camt.053 and camt.054 of ISO 20022, versions 1 to 8 and later: parsed by defusedxml, read by local names.

CdtDbtInd alone gives the sign: of a reversal it says what the reversal does, not what the first booking did.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]  # ships no types
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]  # ships no types

from connectors.bank.findings import BankFileRefusedError, Finding
from connectors.bank.statement import BOOKED, PENDING, BankFile, Control, Line, Part, Statement, total
from connectors.bank.wording import calendar_day, plain_decimal, whole_number

_KINDS = {"Stmt": "camt.053", "Rpt": "camt.052", "Ntfctn": "camt.054"}
_MESSAGES = ("BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn")
_VERSION = re.compile(rb"camt\.05[234]\.001\.(\d{2})")
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding=["']([\w.-]+)["'][^>]*\?>""")
_ENTRY = re.compile(rb"<(?:\w+:)?Ntry[\s>]")
_EXPAT_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1"})
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF", "NOTPROVIDED."})
_OPENINGS, _CLOSINGS = ("OPBD", "PRCD"), ("CLBD",)
_INTERIM = "ITBD"


def looks_like_camt(head: bytes) -> bool:
    """Whether the file begins as XML of one of the three messages, whatever its prefix."""
    return any(name.encode() in head for name in _MESSAGES) or b"iso:20022:tech:xsd:camt.05" in head


def read_camt(content: bytes) -> BankFile:
    """The statements, reports or notifications of one message. Raises BankFileRefusedError."""
    root = _parsed(content)
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    found = [element for element in root.iter() if element.tag in _KINDS]
    if not found:
        raise BankFileRefusedError("bank_file_without_statement")
    rows = _Rows.of(content, sum(1 for _ in root.iter("Ntry")))
    kind = _KINDS[found[0].tag]
    statements: list[Statement] = []
    findings: list[Finding] = []
    for element in found:
        statement, said = _statement(element, rows, kind)
        if statements and _is_next_page(statements[-1], statement):
            place = len(statements) - 1
            statements[place] = _joined(statements[place], statement)
        else:
            place = len(statements)
            statements.append(statement)
        findings += [replace(one, statement=place) for one in said]
    version = _VERSION.search(content[:4_000])
    return BankFile(
        kind, tuple(statements), tuple(findings), version=version[1].decode() if version else "",
        balanced=kind == "camt.053",
    )  # fmt: skip


def _parsed(content: bytes) -> Element:
    declared = _DECLARATION.match(content)
    if declared is not None and declared[1].decode().lower() not in _EXPAT_ENCODINGS:
        try:
            text = content[declared.end() :].decode(declared[1].decode())
        except (UnicodeDecodeError, LookupError) as error:
            raise BankFileRefusedError("bank_file_damaged", declared[1].decode()) from error
        content = text.encode()
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except ParseError as error:
        row, column = error.position
        raise BankFileRefusedError("bank_file_damaged", str(error), row=row, column=str(column)) from error
    except DefusedXmlException as error:
        raise BankFileRefusedError("bank_file_doctype") from error
    except ValueError as error:
        raise BankFileRefusedError("bank_file_damaged", str(error)) from error
    return root


@dataclass(slots=True)
class _Rows:
    """Line numbers of the entries, in their order; none when text and tree do not agree about how many there are."""

    rows: list[int]
    place: int = 0

    @classmethod
    def of(cls, content: bytes, entries: int) -> "_Rows":
        """Where each entry begins."""
        rows, line, seen = [], 1, 0
        for match in _ENTRY.finditer(content):
            line += content.count(b"\n", seen, match.start())
            seen = match.start()
            rows.append(line)
        return cls(rows if len(rows) == entries else [])

    def next(self) -> int | None:
        """The next entry's line."""
        self.place += 1
        return self.rows[self.place - 1] if self.rows else None


def _text(element: Element | None, *paths: str) -> str:
    if element is not None:
        for path in paths:
            text = element.findtext(path)
            if text and text.strip():
                return " ".join(text.split())
    return ""


def _day(element: Element | None) -> date | None:
    parts = _text(element, "Dt", "DtTm")[:10].split("-")
    if len(parts) != 3 or not all(part.isdigit() and part.isascii() for part in parts):  # noqa: PLR2004 - y, m, d
        return None
    return calendar_day(int(parts[0]), int(parts[1]), int(parts[2]))


def _signed(element: Element | None, amount: Element | None, default: int = 0) -> Decimal | None:
    """The amount with the sign of CdtDbtInd; None when either cannot be read. ISO amounts carry no sign."""
    figure = plain_decimal(amount.text or "") if amount is not None else None
    sign = {"CRDT": 1, "DBIT": -1}.get(_text(element, "CdtDbtInd"), default)
    if figure is None or (amount is not None and (amount.text or "").strip()[:1] in {"-", "+"}) or not sign:
        return None
    return sign * figure


def _statement(element: Element, rows: _Rows, kind: str) -> tuple[Statement, list[Finding]]:
    findings: list[Finding] = []
    opening, closing = _balances(element, kind)
    entries = [child for child in element if child.tag == "Ntry"]
    account = element.find("Acct")
    currencies = Counter(_currency(entry) for entry in entries)
    currency = _text(account, "Ccy") or _currency(opening) or _currency(closing) or _only(currencies)
    for balance in (opening, closing):
        if balance is not None and _signed(balance, balance.find("Amt")) is None:
            findings.append(Finding("balance_malformed", _text(balance, "Amt"), column="Bal"))
        elif balance is not None and currency and _currency(balance) not in {"", currency}:
            findings.append(Finding("balance_currency", f"{currency} ≠ {_currency(balance)}", column="Bal"))
    lines = tuple(_line(entry, rows.next(), currency, findings) for entry in entries)
    statement = Statement(
        account=_account(account), currency=currency,
        opening=_signed(opening, opening.find("Amt")) if opening is not None else None,
        closing=_signed(closing, closing.find("Amt")) if closing is not None else None,
        opening_date=_day(opening.find("Dt")) if opening is not None else None,
        closing_date=_day(closing.find("Dt")) if closing is not None else None,
        opening_is_final=_text(opening, "Tp/SubTp/Cd") != "INTM",
        closing_is_final=_text(closing, "Tp/SubTp/Cd") != "INTM",
        lines=lines, number=_text(element, "LglSeqNb", "ElctrncSeqNb"), page=_text(element, "StmtPgntn/PgNb"),
        controls=tuple(_controls(element.find("TxsSummry"), lines)),
        bank=_text(account, "Svcr/FinInstnId/BICFI", "Svcr/FinInstnId/BIC", "Svcr/FinInstnId/Nm"),
    )  # fmt: skip
    return statement, findings


def _currency(element: Element | None) -> str:
    amount = element.find("Amt") if element is not None else None
    return (amount.get("Ccy") or "").strip() if amount is not None else ""


def _only(currencies: Counter[str]) -> str:
    return next(iter(currencies)) if len(currencies) == 1 else ""


def _account(account: Element | None) -> str:
    for path in ("Id/IBAN", "Id/Othr/Id", "Id/BBAN", "Id/PrtryAcct/Id", "Id/UPIC"):
        found = _text(account, path)
        if found:
            return found
    return ""


def _balances(element: Element, kind: str) -> tuple[Element | None, Element | None]:
    """The booked balances at both ends; an intraday report may begin and end with interim ones."""
    by_code: dict[str, list[Element]] = {}
    for balance in element.findall("Bal"):
        by_code.setdefault(_text(balance, "Tp/CdOrPrtry/Cd", "Tp/Cd"), []).append(balance)
    opening = next((by_code[code][0] for code in _OPENINGS if code in by_code), None)
    closing = next((by_code[code][-1] for code in _CLOSINGS if code in by_code), None)
    interim = by_code.get(_INTERIM, []) if kind == "camt.052" else []
    if opening is None and len(interim) > 1:
        opening = interim[0]
    if closing is None and opening is not None and interim and interim[-1] is not opening:
        closing = interim[-1]
    return opening, closing


def _line(entry: Element, row: int | None, currency: str, findings: list[Finding]) -> Line:
    amount = _signed(entry, entry.find("Amt"))
    if amount is None:
        direction = _text(entry, "CdtDbtInd") in {"CRDT", "DBIT"}
        findings.append(Finding("line_amount" if direction else "line_direction", _text(entry, "Amt"), row, "Ntry"))
    elif currency and _currency(entry) not in {"", currency}:
        findings.append(Finding("line_currency", _currency(entry), row, "Amt"))
    booked, value_date = _day(entry.find("BookgDt")), _day(entry.find("ValDt"))
    came_in = amount is None or amount >= 0
    parts = tuple(_part(details, came_in=came_in) for details in entry.iter("TxDtls"))
    whole = parts[0] if parts else Part(None)
    known = [part.amount for part in parts if part.amount is not None]
    if len(parts) > 1 and len(known) == len(parts) and amount is not None and total(known) != amount:
        findings.append(Finding("parts_not_line", f"{total(known)} ≠ {amount}", row, "TxDtls"))
    texts = dict.fromkeys(part.text for part in parts if part.text)
    own = _text(entry, "AcctSvcrRef", "NtryRef")
    return Line(
        row=row, booked_on=booked or value_date, value_date=value_date, amount=amount,
        reference=whole.reference if len(parts) == 1 and whole.reference else own,
        text=" ".join(texts) or _text(entry, "AddtlNtryInf"), bank_reference=own,
        counterparty=whole.counterparty if len(parts) == 1 else "",
        counterparty_account=whole.counterparty_account if len(parts) == 1 else "",
        kind=_kind(entry), status=_status(entry), reversal=_text(entry, "RvslInd").lower() in {"true", "1"},
        parts=parts if len(parts) > 1 else (),
    )  # fmt: skip


def _kind(entry: Element) -> str:
    code = entry.find("BkTxCd")
    family = [_text(code, path) for path in ("Domn/Cd", "Domn/Fmly/Cd", "Domn/Fmly/SubFmlyCd")]
    return "-".join(part for part in family if part) or _text(code, "Prtry/Cd")


def _status(entry: Element) -> str:
    return BOOKED if _text(entry, "Sts/Cd", "Sts") in {"BOOK", ""} else PENDING


def _part(details: Element, *, came_in: bool) -> Part:
    amount = details.find("Amt")
    if amount is None:
        amount = details.find("AmtDtls/TxAmt/Amt")
    side = "Dbtr" if came_in else "Cdtr"
    parties = details.find("RltdPties")
    name = _text(
        parties, f"{side}/Nm", f"{side}/Pty/Nm", f"Ultmt{side}/Nm", f"Ultmt{side}/Pty/Nm", f"{side}/Agt/FinInstnId/Nm"
    )
    account = parties.find(f"{side}Acct") if parties is not None else None
    return Part(
        amount=_signed(details, amount, 1 if came_in else -1), reference=_reference(details),
        text=" ".join(_remittance(details)), counterparty=name, counterparty_account=_account(account),
    )  # fmt: skip


def _reference(details: Element) -> str:
    candidates = (
        _text(details, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef"),
        *(_text(details, f"Refs/{name}") for name in ("EndToEndId", "InstrId", "TxId", "AcctSvcrRef", "UETR")),
    )
    return next((text for text in candidates if text and text.upper() not in _NO_REFERENCE), "")


def _remittance(details: Element) -> Iterator[str]:
    """What the payer wrote: free text, document numbers, structured references."""
    remittance = details.find("RmtInf")
    if remittance is not None:
        for path in (
            "Ustrd",
            "Strd/RfrdDocInf/Nb",
            "Strd/RfrdDocInf/RfrdDocNb",
            "Strd/CdtrRefInf/Ref",
            "Strd/AddtlRmtInf",
        ):
            for element in remittance.findall(path):
                text = " ".join((element.text or "").split())
                if text:
                    yield text
    more = _text(details, "AddtlTxInf")
    if more:
        yield more


def _controls(summary: Element | None, lines: tuple[Line, ...]) -> Iterator[Control]:
    """What the summary of transactions states; announced entries count or not, as the bank likes."""
    if summary is None:
        return
    for path, sign in (("TtlNtries", 0), ("TtlCdtNtries", 1), ("TtlDbtNtries", -1)):
        group = summary.find(path)
        mine = [line for line in lines if not sign or (line.amount or 0) * sign > 0]
        yield from _control("control_count", _text(group, "NbOfNtries"), mine, lambda some: Decimal(len(some)))
        yield from _control("control_sum", _text(group, "Sum"), mine, _turnover)
    every = summary.find("TtlNtries")
    net = _signed(every.find("TtlNetNtry"), every.find("TtlNetNtry/Amt")) if every is not None else None
    if net is None and every is not None:
        net = _signed(every, every.find("TtlNetNtryAmt"))
    if net is not None:
        yield from _control("control_sum", str(net), list(lines), _net)


def _turnover(lines: list[Line]) -> Decimal:
    return total(abs(line.amount or Decimal(0)) for line in lines)


def _net(lines: list[Line]) -> Decimal:
    return total(line.amount for line in lines)


def _control(code: str, stated: str, lines: list[Line], found: Callable[[list[Line]], Decimal]) -> Iterator[Control]:
    figure = plain_decimal(stated)
    if figure is None:
        return
    with_announced, booked = found(lines), found([line for line in lines if line.status == BOOKED])
    yield Control(code, figure, booked if booked == figure else with_announced)


def _is_next_page(before: Statement, after: Statement) -> bool:
    page, next_page = whole_number(before.page), whole_number(after.page)
    if page is None or next_page != page + 1:
        return False
    return before.account == after.account and before.number == after.number


def _joined(before: Statement, after: Statement) -> Statement:
    return replace(
        before, closing=after.closing, closing_date=after.closing_date, closing_is_final=after.closing_is_final,
        lines=before.lines + after.lines, controls=before.controls + after.controls, page=after.page,
    )  # fmt: skip
