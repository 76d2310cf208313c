"""Asks Prefect to run a period's close, if it is there; our own loop does it otherwise."""

from typing import Any

import httpx

TIMEOUT_SECONDS = 3.0
"""Nobody waits for Prefect: after this the same service runs without it."""

DEPLOYMENT = "close_period/close_period"


async def start_in_prefect(api_url: str, parameters: dict[str, Any], key: str, processes: int = 1) -> str | None:
    """Id of the first flow run that Prefect has scheduled; None when it does not answer or knows no such flow.

    Each of the `processes` is a flow run of its own: all work the same period and share its batches.
    """
    made: list[str] = []
    try:
        async with httpx.AsyncClient(base_url=api_url, timeout=TIMEOUT_SECONDS) as client:
            found = await client.get(f"/deployments/name/{DEPLOYMENT}")
            found.raise_for_status()
            for number in range(1, processes + 1):
                asked = {
                    "parameters": parameters, "idempotency_key": f"{key}#{number}", "state": {"type": "SCHEDULED"},
                }  # fmt: skip
                answer = await client.post(f"/deployments/{found.json()['id']}/create_flow_run", json=asked)
                answer.raise_for_status()
                made.append(str(answer.json()["id"]))
    except httpx.HTTPError:
        pass  # what was made goes on; what was not is worked by whoever was
    return made[0] if made else None
