"""OFX and QFX, as SGML (1.x) and as XML (2.x): every transaction in the file comes out, damaged or not.

Read here and not by a library: those at hand leave out a transaction whose date or amount is damaged without a word.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from connectors.bank.findings import BankFileRefusedError, Finding
from connectors.bank.statement import BankFile, Line, Statement
from connectors.bank.wording import calendar_day, plain_decimal

MAX_DEPTH = 40
"""Aggregates lie nine deep in the standard; a file that never closes them is damaged."""

_TOKEN = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_.]*)\s*(/?)>([^<]*)")
_CHARSET = re.compile(rb"CHARSET:\s*(\S+)|encoding=[\"']([\w.-]+)", re.IGNORECASE)
_STATEMENTS = {"STMTRS": "bank", "CCSTMTRS": "card", "INVSTMTRS": "broker"}
_AGGREGATES = frozenset({
    "OFX", "STATUS", "BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "BANKTRANLIST", "STMTTRN", "PAYEE", "BANKACCTTO",
    "CCACCTTO", "CURRENCY", "ORIGCURRENCY", "LEDGERBAL", "AVAILBAL", "BALLIST", "BAL", "INVTRANLIST", "INVBANKTRAN",
    "STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS", "INVBAL", "INVPOSLIST", *_STATEMENTS,
})  # fmt: skip
_OUTER = frozenset({"BANKTRANLIST", "INVTRANLIST", "INVBANKTRAN", "LEDGERBAL", "AVAILBAL", *_STATEMENTS})
"""Opening one of these, or a next transaction, ends a transaction that was not closed; so does a statement a statement,
or the lines of the inner one would be read for each one around it."""


@dataclass(slots=True)
class _Node:
    """An aggregate: its own values, first one wins, and the aggregates in it."""

    name: str
    row: int
    values: dict[str, str] = field(default_factory=dict)
    children: list["_Node"] = field(default_factory=list)

    def walk(self, name: str) -> Iterator["_Node"]:
        """Every aggregate of this name below, in the file's order."""
        waiting = list(reversed(self.children))
        while waiting:
            child = waiting.pop()
            if child.name == name:
                yield child
            waiting.extend(reversed(child.children))

    def first(self, *names: str) -> "_Node | None":
        """The first aggregate with one of these names."""
        return next((found for name in names for found in self.walk(name)), None)


def looks_like_ofx(head: str) -> bool:
    """Whether the file has OFX's header or its outermost aggregate."""
    upper = head[:4_000].upper()
    return "<OFX>" in upper or "OFXHEADER" in upper


def declared_charset(content: bytes) -> str | None:
    """The encoding that the header names, as Python calls it."""
    match = _CHARSET.search(content[:1_000])
    if match is None:
        return None
    name = (match[1] or match[2]).decode("ascii", "replace")
    return f"cp{name}" if name.isdigit() else None if name.upper() in {"NONE", "USASCII"} else name


def read_ofx(text: str) -> BankFile:
    """The statements of an OFX file. Raises BankFileRefusedError."""
    root = _tree(text)
    found = [node for name in _STATEMENTS for node in root.walk(name)]
    if not found:
        raise _refusal(root)
    statements: list[Statement] = []
    findings: list[Finding] = []
    for place, node in enumerate(sorted(found, key=lambda node: node.row)):
        statement, said = _statement(node)
        statements.append(statement)
        findings += [replace(one, statement=place) for one in said]
    return BankFile("ofx", tuple(statements), tuple(findings), balanced=False)


def _refusal(root: _Node) -> BankFileRefusedError:
    for status in root.walk("STATUS"):
        if status.values.get("SEVERITY", "").upper() == "ERROR":
            told = f"{status.values.get('CODE', '')} {status.values.get('MESSAGE', '')}".strip()
            return BankFileRefusedError("bank_reports_error", told, row=status.row)
    return BankFileRefusedError("bank_file_without_statement")


