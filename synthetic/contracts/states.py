"""The server that brings a provider into the states that its pacts ask for, and never lets Pact wait.

Pact repeats a state change that fails for two minutes. So every state change is answered with success, and one that went wrong
is kept: the proxy in front of the provider (`sealing`) then answers the interaction's request in its place, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from synthetic.contracts.serving import answering
from synthetic.drivers.dialling import Deadline, within

STATE_WITHIN_S = 8.0
SILENCES_MAX = 2
SILENT = f"the provider has not answered in time {SILENCES_MAX} times, and is not asked any more"

StateHandler = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Brings a provider into a state with these parameters; answers the values that the interaction's generators may use."""

WRONG_SEAL = "the seal of the request is wrong"
"""A state of the request, not of the provider: param `how` says what the proxy does instead of the right signature."""


@dataclass
class Stage:
    """Where an interaction stands between its state change and its request: state server and proxy share it.

    `silences`: how often the provider has not answered in time. `failure`: what went wrong with its states ("": nothing).
    `wrong`: how its seal is to be wrong. `values`: what its states gave.
    """

    silences: int = 0
    failure: str = ""
    wrong: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def fail(self, why: str) -> None:
        """The provider is not in the state."""
        self.failure = self.failure or why

    def is_silent(self) -> bool:
        """Whether the provider has kept us waiting often enough: it is not asked again."""
        return self.silences >= SILENCES_MAX

    def take(self) -> Stage:
        """How things stand for the request that has come now; the next one begins anew."""
        taken = replace(self)
        self.failure, self.wrong, self.values = "", "", {}
        return taken


class StateServer:
    """Answers Pact's state changes (`POST {state, params, action}`)."""

    def __init__(self, handlers: Mapping[str, StateHandler], stage: Stage) -> None:
        self._handlers = handlers
        self._stage = stage

    def change(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values of the new state; {} where there are none, or where it went wrong."""
        name, params = str(body.get("state", "")), body.get("params") or {}
        if not name or body.get("action") != "setup":
            return {}
        if name == WRONG_SEAL:
            self._stage.wrong = str(params["how"])
            return {}
        if name not in self._handlers:
            self._stage.fail(f"no state handler for {name!r}")
            return {}
        if self._stage.is_silent():
            return {}
        try:
            handler = self._handlers[name]
            values = dict(within(Deadline(STATE_WITHIN_S), lambda: handler(params), "synthetic-provider-state"))
        except (TimeoutError, httpx.TimeoutException) as error:
            self._stage.silences += 1
            self._stage.fail(f"the state {name!r} could not be reached: {type(error).__name__}: {error}")
            return {}
        except Exception as error:  # noqa: BLE001 - told as the interaction's failure
            self._stage.fail(f"the state {name!r} could not be reached: {type(error).__name__}: {error}")
            return {}
        self._stage.values |= values
        return values

    def serving(self) -> AbstractContextManager[str]:
        """A context in which it listens; its value is the URL for Pact."""
        return answering(
            lambda _path, _headers, body: (200, json.dumps(self.change(json.loads(body or b"{}"))).encode())
        )
