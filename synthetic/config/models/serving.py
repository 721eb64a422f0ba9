"""A serve file: what `synthetic serve` plays when and where, under which budgets and policies."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StrictBool, StrictInt

from synthetic.config import instants
from synthetic.config.fields import (
    AnyText,
    Duration,
    HiddenText,
    Identifier,
    MoneyText,
    Name,
    Reads,
    Shorthand,
    Title,
    one_of,
)
from synthetic.config.located import Text
from synthetic.config.positions import Node

Instant = Annotated[
    Text,
    Reads("an instant such as 2026-12-01T02:00Z", instants.instant_ns, {"pattern": instants.INSTANT}),
]
Date = Annotated[Text, Reads("a date such as 2027-06-30", instants.day_end_ns, {"pattern": instants.DATE})]
Weekly = Annotated[Text, Reads("days and a time such as 'sun 02:00'", instants.weekly, {"pattern": instants.WEEKLY})]


class ProbesModel(Node):
    """Some scenarios on some cells, with every row of their matrix: each combination is a probe."""

    noun: ClassVar[str] = "an entry of probes"
    scenarios: list[Name] = Field(default_factory=list, description="The scenarios by name; this or `tags`.")
    tags: list[Name] = Field(default_factory=list, description="All scenarios with one of these tags.")
    cells: list[Name] = Field(description="Where they are played; a canary beside the `baseline` of its cells file.")
    alone: StrictBool | None = Field(None, description="true: without the baseline.")
    only: dict[Identifier, list[AnyText]] = Field(
        default_factory=dict, description="Rows of the matrix to keep, by column: a list of values."
    )
    every: Duration | None = Field(None, description="In place of the scenario's own `every`; 1s or more.")
    jitter: Duration | None = Field(None, description="In place of the scenario's own `jitter`; below `every`.")
    deadline: Duration | None = Field(None, description="In place of the scenario's own `deadline`.")
    owner: AnyText | None = Field(
        None, description="Who is called when it fails; a label of `synthetic_scenario_info`."
    )


class BudgetModel(Node):
    """The caps of one currency."""

    noun: ClassVar[str] = "a budget"
    run: MoneyText | None = Field(None, description="The most that one run may bring into wallets.")
    account_day: MoneyText | None = Field(None, description="The most that one account may get in a UTC day.")
    day: MoneyText | None = Field(None, description="The most of all accounts in a UTC day.")
    outstanding: MoneyText | None = Field(None, description="The most that may be unsettled at any moment.")


class ApprovalModel(Node):
    """Who allowed it, as it is recorded."""

    noun: ClassVar[str] = "an approval"
    reference: Title = Field(description="Where the approval is filed, such as MGA-2026-114.")
    until: Date | None = Field(None, description="The last day (UTC) on which it holds.")


class PolicyModel(Node):
    """What is allowed with a PSP in a market for a brand. The first policy that fits is the one that counts."""

    noun: ClassVar[str] = "a policy"
    market: AnyText = Field(description="The market of the cell, or `*`.")
    brand: AnyText | None = Field(None, description="The brand of the cell; any without it.")
    psp: AnyText | None = Field(None, description="The PSP; any without it.")
    withdraw: Annotated[Text, one_of("off", "request-then-cancel", "approved")] = Field(
        description="off, request-then-cancel (only scenarios that cancel what they ask for), or approved."
    )
    instrument: Annotated[Text, one_of("real", "sandbox-in-prod", "none")] = Field(
        description="What may be paid with: real, sandbox-in-prod (players marked so), or none (no deposits)."
    )
    approval: Annotated[ApprovalModel, Shorthand("reference")] | None = Field(
        None, description="The recorded approval; `withdraw: approved` and `instrument: real` need one."
    )


class MaintenanceModel(Node):
    """A time in which cells are not played: `from` and `to`, or `weekly` and `for`."""

    noun: ClassVar[str] = "a maintenance window"
    reason: Title = Field(description="Why, for those who ask where the runs are.")
    cells: list[Name] = Field(default_factory=list, description="The cells; all without it.")
    from_: Instant | None = Field(None, alias="from", description="When it begins, in UTC: 2026-12-01T02:00Z.")
    to: Instant | None = Field(None, description="When it is over.")
    weekly: Weekly | None = Field(None, description="Days and a UTC time: `sun 02:00`, `mon,thu 04:30`, `* 03:00`.")
    for_: Duration | None = Field(None, alias="for", description="How long a weekly window lasts.")


class KillModel(Node):
    """The kill switch beside `synthetic kill`."""

    noun: ClassVar[str] = "kill"
    file: Title | None = Field(None, description="While this file is there, no run begins.")
    token: HiddenText | None = Field(None, description="The token of the HTTP call, as env:NAME or file:path.")


class DensityModel(Node):
    """How much denser a probe is played while the gate suspects its canary."""

    noun: ClassVar[str] = "density"
    factor: Annotated[StrictInt, Field(ge=1, le=20)] = Field(description="At most so many times denser.")
    for_: Duration | None = Field(None, alias="for", description="For so long after a suspicion (10m).")


class LimitsModel(Node):
    """Bounds of the runner itself."""

    noun: ClassVar[str] = "limits"
    lease: Duration | None = Field(None, description="How long a worker that stopped keeps its accounts (60s).")
    at_once: Annotated[StrictInt, Field(ge=1, le=1024)] | None = Field(None, description="Runs at a time (64).")
    clock_skew: Duration | None = Field(None, description="How far a cell's clock may be from ours (5s).")
    proof_for: Duration | None = Field(None, description="How long a proof of the preflight counts (15m).")
    series: Annotated[StrictInt, Field(ge=100, le=1_000_000)] | None = Field(
        None, description="The most time series on `/metrics` (50000); a file that needs more is refused."
    )


class MtlsModel(Node):
    """Mutual TLS. Paths are relative to the file's folder."""

    noun: ClassVar[str] = "mtls"
    certificate: Title = Field(description="The gate's own certificate with its chain, a PEM file.")
    key: Title = Field(description="The key of it, a PEM file.")
    client_ca: Title = Field(description="The authority that callers are signed by, a PEM file.")


