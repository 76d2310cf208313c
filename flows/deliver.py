"""The flow `deliver`: every message that is due now, once; the relay process does the same all day."""

from prefect import flow

from flows.house import house
from services.carriers import open_carriers
from services.relay_outbox import relay_once

MOST_ROUNDS = 10_000
"""Rounds of twenty messages: what is more than 200,000 is for the relay."""


@flow(name="deliver", flow_run_name="deliver {company}")
async def deliver(company: str) -> int:
    """How many messages were taken in hand."""
    taken = 0
    async with house(company) as (engine, owner, settings), open_carriers(engine, settings) as carriers:
        for _ in range(MOST_ROUNDS):
            now = await relay_once(engine, owner.id, settings, carriers)
            if now == 0:
                break
            taken += now
    return taken
