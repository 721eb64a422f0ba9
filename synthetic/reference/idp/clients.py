"""The relying parties of the identity provider: which cell each is, its secret, and where its players are sent back to."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.switchboard import LOOPBACK


@dataclass(frozen=True, slots=True)
class IdpClient:
    """One relying party. `cell` is the cell it belongs to: faults can be aimed at it. `redirect_uri` is compared whole."""

    client_id: str
    cell: str
    redirect_uri: str
    secret: str = field(repr=False)


class Clients:
    """The clients by id."""

    def __init__(self, clients: Iterable[IdpClient]) -> None:
        self._by_id = {client.client_id: client for client in clients}

    def register(self, client: IdpClient) -> None:
        """Add a client, or replace it: a cell that restarts comes back on another port."""
        self._by_id[client.client_id] = client

    def named(self, client_id: str) -> IdpClient | None:
        """The client, or None."""
        return self._by_id.get(client_id)

    def authenticated(self, request: Request) -> IdpClient | None:
        """The client of `client_secret_basic` (RFC 6749, 2.3.1: both halves form-encoded), or None."""
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            client_id, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        client = self.named(unquote_plus(client_id))
        if client is None or not secrets.compare_digest(client.secret.encode(), unquote_plus(secret).encode()):
            return None
        return client


def client_routes(clients: Clients) -> list[Route]:
    """`PUT /_clients/{client} {cell, secret, redirect_uri}`, answered to loopback only."""

    async def register(request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            return JSONResponse({"error": "loopback_only", "message": "clients are registered over loopback"}, 403)
        try:
            body = await request.json()
            fields = {key: str(body[key]) for key in ("cell", "secret", "redirect_uri")}
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": "malformed", "message": f"a client has three text fields: {error!r}"}, 400)
        clients.register(IdpClient(client_id=request.path_params["client"], **fields))
        return JSONResponse({"client": request.path_params["client"], "cell": fields["cell"]})

    return [Route("/_clients/{client}", register, methods=["PUT"])]
