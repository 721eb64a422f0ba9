"""An SLO file: what a release is held against, and how sure the gate has to be before it says so."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StrictBool, StrictInt

from synthetic.config.fields import AnyText, Duration, Identifier, Latency, Name, Percent, one_of
from synthetic.config.located import Text
from synthetic.config.positions import Node

Count = Annotated[StrictInt, Field(ge=1, le=100_000)]


class ObjectiveModel(Node):
    """One promise about one SLI: `at_least`, or one of the percentiles."""

    noun: ClassVar[str] = "an objective"
    name: Name = Field(description="What it is called wherever a decision is told.")
    sli: Name = Field(description="The SLI that the mapping gives its steps, or `run`: whole runs.")
    at_least: Percent | None = Field(None, description="So many of its steps hold, such as 99.9 %.")
    p50_at_most: Latency | None = Field(None, description="Half of the steps answer within this time.")
    p90_at_most: Latency | None = Field(None, description="90 % of the steps answer within this time.")
    p95_at_most: Latency | None = Field(None, description="95 % of the steps answer within this time.")
    p99_at_most: Latency | None = Field(None, description="99 % of the steps answer within this time.")
    by: Identifier | None = Field(None, description="A label, such as psp, each of whose values is judged for itself.")
    share: Percent | None = Field(
        None, description="Its part of the error level; those without it divide what the others leave."
    )
    margin: Percent | None = Field(None, description="In place of the file's own `margin`.")


class HardStopModel(Node):
    """What acts at once: an SLI that falls below, runs that blame somebody, or a signal of the platform's own."""

    noun: ClassVar[str] = "a hard stop"
    name: Name | None = Field(None, description="What it is called; a signal has its own name.")
    sli: Name | None = Field(None, description="The SLI whose success ratio is watched, with `below`.")
    below: Percent | None = Field(None, description="Stop where the success ratio of `sli` is below this.")
    blame: Annotated[Text, one_of("psp", "provider", "platform")] | None = Field(
        None, description="Count runs that failed and blame this side: psp, provider or platform; with `above`."
    )
    above: Percent | None = Field(None, description="Stop where the share of runs that blame it is above this.")
    signal: Name | None = Field(
        None, description="A number that the platform reports (`POST /v1/signals`), such as chargebacks."
    )
    more_than: Annotated[StrictInt, Field(ge=0, le=1_000_000_000)] | None = Field(
        None, description="Stop where `signal` sums up to more than this."
    )
    by: Identifier | None = Field(None, description="A label, such as psp, each of whose values is watched for itself.")
    at_least: Count | None = Field(None, description="So many steps or runs before it says anything (5).")
    within: Duration | None = Field(None, description="It looks back so far (5m).")


class ErrorsModel(Node):
    """How often a verdict may be wrong, whatever the number of looks."""

    noun: ClassVar[str] = "errors"
    healthy: Percent | None = Field(None, description="Of healthy releases, at most so many are rolled back (1 %).")
    shared_fault: Percent | None = Field(
        None, description="Of releases during a fault that the baseline has, too, at most so many are (10 %)."
    )
    passed: Percent | None = Field(
        None, description="Of releases that fail as often as `margin`, at most so many pass (5 %)."
    )


class SuspicionModel(Node):
    """What follows a failure on the canary alone."""

    noun: ClassVar[str] = "suspicion"
    denser: Annotated[StrictInt, Field(ge=1, le=20)] | None = Field(
        None, description="Probes are played so many times denser (5)."
    )
    for_: Duration | None = Field(None, alias="for", description="For so long (2m).")


class SloModel(Node):
    """An SLO file."""

    noun: ClassVar[str] = "an SLO file"
    slo: Name = Field(description="The name of this SLO.")
    objectives: list[ObjectiveModel] = Field(description="What is promised.")
    hard_stops: list[HardStopModel] = Field(default_factory=list, description="What acts at once, without damping.")
    window: Duration | None = Field(
        None, description="A release is watched so long before it may pass: 10m to 15m (15m)."
    )
    tick: Duration | None = Field(None, description="Evidence is counted in intervals of this length (30s).")
    consecutive: Count | None = Field(
        None, description="So many ticks in a row have to violate before a rollback: 3 or more (3)."
    )
    warm_up: Duration | None = Field(None, description="What is left aside after the start of a release (nothing).")
    margin: Percent | None = Field(None, description="A pass says that fewer than this fail (10 %).")
    pairs_min: Count | None = Field(None, description="Fewer pairs of runs say nothing of an objective (30).")
    stale: Duration | None = Field(None, description="So long without a pair, and there is no evidence (2m).")
    missing_max: Percent | None = Field(None, description="Pairs that our own faults may cost (5 %).")
    errors: ErrorsModel | None = Field(None, description="How often a verdict may be wrong.")
    suspicion: SuspicionModel | None = Field(None, description="Denser probes after a failure on the canary alone.")
    labels: dict[AnyText, AnyText] = Field(default_factory=dict, description="Your own words, such as the team.")
    trial: StrictBool | None = Field(
        None, description="true: windows may be as short as you like; refused where production is played."
    )
