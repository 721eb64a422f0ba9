"""Recorded events: bytes that a cell once wrote, with what they said then. Whoever reads events has to read them for ever."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synthetic.contracts.protobuf.decoding import Schema, as_json
from synthetic.contracts.protobuf.play import Published


@dataclass(frozen=True, slots=True)
class Sample:
    """One recorded event. `content` is hexadecimal; `says` is protobuf's JSON of it, by the schema of its day."""

    type: str
    message: str
    content: str
    says: dict[str, Any]


def record(events: Iterable[Published], schema: Schema, folder: Path) -> list[Path]:
    """Write an event of each type, and of each outcome, into a folder of this version; the files that are new now."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for event in events:
        says = as_json(schema.decode(event.message, event.content))
        outcome = str(says.get("outcome", "")).removeprefix("ROUND_OUTCOME_").lower()
        path = folder / f"{event.type}{f'.{outcome}' if outcome else ''}.json"
        if not path.exists():
            sample = Sample(event.type, event.message, event.content.hex(), says)
            path.write_text(json.dumps(asdict(sample), indent=2) + "\n")
            written.append(path)
    return written


def load(path: Path) -> Sample:
    """A sample from its file."""
    return Sample(**json.loads(path.read_text()))