class GateModel(Node):
    """The gate: verdicts about the releases that the canaries of this file are."""

    noun: ClassVar[str] = "gate"
    slo: Title | None = Field(None, description="The SLO file (the one that ships).")
    listen: AnyText | None = Field(
        None, description="host:port of its own; without it the gate answers where the runner does."
    )
    token: HiddenText | None = Field(
        None,
        description="What callers have to show, as env:NAME or file:path; needed beyond loopback, unless `mtls` is.",
    )
    mtls: MtlsModel | None = Field(None, description="Mutual TLS, on a `listen` of its own.")
    polls_a_minute: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="How often one caller may ask (30000)."
    )
    trace_url: AnyText | None = Field(
        None, description="Where a run's trace is to be seen: an address with {trace_id} in it."
    )


class ServingModel(Node):
    """A serve file. Paths are relative to its folder."""

    noun: ClassVar[str] = "a serve file"
    serve: Name = Field(description="The name of this runner.")
    cells: Title = Field(description="The cells file.")
    scenarios: list[Title] = Field(default_factory=list, description="Scenario files and folders (`scenarios`).")
    platforms: list[Title] = Field(default_factory=list, description="Mapping files and folders (`platforms`).")
    database: HiddenText = Field(
        description="A SQLite file, or a reference (env:NAME, file:path) to a Postgres URL; a URL without a password, too."
    )
    listen: AnyText | None = Field(
        None, description="host:port of /metrics, /healthz, /readyz and the calls (127.0.0.1:9464)."
    )
    audit: Title | None = Field(None, description="The folder of the audit trail (`audit` beside the file).")
    otlp: HiddenText | None = Field(None, description="Where OpenTelemetry goes: an OTLP/HTTP address, or a reference.")
    probes: list[ProbesModel] = Field(description="What is played.")
    budgets: dict[AnyText, BudgetModel] = Field(
        default_factory=dict, description="Caps by currency; where production plays, all four are needed."
    )
    policies: list[PolicyModel] = Field(
        default_factory=list, description="What is allowed where; what no policy covers is refused in production."
    )
    maintenance: list[MaintenanceModel] = Field(default_factory=list, description="When cells are not played.")
    reconcile: Weekly | None = Field(
        None, description="When journal, ledger and PSP reports are compared, in UTC (`* 04:00`, which is every day)."
    )
    kill: KillModel | None = Field(None, description="The kill switch beside `synthetic kill`.")
    density: DensityModel | None = Field(None, description="Playing denser on suspicion; never without it.")
    gate: GateModel | None = Field(None, description="The gate that says whether a release is good; none without it.")
    limits: LimitsModel | None = Field(None, description="Bounds of the runner itself.")
