"""Throwing faults at one cell of a running platform, over the switchboards' own API, and asking how often they have acted."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import httpx

from synthetic.reference.catalogue import PSPS, Fault


class SwitchboardError(Exception):
    """A switchboard does not answer, or refuses; it says what."""


class Switches:
    """The switchboards that concern one cell. Use as `async with`.

    `endpoints` are the cell's addresses by name, as its cells file has them: `api`, and those of its PSPs and providers.
    """

    def __init__(self, cell: str, endpoints: Mapping[str, str]) -> None:
        self._cell = cell
        self._endpoints = endpoints
        self._client = httpx.AsyncClient(trust_env=False, timeout=20.0)

    async def __aenter__(self) -> Switches:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def throw(
        self,
        fault: Fault,
        place: str = "",
        *,
        rate: float = 1.0,
        market: str | None = None,
        for_s: float | None = None,
    ) -> None:
        """Throw all switches of a fault at this cell and no other; the rate (0..1) is the trigger's.

        `place` is one of its PSPs or providers (without one: all), `for_s` how long it lasts (None: until it is reset).
        Raises SwitchboardError.
        """
        for number, thrown in enumerate(fault.throws):
            for component in thrown.components(self._cell, place):
                switch: dict[str, Any] = {
                    "name": thrown.switch,
                    "rate": rate if number == 0 else 1.0,
                    "cell": self._cell,
                    "psp": place if place in PSPS else None,
                    "market": market,
                    "for_s": for_s,
                    "params": dict(thrown.params),
                }
                await self._ask("PUT", self._board(component), json=switch)

    async def reset(self, fault: Fault, place: str = "") -> None:
        """Reset what `throw` has thrown, and nothing else. Raises SwitchboardError."""
        for thrown in fault.throws:
            for component in thrown.components(self._cell, place):
                await self._ask("DELETE", f"{self._board(component)}/{thrown.switch}", params={"cell": self._cell})

    async def acted(self, fault: Fault, place: str = "") -> int:
        """How often the switch that does the damage has acted on this cell since the platform's start."""
        damage, times = fault.throws[-1], 0
        for component in damage.components(self._cell, place):
            counted = (await self._ask("GET", self._board(component))).json()["acted"]
            times += sum(one["times"] for one in counted if (one["name"], one["cell"]) == (damage.switch, self._cell))
        return times

    def _board(self, component: str) -> str:
        name = "api" if component == self._cell else component
        if name not in self._endpoints:
            raise SwitchboardError(f"cell {self._cell!r} has no endpoint {name!r}, where a switch would be thrown")
        return f"{self._endpoints[name].rstrip('/')}/_faults"

    async def _ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, url, **more)
        except httpx.TransportError as error:
            raise SwitchboardError(f"{url} does not answer ({error}); is the platform up?") from None
        if not answer.is_success:
            raise SwitchboardError(f"{method} {url} answered {answer.status_code}: {answer.text[:200]}")
        return answer
