"""Asks Prefect to run a period's close, if it is there; our own loop does it otherwise."""

import asyncio
from typing import Any

import httpx

TIMEOUT_SECONDS = 10.0
"""Nobody waits for Prefect: after this the same service runs without it."""

BUSY_TRIES, BUSY_SECONDS = 3, 0.5
"""A server on SQLite answers 503 for a moment while another process writes its flows."""

DEPLOYMENT = "close_period/close_period"


async def start_in_prefect(api_url: str, parameters: dict[str, Any], key: str, processes: int = 1) -> str | None:
    """Id of the first flow run that Prefect has scheduled; None when it does not answer or knows no such flow.

    Each of the `processes` is a flow run of its own: all work the same period and share its batches.
    """
    made: list[str] = []
    try:
        async with httpx.AsyncClient(base_url=api_url, timeout=TIMEOUT_SECONDS) as client:
            found = await _answer(client, "GET", f"/deployments/name/{DEPLOYMENT}")
            for number in range(1, processes + 1):
                asked = {
                    "parameters": parameters, "idempotency_key": f"{key}#{number}", "state": {"type": "SCHEDULED"},
                }  # fmt: skip
                run = await _answer(client, "POST", f"/deployments/{found['id']}/create_flow_run", asked)
                made.append(str(run["id"]))
    except httpx.HTTPError:
        pass  # what was made goes on; what was not is worked by whoever was
    return made[0] if made else None


async def _answer(client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - Prefect's JSON
    for tries_left in reversed(range(BUSY_TRIES)):
        answer = await client.request(method, path, json=body)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or not tries_left:
            break
        await asyncio.sleep(BUSY_SECONDS)
    answer.raise_for_status()
    return answer.json()
