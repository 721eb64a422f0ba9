"""The fault switchboard that each cell, PSP and provider carries: named switches, thrown at run time.

A switch changes one behaviour at one place of the code (`if board.is_on("caches_balance"): ...`). The catalogue in
`faults/` and `defects/` says which switches together make a fault. A name that the component does not know is refused,
so that a typing error can't pass for a healthy platform.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})


@dataclass(frozen=True, slots=True)
class Switch:
    """A thrown switch: how often it acts (0..1), where (None: everywhere), until when (monotonic s), with what.

    `cell`, `psp` and `market` narrow it down to the occasions that concern them.
    """

    name: str
    rate: float = 1.0
    cell: str | None = None
    psp: str | None = None
    market: str | None = None
    until_s: float | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def aim(self) -> tuple[str | None, ...]:
        """Where it acts; two of one name may be thrown for different places."""
        return (self.name, self.cell, self.psp, self.market)

    def concerns(self, where: Mapping[str, str | None]) -> bool:
        """Whether an occasion is one of its own. What the occasion does not know of itself excludes nothing."""
        wanted = {"cell": self.cell, "psp": self.psp, "market": self.market}
        return all(place is None or where.get(kind) in (None, place) for kind, place in wanted.items())

    def as_json(self) -> dict[str, Any]:
        """The form that `GET /_faults` answers."""
        where = {"cell": self.cell, "psp": self.psp, "market": self.market}
        return {"name": self.name, "rate": self.rate, **where, "params": dict(self.params)}


class Switchboard:
    """The switches of one component. `known` maps each switch's name to what it does.

    `psp` is the PSP that the component is, `markets` the market of each cell: both belong to every occasion here.
    """

    def __init__(
        self,
        known: Mapping[str, str],
        *,
        seed: int = 0,
        psp: str | None = None,
        markets: Mapping[str, str] | None = None,
    ) -> None:
        self.known = dict(known)
        self._psp = psp
        self._markets = dict(markets or {})
        self._thrown: dict[tuple[str | None, ...], Switch] = {}
        self._acted: Counter[tuple[str, str]] = Counter()
        self._random = random.Random(seed)  # noqa: S311 - not for secrets; seeded so that a rate replays

    def throw(self, switch: Switch) -> None:
        """Throw a switch. Raises KeyError for a name that this component does not have."""
        if switch.name not in self.known:
            raise KeyError(switch.name)
        self._thrown[switch.aim] = switch

    def clear(self, name: str | None = None, *, cell: str | None = None) -> None:
        """Reset all switches, those of one name, those of one cell, or both."""
        gone = [
            switch
            for switch in self._thrown.values()
            if name in (None, switch.name) and (cell is None or cell == switch.cell)
        ]
        for switch in gone:
            del self._thrown[switch.aim]

    def thrown(self) -> Iterable[Switch]:
        """The switches that are on now."""
        return tuple(self._thrown.values())

    def acted(self) -> list[dict[str, Any]]:
        """How often each switch has acted since the start, by cell: what a bench holds detections against."""
        return [{"name": name, "cell": cell, "times": times} for (name, cell), times in sorted(self._acted.items())]

    def is_on(self, name: str, *, cell: str | None = None, psp: str | None = None) -> bool:
        """Whether the switch acts on this occasion: one draw at its rate. `cell` is the merchant or operator concerned.

        Ask only where the answer changes what happens: each yes counts as one time that the fault has acted.
        """
        return self.acting(name, cell=cell, psp=psp) is not None

    def acting(
        self,
        name: str,
        *,
        cell: str | None = None,
        psp: str | None = None,
        suits: Callable[[Switch], bool] = lambda _thrown: True,
    ) -> Switch | None:
        """The switch with its parameters when it acts on this occasion, else None.

        `suits`: whether its parameters concern the occasion at all.
        """
        assert name in self.known, f"switch {name!r} is not declared by this component"
        where = {"cell": cell, "psp": psp or self._psp, "market": self._markets.get(cell or "")}
        for switch in self.thrown():
            if switch.name != name or not switch.concerns(where) or not suits(switch):
                continue
            if switch.until_s is not None and time.monotonic() > switch.until_s:
                del self._thrown[switch.aim]
            elif switch.rate >= 1.0 or self._random.random() < switch.rate:
                self._acted[name, cell or ""] += 1
                return switch
        return None


def switchboard_routes(board: Switchboard) -> list[Route]:
    """`GET | PUT | DELETE /_faults`, answered to loopback only."""

    def refuse(request: Request) -> Response | None:
        if request.client is None or request.client.host not in LOOPBACK:
            return JSONResponse({"error": "loopback_only", "message": "the switchboard answers to loopback only"}, 403)
        return None

    async def show(request: Request) -> Response:
        return refuse(request) or JSONResponse(
            {
                "known": board.known,
                "thrown": [switch.as_json() for switch in board.thrown()],
                "acted": board.acted(),
            }
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
                    psp=body.get("psp"),
                    market=body.get("market"),
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
        board.clear(request.path_params.get("name"), cell=request.query_params.get("cell"))
        return Response(status_code=204)

    return [
        Route("/_faults", show, methods=["GET"]),
        Route("/_faults", throw, methods=["PUT"]),
        Route("/_faults", reset, methods=["DELETE"]),
        Route("/_faults/{name}", reset, methods=["DELETE"]),
    ]
