"""Whether the process lives, whether it can work, and what it counts."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.context import HouseOf
from storage.pages import is_reachable

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(known: HouseOf) -> Response:
    """The database answers and is at the newest schema."""
    ready = await is_reachable(known.engine)
    return JSONResponse({"status": "ok" if ready else "database not reachable"}, 200 if ready else 503)


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus text."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
