"""What the public ledger says about June 2012, computed apart from the product, and who stands for its customers."""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

START, END = date(2012, 6, 1), date(2012, 6, 30)

CHINESE = frozenset({"8887-NCUZC", "4460-ZXNDN", "9117-LYRCE"})
WITHOUT_ADDRESS = "6391-GBFQJ"


@dataclass(slots=True)
class Account:
    """A customer's June: figures of the statement, and the documents open at its end."""

    opening: Decimal = Decimal(0)
    debits: Decimal = Decimal(0)
    credits: Decimal = Decimal(0)
    closing: Decimal = Decimal(0)
    overdue: Decimal = Decimal(0)
    moved: bool = False
    open: int = 0

    @property
    def has_statement(self) -> bool:
        """Nothing moved and nothing open gets no statement."""
        return self.moved or self.closing != 0


def read_ledger(path: Path) -> dict[str, Account]:
    """Customer code to account, by plain arithmetic over the rows."""
    accounts: defaultdict[str, Account] = defaultdict(Account)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            _add(accounts[row["customerID"]], row)
    return dict(accounts)


def _day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a calendar date


def _add(account: Account, row: dict[str, str]) -> None:
    amount = Decimal(row["InvoiceAmount"])
    invoiced, due, settled = _day(row["InvoiceDate"]), _day(row["DueDate"]), _day(row["SettledDate"])
    for day, signed in ((invoiced, amount), (settled, -amount)):
        if day < START:
            account.opening += signed
        elif day <= END:
            account.moved = True
            if signed > 0:
                account.debits += signed
            else:
                account.credits += signed
    if invoiced <= END < settled:
        account.closing += amount
        account.open += 1
        account.overdue += amount if due < END else 0


def address_of(code: str) -> str:
    """The mailbox that stands for the customer."""
    return f"accounts@{code.lower()}.example"


def contacts_file(codes: list[str]) -> str:
    """Contacts for `tieout contacts import`; one customer has none."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("customer", "name", "email", "language"))
    for code in sorted(codes):
        if code != WITHOUT_ADDRESS:
            chinese = code in CHINESE
            writer.writerow((code, "王芳" if chinese else "Wendy Fang", address_of(code), "zh" if chinese else "en"))
    return text.getvalue()
