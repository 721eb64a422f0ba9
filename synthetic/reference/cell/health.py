"""`GET /healthz` and `GET /metrics`."""

from __future__ import annotations

import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext


def health_routes(context: CellContext) -> list[BaseRoute]:
    """Health (which asks the database) and metrics; neither needs a token."""

    def ask_database() -> None:
        with context.ledger.reading() as session:
            session.execute(sa.select(1))

    async def healthz(_request: Request) -> Response:
        await run_in_threadpool(ask_database)
        own = context.settings
        return JSONResponse({"status": "ok", "cell": own.name, "track": own.track, "version": own.version})

    async def metrics(_request: Request) -> Response:
        return Response(context.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/metrics", metrics, methods=["GET"])]
