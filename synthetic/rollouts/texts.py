"""Observations, steps and evidence as JSON columns: written and read by their types, never with a NaN in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from synthetic.gate.decision import Weighed
from synthetic.gate.observed import Observation
from synthetic.rollouts.model import Step

_OBSERVATION = TypeAdapter(Observation)
_STEPS = TypeAdapter(tuple[Step, ...])


def observation_text(observation: Observation) -> str:
    """The observation as JSON."""
    return _OBSERVATION.dump_json(observation).decode()


def observation_of(text: str) -> Observation | None:
    """The observation; None where the text is none, such as one of a newer version: then there is no evidence in it."""
    try:
        return _OBSERVATION.validate_json(text)
    except ValidationError:
        return None


def steps_text(steps: Sequence[Step]) -> str:
    """The steps of a rollout as JSON."""
    return _STEPS.dump_json(tuple(steps)).decode()


def steps_of(text: str) -> tuple[Step, ...]:
    """The steps of a rollout."""
    return _STEPS.validate_json(text)


def evidence_text(streams: Sequence[Weighed]) -> str:
    """The streams of a decision as JSON: counts, evidence and thresholds. Raises ValueError on a NaN: that is our own fault."""
    return json.dumps([weighed_document(stream) for stream in streams], allow_nan=False)


def weighed_document(weighed: Weighed) -> Mapping[str, Any]:
    """One stream for JSON, without the line of its chart."""
    document = asdict(weighed)
    del document["line"]
    return document
