"""A ledger file of any size for the benches: invoices with settlements, deterministic by seed."""

import random
from datetime import date, timedelta
from pathlib import Path

HEADER = "customer_code,customer_name,document_kind,document_number,document_date,due_date,currency,amount,reference\n"

LINES_PER_CUSTOMER = 20
"""1 M lines belong to 50,000 customers in the period that performance is judged by."""


def write_ledger(path: Path, lines: int, seed: int = 1) -> None:
    """Writes `lines` documents in the columns of examples/profiles/standard.toml."""
    chance = random.Random(seed)  # noqa: S311 - figures for a bench, not secrets
    customers = max(1, lines // LINES_PER_CUSTOMER)
    start = date(2025, 7, 1)
    with path.open("w") as file:
        file.write(HEADER)
        for number in range(lines):
            customer = chance.randrange(customers)
            day = start + timedelta(days=chance.randrange(365))
            kind, amount = (
                ("receipt", -chance.randrange(100, 500_000))
                if number % 3 == 0
                else ("invoice", chance.randrange(100, 500_000))
            )
            due = "" if kind == "receipt" else (day + timedelta(days=30)).isoformat()
            file.write(
                f"C{customer:06d},Customer {customer},{kind},D{number:08d},{day},{due},CNY,{amount / 100:.2f},\n"
            )
