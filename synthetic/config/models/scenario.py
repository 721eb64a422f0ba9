"""A scenario file: what is played, in which order, within which limits, and what has to hold."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, StrictInt

from synthetic.config.fields import (
    AnyText,
    Cel,
    Duration,
    Identifier,
    MatrixValues,
    MoneyText,
    Name,
    OperationName,
    Shorthand,
    Title,
    one_of,
)
from synthetic.config.fields import Template as TemplateText
from synthetic.config.located import Text
from synthetic.config.positions import Node


class ScheduleModel(Node):
    """When a probe of this scenario plays."""

    noun: ClassVar[str] = "schedule"
    every: Duration | None = Field(None, description="The distance of two starts on a fixed grid, such as 60s.")
    jitter: Duration | None = Field(None, description="Spreads the starts of different probes by up to this much.")
    overlap: Annotated[Text, one_of("skip")] | None = Field(
        None, description="What becomes of a start while the run before still plays: `skip` counts it as missed."
    )
    deadline: Duration | None = Field(None, description="How long a run may take in all.")


class LeaseModel(Node):
    """The player that a run plays with."""

    noun: ClassVar[str] = "lease"
    player: TemplateText = Field(
        description="`pool:NAME`: a player out of this pool of the cells file, for one run at a time."
    )


class StepModel(Node):
    """One step: an operation, its arguments, and what the scenario wants of it."""

    noun: ClassVar[str] = "a step"
    id: Identifier = Field(description="The name under which later steps and invariants see its values.")
    call: OperationName = Field(description="The operation of the platform mapping that it calls.")
    with_: dict[Identifier, Any] = Field(
        default_factory=dict, alias="with", description="The operation's inputs by name; a hole may read earlier steps."
    )
    until: Cel | None = Field(
        None, description="Poll until this holds of its outputs (`out.*`); the operation has to have a `poll`."
    )
    within: Duration | None = Field(None, description="How long the step may take in all, polls included (10s).")
    expect: list[Cel] = Field(default_factory=list, description="What has to hold of its outputs (`out.*`).")
    refused: AnyText | None = Field(
        None,
        description="The platform's code with which it has to be refused; a step that succeeds then fails the run.",
    )
    class_: Annotated[Text, one_of("user", "psp", "provider", "platform", "policy")] | None = Field(
        None, alias="class", description="Of which class the expected refusal is; only with `refused`."
    )
    repeat: Identifier | None = Field(
        None, description="An earlier step whose money request goes out again, byte for byte and under the same key."
    )
    at_once: Annotated[StrictInt, Field(ge=2, le=16)] | None = Field(
        None, description="How many times its money request leaves, all at the same moment and under one key."
    )


class NeededStateModel(Node):
    """A state that the player has to be in."""

    noun: ClassVar[str] = "a needed state"
    state: Identifier = Field(description="The state, one of the mapping's `states`.")
    after: Identifier | None = Field(
        None, description="The step behind which it is entered; before the first one without it."
    )


class InvariantModel(Node):
    """A claim over the values of all steps, judged at the end of the run."""

    noun: ClassVar[str] = "an invariant"
    that: Cel = Field(description="What has to hold.")
    name: Title | None = Field(None, description="Its name in reports; the expression itself where it has none.")


class ScenarioModel(Node):
    """A scenario: an ordered list of operations and checks, with limits; on a happy or a negative path."""

    noun: ClassVar[str] = "a scenario"
    scenario: Name = Field(description="Its name: part of run ids and metrics.")
    title: Title | None = Field(None, description="One sentence for people.")
    tags: list[Name] = Field(default_factory=list, description="Words to select it by; marks in pytest.")
    matrix: dict[Identifier, MatrixValues] = Field(
        default_factory=dict,
        description="One run for each combination of these values: a list of texts, or a list of the cell's.",
    )
    schedule: ScheduleModel | None = Field(None, description="When it plays.")
    limits: dict[Identifier, MoneyText] = Field(
        default_factory=dict,
        description="The most that one step may move, by kind of movement; the deposits of one run stay within `per_day`.",
    )
    lease: LeaseModel = Field(description="The player that a run plays with.")
    states: list[Annotated[NeededStateModel, Shorthand("state")]] = Field(
        default_factory=list,
        description="States that the player has to be in; entered before the steps and left again however the run ends.",
    )
    steps: list[StepModel] = Field(description="What is played, in order.")
    invariants: list[Annotated[InvariantModel, Shorthand("that")]] = Field(
        default_factory=list, description="What has to hold over the values of all steps, at the end of the run."
    )
    checks: list[Name] = Field(default_factory=list, description="Named laws, judged over the evidence of the run.")
