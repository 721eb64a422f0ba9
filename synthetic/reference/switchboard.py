"""The fault switchboard that each cell, PSP and provider carries: named switches, thrown at run time.

A switch changes one behaviour at one place of the code (`if board.is_on("caches_balance"): ...`). The catalogue in
`faults.py` and `defects.py` says which switches together make a fault. A name that the component does not know is refused,
so that a typing error can't pass for a healthy platform.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})


@dataclass(frozen=True, slots=True)
class Switch:
    """A thrown switch: how often it acts (0..1), for which cell (None: all), until when (monotonic s), with what."""

    name: str
    rate: float = 1.0
    cell: str | None = None
    until_s: float | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The form that `GET /_faults` answers."""
        return {"name": self.name, "rate": self.rate, "cell": self.cell, "params": dict(self.params)}


class Switchboard:
    """The switches of one component. `known` maps each switch's name to what it does."""

    def __init__(self, known: Mapping[str, str], *, seed: int = 0) -> None:
        self.known = dict(known)
        self._thrown: dict[str, Switch] = {}
        self._random = random.Random(seed)  # noqa: S311 - not for secrets; seeded so that a rate replays

    def throw(self, switch: Switch) -> None:
        """Throw a switch. Raises KeyError for a name that this component does not have."""
        if switch.name not in self.known:
            raise KeyError(switch.name)
        self._thrown[switch.name] = switch

    def clear(self, name: str | None = None) -> None:
        """Reset one switch, or all of them."""
        if name is None:
            self._thrown.clear()
        else:
            self._thrown.pop(name, None)

    def thrown(self) -> Iterable[Switch]:
        """The switches that are on now."""
        return tuple(self._thrown.values())

    def is_on(self, name: str, *, cell: str | None = None) -> bool:
        """Whether the switch acts on this occasion: one draw at its rate. `cell` is the merchant or operator concerned."""
        return self.acting(name, cell=cell) is not None

    def acting(self, name: str, *, cell: str | None = None) -> Switch | None:
        """The switch with its parameters when it acts on this occasion, else None."""
        assert name in self.known, f"switch {name!r} is not declared by this component"
        switch = self._thrown.get(name)
        if switch is None:
            return None
        if switch.until_s is not None and time.monotonic() > switch.until_s:
            self.clear(name)
            return None
        if switch.cell is not None and cell is not None and switch.cell != cell:
            return None
        return switch if switch.rate >= 1.0 or self._random.random() < switch.rate else None


def switchboard_routes(board: Switchboard) -> list[Route]:
    """`GET | PUT | DELETE /_faults`, answered to loopback only."""

    def refuse(request: Request) -> Response | None:
        if request.client is None or request.client.host not in LOOPBACK:
            return JSONResponse({"error": "loopback_only", "message": "the switchboard answers to loopback only"}, 403)
        return None

    async def show(request: Request) -> Response:
        return refuse(request) or JSONResponse(
            {"known": board.known, "thrown": [switch.as_json() for switch in board.thrown()]}
        )

    async def throw(request: Request) -> Response:
        if (refusal := refuse(request)) is not None:
            return refusal
        try:
            body = await request.json()
            for_s = body.get("for_s")
            board.throw(
                Switch(
                    name=body["name"],
                    rate=float(body.get("rate", 1.0)),
                    cell=body.get("cell"),
                    until_s=None if for_s is None else time.monotonic() + float(for_s),
                    params=body.get("params") or {},
                )
            )
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"error": "malformed", "message": str(error)}, 400)
        except KeyError as error:
            known = ", ".join(sorted(board.known))
            return JSONResponse({"error": "unknown_switch", "message": f"no switch {error}; there are: {known}"}, 404)
        return JSONResponse({"thrown": [switch.as_json() for switch in board.thrown()]})

    async def reset(request: Request) -> Response:
        if (refusal := refuse(request)) is not None:
            return refusal
        board.clear(request.path_params.get("name"))
        return Response(status_code=204)

    return [
        Route("/_faults", show, methods=["GET"]),
        Route("/_faults", throw, methods=["PUT"]),
        Route("/_faults", reset, methods=["DELETE"]),
        Route("/_faults/{name}", reset, methods=["DELETE"]),
    ]
