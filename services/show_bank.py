"""What the page of bank files shows: files, accounts and the gaps in their statements, lines that wait, rules."""

from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any
from uuid import UUID

from connectors.bank.findings import from_stored
from connectors.bank.wording import whole_number
from storage.bank_lists import (
    customer_codes,
    files_list,
    find_bank_file,
    lines_of_file,
    payers_list,
    statements_list,
    waiting_list,
)
from storage.bank_statements import layout_names
from storage.companies import Company
from storage.database import Database, transaction

Row = dict[str, Any]
GAPS_SHOWN = 5
"""Missing statements listed per account; a longer list means that a whole period was never imported."""


@dataclass(slots=True)
class BankPage:
    """Everything on the page."""

    files: list[Row]
    accounts: list[Row]
    waiting: list[Row]
    waiting_count: int
    payers: list[Row]
    customers: list[Row]
    maps: list[str] = field(default_factory=list)

    @property
    def held(self) -> list[Row]:
        """Files that wait for a person."""
        return [file for file in self.files if file["state"] == "held"]


async def show_bank(engine: Database, company: Company) -> BankPage:
    """The page as it stands."""
    async with transaction(engine, company.id) as session:
        waiting, count = await waiting_list(session, company.id)
        return BankPage(
            files=await files_list(session, company.id),
            accounts=accounts_of(await statements_list(session, company.id)),
            waiting=waiting,
            waiting_count=count,
            payers=await payers_list(session, company.id),
            customers=await customer_codes(session, company.id),
            maps=await layout_names(session, company.id),
        )


async def show_bank_file(engine: Database, company: Company, file_id: UUID, language: str) -> Row | None:
    """One file with its findings in words and the lines it brought; None when there is none."""
    async with transaction(engine, company.id) as session:
        found = await find_bank_file(session, company.id, file_id)
        lines = await lines_of_file(session, company.id, file_id)
    if found is None:
        return None
    return found | {"lines": lines, "told": [from_stored(one).as_json(language) for one in found["findings"]]}


def accounts_of(statements: list[Row]) -> list[Row]:
    """Per account: its newest balance, and where a statement is missing or does not follow from the one before."""
    found = []
    for (account, currency), group in groupby(statements, key=itemgetter("account", "currency")):
        rows = list(group)
        gaps = [gap for before, after in pairwise(rows) if (gap := _gap(before, after)) is not None]
        newest = rows[-1]
        found.append({
            "account": account, "currency": currency, "bank": newest["bank"], "number": newest["number"],
            "closing": newest["closing"], "closing_date": newest["closing_date"], "statements": len(rows),
            "gaps": gaps[-GAPS_SHOWN:], "gap_count": len(gaps),
        })  # fmt: skip
    return found


def _gap(before: Row, after: Row) -> Row | None:
    """Numbers that leave one out, or an opening that is not the closing before; equal statements are one."""
    first, second = whole_number(before["number"]), whole_number(after["number"])
    if first is not None and first == second:
        return None
    skipped = first is not None and second is not None and second > first + 1
    both = before["closing"] is not None and after["opening"] is not None
    if not skipped and (not both or before["closing"] == after["opening"]):
        return None
    return {
        "from": before["number"], "to": after["number"], "closing": before["closing"], "opening": after["opening"],
        "day": after["opening_date"],
    }  # fmt: skip
