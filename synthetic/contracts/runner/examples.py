"""Examples of a mapping's operations: how each is called, and what was played before. Written in the words of scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synthetic.config.scenarios import load_scenario
from synthetic.contracts.errors import ContractError
from synthetic.core.errors import AuthorError
from synthetic.core.plan import PlatformPlan, ScenarioPlan
from synthetic.core.plan_exchanges import HttpPlan

CALL = "it"
"""The step that is the example; those before it bring its state about."""

ANYBODY = "a player"
"""The state of an example before which nothing was played."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Example(_Strict):
    """One call of an operation. `as` tells two of one operation apart; the rest is as in a step of a scenario.

    `in`: one of the file's states. `pool`: of the players, where it is not the file's.
    """

    call: str
    state: str = Field(ANYBODY, alias="in")
    name: str = Field("", alias="as")
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    expect: tuple[str, ...] = ()
    refused: str = ""
    repeat: str = ""
    within: str = "5s"
    pool: str = ""

    @property
    def title(self) -> str:
        """What the pact calls it."""
        refused = f" is refused with {self.refused}" if self.refused else ""
        told = f", {self.name}" if self.name else ""
        when = f", when {self.state}" if self.state != ANYBODY else ""
        return f"{self.call}{refused}{told}{when}"

    def step(self) -> dict[str, Any]:
        """The call as a step of a scenario."""
        given = {
            "with": self.with_,
            "expect": list(self.expect),
            "refused": self.refused,
            "repeat": self.repeat,
            "within": self.within,
        }
        return {"id": CALL, "call": self.call} | {name: value for name, value in given.items() if value}


class Examples(_Strict):
    """An examples file. `endpoints`: those of the cells file that are the platform's own; what goes elsewhere is no part of
    its contract. `limits`: as in a scenario. `placeholders`: what stands for secrets where any text won't do (`rsa`: a
    private key).
    """

    platform: str
    endpoints: tuple[str, ...]
    pool: str
    limits: dict[str, str] = Field(default_factory=dict)
    placeholders: dict[str, str] = Field(default_factory=dict)
    states: dict[str, tuple[dict[str, Any], ...]] = Field(default_factory=dict)
    examples: tuple[Example, ...]

    def steps_before(self, example: Example) -> Sequence[Mapping[str, Any]]:
        """What is played before it."""
        return () if example.state == ANYBODY else self.states[example.state]

    def pool_of(self, example: Example) -> str:
        """Whose players play it."""
        return example.pool or self.pool


def load_examples(path: Path) -> Examples:
    """An examples file. Raises ContractError where it is not as it has to be."""
    try:
        examples = Examples.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ContractError(f"{path}: {error}") from None
    titles = [example.title for example in examples.examples]
    twice = sorted({title for title in titles if titles.count(title) > 1})
    strange = sorted({example.state for example in examples.examples} - {*examples.states, ANYBODY})
    if twice or strange:
        what = f"twice: {', '.join(twice)}" if twice else f"no such state: {', '.join(strange)}"
        raise ContractError(f"{path}: {what}")
    return examples


@dataclass(frozen=True, slots=True)
class Linked:
    """An example as a scenario of the platform, checked as any other."""

    example: Example
    plan: ScenarioPlan


def link(examples: Examples, example: Example, platform: PlatformPlan) -> Linked:
    """Link one example. Raises ContractError with the language's own words where it can't be."""
    document = {
        "scenario": "contract",
        "limits": examples.limits,
        "lease": {"player": f"pool:{examples.pool_of(example)}"},
        "steps": [*_named(examples.steps_before(example)), example.step()],
    }
    try:
        plan = load_scenario(Path(example.title), platform, text=yaml.safe_dump(document, sort_keys=False, width=1000))
    except AuthorError as error:
        raise ContractError(f"the example {example.title!r} does not fit its mapping:\n{error}") from None
    return Linked(example, plan)


def _named(steps: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, step in enumerate(steps, 1):
        yield {"id": f"before_{number}", **step}


def without_example(examples: Examples, platform: PlatformPlan) -> list[str]:
    """The operations of the mapping that speak HTTP and have no example."""
    shown = {example.call for example in examples.examples}
    return [
        name
        for name, operation in platform.operations.items()
        if name not in shown and any(isinstance(plan, HttpPlan) for plan in operation.exchanges)
    ]
