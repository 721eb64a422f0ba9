"""The merchants of a PSP: who they are, which cell they are, where their webhooks go. Registered at start or over loopback."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from synthetic.reference.switchboard import LOOPBACK


@dataclass(frozen=True, slots=True)
class Merchant:
    """One account at the PSP. `cell` is the cell it belongs to: faults can be aimed at it."""

    name: str
    cell: str
    webhook_url: str
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


class Merchants:
    """The merchants by name and by API key."""

    def __init__(self, merchants: Iterable[Merchant] = ()) -> None:
        self._by_name = {merchant.name: merchant for merchant in merchants}

    def register(self, merchant: Merchant) -> None:
        """Add a merchant, or replace it: a cell that restarts comes back on another port."""
        self._by_name[merchant.name] = merchant

    def named(self, name: str) -> Merchant:
        """The merchant as it is registered now (its webhook address may have moved since a payment began)."""
        return self._by_name[name]

    def cell_of(self, scope: Scope) -> str:
        """The cell that asks, `""` for nobody that we know."""
        merchant = self.authenticated(HTTPConnection(scope))
        return "" if merchant is None else merchant.cell

    def authenticated(self, request: HTTPConnection) -> Merchant | None:
        """The merchant whose bearer key the request carries."""
        scheme, _, presented = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        for merchant in self._by_name.values():
            if secrets.compare_digest(merchant.api_key.encode(), presented.encode()):
                return merchant
        return None


def merchant_routes(merchants: Merchants) -> list[Route]:
    """`PUT /_merchants/{merchant} {cell, api_key, webhook_url, webhook_secret}`, answered to loopback only."""

    async def register(request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            return JSONResponse({"error": "loopback_only", "message": "merchants are registered over loopback"}, 403)
        name = request.path_params["merchant"]
        try:
            body = await request.json()
            fields = {key: str(body[key]) for key in ("cell", "api_key", "webhook_url", "webhook_secret")}
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": "malformed", "message": f"a merchant has four text fields: {error!r}"}, 400)
        merchants.register(Merchant(name=name, **fields))
        return JSONResponse({"merchant": name, "cell": fields["cell"]})

    return [Route("/_merchants/{merchant}", register, methods=["PUT"])]
