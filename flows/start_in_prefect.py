"""Asks Prefect to run a period's close, if it is there; our own loop does it otherwise."""

from typing import Any

import httpx

TIMEOUT_SECONDS = 3.0
"""Nobody waits for Prefect: after this the same service runs without it."""

DEPLOYMENT = "close_period/close_period"


async def start_in_prefect(api_url: str, parameters: dict[str, Any], key: str) -> str | None:
    """Id of the flow run that Prefect has scheduled; None when Prefect does not answer or knows no such flow."""
    try:
        async with httpx.AsyncClient(base_url=api_url, timeout=TIMEOUT_SECONDS) as client:
            found = await client.get(f"/deployments/name/{DEPLOYMENT}")
            found.raise_for_status()
            asked = {"parameters": parameters, "idempotency_key": key, "state": {"type": "SCHEDULED"}}
            made = await client.post(f"/deployments/{found.json()['id']}/create_flow_run", json=asked)
            made.raise_for_status()
    except httpx.HTTPError:
        return None
    return str(made.json()["id"])
