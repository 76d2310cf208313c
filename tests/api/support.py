"""What several tests ask: every route with its parameters filled, and whether the database changed."""

from collections.abc import Iterable, Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text

from storage.database import Database, owner_transaction
from storage.schema import metadata
from tests.api.sample import Sample


def routes_of(app: FastAPI, method: str) -> Iterator[str]:
    """Path patterns that answer the method."""
    seen = set()
    for route in _flat(app.routes):
        if method in (route.methods or ()) and route.path not in seen:
            seen.add(route.path)
            yield route.path


def _flat(routes: Iterable[object]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        original = getattr(route, "original_router", None) or getattr(route, "router", None)
        if original is not None:
            yield from _flat(original.routes)


def fill(path: str, sample: Sample, code: str = "SAMPLE") -> str:
    """The path with the sample's ids in its places."""
    values = {
        "statement_id": sample.statements[0], "run_id": sample.run_id, "customer_id": sample.customers[0],
        "contact_id": sample.contact_ids[0], "request_id": sample.requests[0], "record_id": sample.records[0],
        "message_id": sample.findings[0], "finding_id": sample.findings[0],
        "dispute_id": sample.findings[0], "answer_id": sample.findings[0], "hint_id": sample.findings[0],
        "attachment_id": sample.findings[0], "task_id": sample.findings[0], "file_id": sample.findings[0],
        "line_id": sample.findings[0], "item_id": sample.findings[0], "rule_id": sample.findings[0],
        "policy_id": sample.findings[0], "delegation_id": sample.findings[0], "name": "language",
        "letter_id": sample.findings[0], "day": "2026-06-30", "serial": 9, "command": "close",
        "code": code, "number": 1, "place": 0, "ref": "0" * 12, "method": "auth.test",
        "kind": "statement_to_customer" if "/messages/" in path or "/wording/" in path else "json", "language": "en",
        "token": sample.decide_token if path.startswith("/a/") else sample.answer_token,
    }  # fmt: skip
    return path.format(**values)


async def fingerprint(engine: Database) -> dict[str, tuple[int, int]]:
    """Per table its number of rows and a sum over every row's version: any insert, update or delete changes it."""
    found = {}
    async with owner_transaction(engine) as session:
        for table in metadata.sorted_tables:
            query = f"select count(*), coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) from {table.name}"  # noqa: S608 - our own table names
            row = (await session.execute(text(query))).one()
            found[table.name] = (int(row[0]), int(row[1]))
    return found
