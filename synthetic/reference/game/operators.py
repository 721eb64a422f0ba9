"""The operators of a game provider: which cell each is, and where its wallet listens. Registered at start or over loopback."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.switchboard import LOOPBACK


@dataclass(frozen=True, slots=True)
class Operator:
    """One platform that offers the provider's games.

    `cell` is the cell it belongs to: faults can be aimed at it. `api_key` authenticates it at the provider. `wallet_url` is
    the root of its wallet (`http://host:port/wallet/a`); `wallet_secret` signs the calls of dialect B.
    """

    name: str
    cell: str
    api_key: str = field(repr=False)
    wallet_url: str
    wallet_secret: str = field(default="", repr=False)


class Operators:
    """The operators by name and by API key."""

    def __init__(self, operators: Iterable[Operator] = ()) -> None:
        self._by_name = {operator.name: operator for operator in operators}

    def register(self, operator: Operator) -> None:
        """Add an operator, or replace it: a cell that restarts comes back on another port."""
        self._by_name[operator.name] = operator

    def named(self, name: str) -> Operator:
        """The operator as it is registered now (its wallet may have moved since a round began)."""
        return self._by_name[name]

    def authenticated(self, request: Request) -> Operator | None:
        """The operator whose bearer key the request carries."""
        scheme, _, presented = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        for operator in self._by_name.values():
            if secrets.compare_digest(operator.api_key.encode(), presented.encode()):
                return operator
        return None


def operator_routes(operators: Operators) -> list[Route]:
    """`PUT /_operators/{operator} {cell, api_key, wallet_url, wallet_secret}`, answered to loopback only."""

    async def register(request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            return JSONResponse({"error": "loopback_only", "message": "operators are registered over loopback"}, 403)
        name = request.path_params["operator"]
        try:
            body = await request.json()
            fields = {key: str(body[key]) for key in ("cell", "api_key", "wallet_url")}
            secret = str(body.get("wallet_secret", ""))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            message = f"an operator has the text fields cell, api_key, wallet_url and wallet_secret: {error!r}"
            return JSONResponse({"error": "malformed", "message": message}, 400)
        operators.register(Operator(name=name, wallet_secret=secret, **fields))
        return JSONResponse({"operator": name, "cell": fields["cell"]})

    return [Route("/_operators/{operator}", register, methods=["PUT"])]
