"""What really went over the wire: every secret that a run got on its way, and every byte that it sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from synthetic.core.effects import Effect, Http, HttpReply, Result, Together, WsFrame, WsOpen, WsSend
from synthetic.core.machine import Machine
from synthetic.runner.provoked import PROVOCATIONS, Performed, Provocation

T = TypeVar("T")
_TOLD = re.compile(r'"(token|challenge|launch_token|resume_id|id_token|access_token)":\s*"([^"]{8,})"')
_IN_A_URL = re.compile(r"[?&](code|code_verifier)=([^&\s\"']{8,})")


@dataclass
class Wire:
    """Hears a run. `secrets`: what was told to us in confidence; `sent`: the requests, `came`: the answers."""

    secrets: dict[str, str] = field(default_factory=dict)
    sent: bytearray = field(default_factory=bytearray)
    came: bytearray = field(default_factory=bytearray)

    def provocation(self, *, crash: bool = False) -> Provocation:
        """One that changes nothing and listens; with `crash`, the run ends with the first money effect's answer in hand."""
        also = PROVOCATIONS["crashes_after_money"].perform if crash else None

        def perform(effect: Effect, moved: Iterator[int]) -> Performed:
            self._hear_effect(effect)
            result = (yield effect) if also is None else (yield from also(effect, moved))
            self._hear_result(result)
            return result

        return Provocation("listens", "hears everything", perform=perform)

    def _hear_effect(self, effect: Effect) -> None:
        match effect:
            case Http():
                self.sent += effect.url.encode() + repr(effect.headers).encode() + effect.body
            case Together():
                for request in effect.requests:
                    self._hear_effect(request)
            case WsOpen():
                self.sent += effect.url.encode() + repr(effect.headers).encode()
            case WsSend():
                self.sent += effect.text.encode()
            case _:
                pass

    def _hear_result(self, result: Result | None) -> None:
        told = b""
        if isinstance(result, HttpReply):
            told = result.body + repr(result.headers).encode()
        elif isinstance(result, WsFrame):
            told = result.text.encode()
        self.came += told
        text = told.decode(errors="replace")
        for name, value in (*_TOLD.findall(text), *_IN_A_URL.findall(text)):
            self.secrets[f"{name} {value[:4]}"] = value


def heard(machine: Machine[T], wire: Wire) -> Machine[T]:
    """The same run, listened to."""
    return wire.provocation().provoke(machine)