def _tree(text: str) -> _Node:
    root = _Node("", 1)
    stack = [root]
    row, seen = 1, 0
    for token in _TOKEN.finditer(text):
        row += text.count("\n", seen, token.start())
        seen = token.start()
        name, value = token[2].upper(), html.unescape(token[4]).strip()
        if token[1]:
            _close(stack, name)
        elif name in _AGGREGATES or name.endswith(("MSGSRSV1", "TRNRS")):
            if name == "STMTTRN" or name in _OUTER:
                _close(stack, "STMTTRN")
            if name in _STATEMENTS:
                for outer in _STATEMENTS:
                    _close(stack, outer)
            node = _Node(name, row)
            stack[-1].children.append(node)
            stack.append(node)
            if len(stack) > MAX_DEPTH:
                raise BankFileRefusedError("bank_file_damaged", name, row=row)
        elif value:
            stack[-1].values.setdefault(name, value)
    return root


def _close(stack: list[_Node], name: str) -> None:
    if any(node.name == name for node in stack[1:]):
        while stack.pop().name != name:
            pass


def _statement(node: _Node) -> tuple[Statement, list[Finding]]:
    findings: list[Finding] = []
    account = node.first("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM")
    ledger = node.first("LEDGERBAL")
    closing = _amount(ledger.values.get("BALAMT", "")) if ledger is not None else None
    if ledger is not None and closing is None and ledger.values.get("BALAMT"):
        findings.append(Finding("balance_malformed", ledger.values["BALAMT"], ledger.row, "LEDGERBAL"))
    currency = node.values.get("CURDEF", "").upper() or _only_currency(node)
    lines = tuple(_line(one, currency, findings) for one in node.walk("STMTTRN"))
    transactions = node.first("BANKTRANLIST", "INVTRANLIST")
    known = account.values if account is not None else {}
    statement = Statement(
        account=known.get("ACCTID", ""), currency=currency, closing=closing, lines=lines,
        closing_date=_day(ledger.values.get("DTASOF", "")) if ledger is not None else None,
        opening_date=_day(transactions.values.get("DTSTART", "")) if transactions is not None else None,
        bank=known.get("BANKID", "") or known.get("BROKERID", ""), row=node.row,
    )  # fmt: skip
    return statement, findings


def _only_currency(node: _Node) -> str:
    """What its transactions name, when the statement itself names none and they agree."""
    named = {one.values.get("CURSYM", "").upper() for one in node.walk("CURRENCY")}
    return named.pop() if len(named) == 1 else ""


def _line(node: _Node, currency: str, findings: list[Finding]) -> Line:
    values = node.values
    stated = values.get("TRNAMT", "")
    amount = _amount(stated)
    if amount is None:
        findings.append(Finding("line_amount", stated, node.row, "TRNAMT"))
    other = node.first("CURRENCY")
    if other is not None and other.values.get("CURSYM", currency).upper() != currency:
        findings.append(Finding("line_currency", other.values["CURSYM"], node.row, "CURSYM"))
    booked = _day(values.get("DTPOSTED", ""))
    payee = node.first("PAYEE")
    name = values.get("NAME") or values.get("EXTDNAME") or (payee.values.get("NAME", "") if payee is not None else "")
    receiver = node.first("BANKACCTTO", "CCACCTTO")
    return Line(
        row=node.row, booked_on=booked, value_date=_day(values.get("DTAVAIL", "")) or booked, amount=amount,
        reference=values.get("REFNUM") or values.get("CHECKNUM", ""), text=values.get("MEMO", "") or name,
        counterparty=name, counterparty_account=receiver.values.get("ACCTID", "") if receiver is not None else "",
        bank_reference=values.get("FITID", ""), kind=values.get("TRNTYPE", "").upper(),
    )  # fmt: skip


def _amount(text: str) -> Decimal | None:
    """OFX takes a point or a comma as the decimal mark, and no grouping."""
    marks = text.count(".") + text.count(",")
    return plain_decimal(text.replace(",", ".")) if marks <= 1 else None


def _day(text: str) -> date | None:
    digits = text.strip()[:8]
    if len(digits) != len("YYYYMMDD") or not (digits.isascii() and digits.isdigit()):
        return None
    return calendar_day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
