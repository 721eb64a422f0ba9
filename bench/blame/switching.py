"""Throwing faults at one cell of a running platform, over the switchboards' own API, and asking how often they have acted."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import httpx

from bench.blame.cases import Case
from synthetic.core.errors import HarnessError
from synthetic.core.plan import CellPlan


class Switches:
    """The switchboards that concern one cell. Use as `async with`."""

    def __init__(self, cell: CellPlan) -> None:
        self._cell = cell
        self._client = httpx.AsyncClient(trust_env=False, timeout=20.0)

    async def __aenter__(self) -> Switches:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def throw(self, case: Case) -> None:
        """Throw all switches of a case, aimed at this cell; the rate is the trigger's."""
        for number, thrown in enumerate(case.fault.throws):
            for component in thrown.components(self._cell.name, case.place):
                switch: dict[str, Any] = {
                    "name": thrown.switch,
                    "rate": case.rate if number == 0 else 1.0,
                    "cell": self._cell.name,
                    "params": dict(thrown.params),
                }
                await self._ask("PUT", self._board(component), json=switch)

    async def reset(self, case: Case) -> None:
        """Reset what `throw` has thrown, and nothing else."""
        for thrown in case.fault.throws:
            for component in thrown.components(self._cell.name, case.place):
                await self._ask("DELETE", f"{self._board(component)}/{thrown.switch}", params={"cell": self._cell.name})

    async def acted(self, case: Case) -> int:
        """How often the switch that does the damage has acted on this cell since the platform's start."""
        damage, times = case.fault.throws[-1], 0
        for component in damage.components(self._cell.name, case.place):
            answer = await self._ask("GET", self._board(component))
            counted = answer.json()["acted"]
            times += sum(
                one["times"] for one in counted if (one["name"], one["cell"]) == (damage.switch, self._cell.name)
            )
        return times

    def _board(self, component: str) -> str:
        name = "api" if component == self._cell.name else component
        endpoints: Mapping[str, str] = self._cell.endpoints
        return f"{endpoints[name].rstrip('/')}/_faults"

    async def _ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        answer = await self._client.request(method, url, **more)
        if not answer.is_success:
            raise HarnessError(f"{method} {url} answered {answer.status_code}: {answer.text}")
        return answer
