"""What a platform answered when the examples were played on it: read, written, and free of secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from synthetic.contracts.errors import ContractError

KEPT_HEADERS = frozenset({"content-type", "location", "set-cookie"})
"""The headers that the engine itself reads, whatever the mapping: all others are no part of a recording."""


@dataclass(frozen=True, slots=True)
class RecordedReply:
    """An HTTP answer. `own`: it is one of the platform's, to a request of the example itself."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """A frame that was waited for."""

    text: str


RecordedAnswer = RecordedReply | RecordedFrame


@dataclass(frozen=True, slots=True)
class Recorded:
    """One example, played. `player`: whose attributes it was played with; secrets are placeholders.

    `before`: how many HTTP answers came before its call.
    """

    run_id: str
    wall_ns: int
    player: Mapping[str, str]
    before: int
    answers: tuple[RecordedAnswer, ...]

    @property
    def own(self) -> tuple[int, ...]:
        """Which of the HTTP answers to its call (from 0) are what the contract is about."""
        replies = [answer for answer in self.answers if isinstance(answer, RecordedReply)]
        return tuple(index for index, reply in enumerate(replies[self.before :]) if reply.own)


@dataclass(frozen=True, slots=True)
class Recording:
    """All examples of one platform, by their titles."""

    platform: str
    examples: Mapping[str, Recorded] = field(default_factory=dict)

    def of(self, title: str) -> Recorded:
        """One example. Raises ContractError where it was not recorded."""
        if title not in self.examples:
            raise ContractError(
                f"the example {title!r} was never recorded: python -m synthetic.contracts.runner --record ..."
            )
        return self.examples[title]

    def write(self, path: Path) -> None:
        """Write it, in an order that does not depend on how it was made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "platform": self.platform,
            "examples": {title: _as_json(one) for title, one in sorted(self.examples.items())},
        }
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_recording(path: Path) -> Recording:
    """A recording. Raises ContractError where there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        examples = {title: _from_json(one) for title, one in document["examples"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(f"{path}: no recording of a platform: {error!r}") from None
    return Recording(document["platform"], examples)


def _as_json(one: Recorded) -> dict[str, Any]:
    answers = [
        asdict(answer) if isinstance(answer, RecordedReply) else {"frame": answer.text} for answer in one.answers
    ]
    told = {"run_id": one.run_id, "wall_ns": one.wall_ns, "player": dict(one.player), "before": one.before}
    return {**told, "answers": answers}


def _from_json(one: Mapping[str, Any]) -> Recorded:
    answers = tuple(
        RecordedFrame(answer["frame"])
        if "frame" in answer
        else RecordedReply(
            answer["status"],
            tuple((name, value) for name, value in answer["headers"]),
            answer["body"],
            answer["own"],
        )
        for answer in one["answers"]
    )
    return Recorded(one["run_id"], one["wall_ns"], one["player"], one["before"], answers)
