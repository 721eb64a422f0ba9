"""What a run is answered, kept as a recording: with the addresses of another cell, and without any secret."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from synthetic.config.secret_refs import needs_reference
from synthetic.contracts.runner.examples import CALL, Examples
from synthetic.contracts.runner.recording import KEPT_HEADERS, Recorded, RecordedAnswer, RecordedFrame, RecordedReply
from synthetic.core.effects import Effect, Http, HttpReply, Result, WsFrame
from synthetic.core.events import Event, StepStarted
from synthetic.core.machine.state import Machine, RunState
from synthetic.core.machine.steps import StepEnd
from synthetic.core.plan import CellPlan, PlatformPlan, RunSpec


def origin_of(url: str) -> str:
    """`http://127.0.0.1:8101`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Disguise:
    """What stands for what in a recording: the addresses of `recorded_as`, and words for everything secret."""

    def __init__(self, examples: Examples, platform: PlatformPlan, state: RunState, recorded_as: CellPlan) -> None:
        spec = state.spec
        references = {name for player in spec.cell.players for name in player.secrets}
        self.player = {
            name: examples.placeholders.get(name, f"{name}-of-the-player") if name in references else value
            for name, value in spec.player.items()
        }
        self._words = {
            origin_of(url): origin_of(recorded_as.endpoints[name]) for name, url in spec.cell.endpoints.items()
        }
        self._words |= {value: f"{name}-of-the-cell" for name, value in spec.secrets.items()}
        self._words |= {spec.player[name]: self.player[name] for name in references if name in spec.player}
        self._state = state
        self._secret = {
            save.name
            for operation in platform.operations.values()
            for plan in operation.exchanges
            for save in getattr(plan, "save", ())
            if save.secret
        }

    def look(self) -> None:
        """Learn what the run has saved as a secret meanwhile."""
        for name in sorted(self._secret & self._state.session.keys()):
            self._learn(name, str(self._state.session[name]))

    def of(self, answer: RecordedAnswer) -> RecordedAnswer:
        """The answer as it may stand in a file."""
        if isinstance(answer, RecordedFrame):
            return RecordedFrame(self._with(answer.text))
        headers = tuple((name, _cookie(name, self._with(value))) for name, value in answer.headers)
        with suppress(ValueError):
            self._learn_of(json.loads(answer.body))
        return replace(answer, headers=headers, body=self._with(answer.body))

    def _learn(self, name: str, value: str) -> None:
        if value and value not in self._words and value not in self._words.values():
            known = sum(
                word.startswith(f"{name}-") and word.endswith("-of-the-session") for word in self._words.values()
            )
            self._words[value] = f"{name}-{known + 1}-of-the-session" if known else f"{name}-of-the-session"

    def _learn_of(self, value: Any) -> None:
        """Secrets that no operation keeps are known by their names."""
        match value:
            case dict():
                for name, item in value.items():
                    if isinstance(item, str) and needs_reference(name):
                        self._learn(name, item)
                    self._learn_of(item)
            case list():
                for item in value:
                    self._learn_of(item)

    def _with(self, text: str) -> str:
        for old in sorted(self._words, key=len, reverse=True):
            text = text.replace(old, self._words[old])
        return text


class Tape:
    """Keeps the answers that a run gets. `own`: the origins of the platform itself."""

    def __init__(self, own: frozenset[str], disguise: Disguise) -> None:
        self._own, self._disguise = own, disguise
        self._answers: list[RecordedAnswer] = []
        self._before = 0
        self._at_the_call = False

    def taken(self, machine: Machine[StepEnd]) -> Machine[StepEnd]:
        """The same run."""
        try:
            step = machine.send(None)
            while True:
                given = yield step
                self._keep(step, given)
                step = machine.send(given)
                self._disguise.look()
        except StopIteration as stop:
            end: StepEnd = stop.value
            self._disguise.look()
            return end

    def recorded(self, spec: RunSpec) -> Recorded:
        """What was kept, fit for a file."""
        answers = tuple(self._disguise.of(answer) for answer in self._answers)
        return Recorded(spec.run_id, spec.wall_ns, self._disguise.player, self._before, answers)

    def _keep(self, step: Effect | Event, given: Result | None) -> None:
        if isinstance(step, StepStarted) and step.step == CALL:
            self._at_the_call = True
            self._before = sum(isinstance(answer, RecordedReply) for answer in self._answers)
        elif isinstance(step, Http) and isinstance(given, HttpReply):
            own = self._at_the_call and origin_of(step.url) in self._own
            headers = tuple((name, value) for name, value in given.headers if name in KEPT_HEADERS)
            self._answers.append(RecordedReply(given.status, headers, given.body.decode("utf-8", "replace"), own))
        elif isinstance(given, WsFrame):
            self._answers.append(RecordedFrame(given.text))


def _cookie(name: str, value: str) -> str:
    if name != "set-cookie":
        return value
    pair, semicolon, attributes = value.partition(";")
    named = pair.partition("=")[0]
    return f"{named}={named}-of-the-session{semicolon}{attributes}"
