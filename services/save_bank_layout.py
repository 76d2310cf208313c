"""Keeps a map of a bank's table under a name, checked before it is kept."""

import hashlib
from typing import Any

from connectors.bank.layouts import parse_map
from storage.audit import SYSTEM, Actor, record
from storage.bank_statements import layout_names, save_layout
from storage.companies import Company
from storage.database import Database, transaction


async def save_bank_layout(
    engine: Database, company: Company, name: str, body: str, actor: Actor = SYSTEM
) -> dict[str, Any]:
    """Keeps the map; answers its columns. Raises MapInvalid."""
    layout = parse_map(body)
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    async with transaction(engine, company.id) as session:
        await save_layout(session, company.id, name, body, sha256)
        await record(session, company.id, actor, "bank_layout_saved", ("bank_layout", name), {"sha256": sha256})
    return {
        "name": name, "sha256": sha256, "currency": layout.currency, "sign": layout.sign,
        "columns": {field: list(headers) for field, headers in layout.columns.items()},
    }  # fmt: skip


async def bank_layout_names(engine: Database, company: Company) -> list[str]:
    """The names of the company's saved maps."""
    async with transaction(engine, company.id) as session:
        return await layout_names(session, company.id)
