"""A platform, asked by the harness: each state is reached by playing the steps before the call, as a run does.

The request is the engine's own in that state: with the run's tokens, its cookies, fresh keys and signatures over these very bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from synthetic.contracts.runner.contract import Source
from synthetic.contracts.runner.examples import ANYBODY
from synthetic.contracts.runner.playing import Stage
from synthetic.contracts.runner.taping import origin_of
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.verifying import Target
from synthetic.core.effects import Http
from synthetic.core.plan import CellPlan


class _Asking:
    """What the state server and the proxy share: the request that the engine would send now."""

    def __init__(self, source: Source, cell: CellPlan) -> None:
        self._source = source
        self._stage = Stage(cell, source.examples, source.platform)
        self._examples = {example.title: example for example in source.examples.examples}
        self._upcoming: Http | None = None

    def enter(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Play up to the request."""
        self._upcoming = None
        example = self._examples[str(params["example"])]
        self._upcoming, values = self._stage.upcoming(self._source.linked(example), int(params["request"]))
        return values

    def seal(self, request: Outgoing, _wrong: str) -> Outgoing:
        """The engine's request in place of the recorded one."""
        upcoming = self._upcoming
        if upcoming is None:
            return request
        parts = urlsplit(upcoming.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return Outgoing(upcoming.method, path, dict(upcoming.headers), upcoming.body)


def target_of(source: Source, cell: CellPlan, version: str = "unknown") -> Target:
    """The platform of a cell, whose contract comes from this source."""
    asking = _Asking(source, cell)
    states = dict.fromkeys((ANYBODY, *source.examples.states), asking.enter)
    return Target(origin_of(cell.endpoints[source.examples.endpoints[0]]), asking.seal, states, version=version)
