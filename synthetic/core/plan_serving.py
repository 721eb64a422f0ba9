"""What `config` makes of a serve file: what is played when and where, under which caps and policies. Frozen, every name resolved.

A secret is its reference (`env:`, `file:`) here, never its value. Times are nanoseconds since the Unix epoch, days are UTC days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from synthetic.core.errors import Place
from synthetic.core.money import Money
from synthetic.core.plan import CellPlan, ScenarioPlan, Schedule

Withdraw = Literal["off", "request-then-cancel", "approved"]
Instrument = Literal["real", "sandbox-in-prod", "none"]
ANY = "*"
PRODUCTION = "production"
"""The environment in which whatever is not known to be allowed is refused."""
_PRODUCTION_WORDS = frozenset({PRODUCTION, "prod", "prd", "live"})
_NOT_YET = frozenset({"pre", "non", "not", "no"})
_WORD = re.compile(r"[a-z]+")


def sounds_like_production(environment: str) -> bool:
    """Whether one of the words of its name is production, prod, prd or live, as in `prod-eu-1`; not behind `pre` or `non`.

    For what must not be done there however somebody spells it.
    """
    words: list[str] = _WORD.findall(environment)
    return any(
        word in _PRODUCTION_WORDS and before not in _NOT_YET for before, word in zip(["", *words], words, strict=False)
    )


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """A scenario on a cell with one row of its matrix, on a fixed grid; with `baseline`, canary and baseline as a pair.

    `name` is unique within a serve file and stays the same while scenario, cell and row do: slots are kept under it.
    """

    name: str
    place: Place
    scenario: ScenarioPlan
    cell: CellPlan
    row: Mapping[str, str]
    schedule: Schedule
    baseline: CellPlan | None = None
    baseline_scenario: ScenarioPlan | None = None
    owner: str = ""

    @property
    def digest(self) -> str:
        """The digest of the scenario's file."""
        return self.scenario.digest

    @property
    def sides(self) -> tuple[tuple[ScenarioPlan, CellPlan], ...]:
        """What is played in one instant: the cell, and its baseline where it has one."""
        first = (self.scenario, self.cell)
        if self.baseline is None or self.baseline_scenario is None:
            return (first,)
        return (first, (self.baseline_scenario, self.baseline))


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """The most of one currency that may go into wallets. None: no cap, which no production cell is played without."""

    currency: str
    run: Money | None = None
    account_day: Money | None = None
    day: Money | None = None
    outstanding: Money | None = None


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """What is allowed with one PSP in one market for one brand (`*`: any). `until_ns` 0: the approval does not run out.

    `withdraw`: `off` (no scenario that asks for one), `request-then-cancel` (only such that take it back themselves),
    `approved`. `instrument`: `real` money may be paid in, `sandbox-in-prod` (only by players whose instrument is marked so),
    `none` (no deposit at all).
    """

    place: Place
    market: str
    brand: str
    psp: str
    withdraw: Withdraw
    instrument: Instrument
    approval: str = ""
    until_ns: int = 0


@dataclass(frozen=True, slots=True)
class MaintenancePlan:
    """A time in which some cells (none named: all) are not played: once, or every week.

    Once: `from_ns` up to `to_ns`. Weekly: on `weekdays` (0 is Monday) from `minute` of the UTC day on, for `for_s`.
    """

    place: Place
    reason: str
    cells: frozenset[str] = frozenset()
    from_ns: int = 0
    to_ns: int = 0
    weekdays: frozenset[int] = frozenset()
    minute: int = 0
    for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WeeklyPlan:
    """An instant of the UTC week, on each of these days (0 is Monday), so many minutes after midnight."""

    weekdays: frozenset[int] = frozenset(range(7))
    minute: int = 4 * 60


@dataclass(frozen=True, slots=True)
class KillPlan:
    """The kill switch beside the journal's own: a file that stops everything while it is there, and an HTTP call's token."""

    file: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class DensityPlan:
    """How much denser a probe may be played on suspicion, and for how long at most. A factor of 1: never."""

    factor_max: int = 1
    for_s: float = 600.0


@dataclass(frozen=True, slots=True)
class LimitsPlan:
    """Bounds of the runner itself.

    `lease_s`: how long a worker that stopped keeps its accounts. `at_once`: runs at a time. `clock_skew_s`: how far a cell's
    clock may be from ours. `proof_for_s`: how long a proof of the preflight counts. `series_max`: label sets on `/metrics`.
    """

    lease_s: float = 60.0
    at_once: int = 64
    clock_skew_s: float = 5.0
    proof_for_s: float = 900.0
    series_max: int = 50_000


@dataclass(frozen=True, slots=True)
class MtlsPlan:
    """The files of mutual TLS: the gate's own certificate and key, and the authority that callers are signed by."""

    certificate: str
    key: str
    client_ca: str


@dataclass(frozen=True, slots=True)
class GatePlan:
    """The gate of a runner. `slo`: its file, "" for the one that ships; `slo_text` is what stood in it when the plan was made.

    `listen` None: it answers where the runner does. `token` is a reference; "" only on loopback or behind mutual TLS.
    `trace_url`: an address with `{trace_id}` in it, "" for no links to traces.
    """

    place: Place
    slo: str = ""
    slo_text: str = ""
    listen: tuple[str, int] | None = None
    token: str = ""
    mtls: MtlsPlan | None = None
    polls_a_minute: int = 30_000
    trace_url: str = ""


@dataclass(frozen=True, slots=True)
class ServingPlan:
    """Everything that a serve file says. `digest` covers it and every file that it names; `files` are those, `folders` the folders
    in which another one would be found.

    `scenarios` (by name and platform) and `cells` are all that there are: runs of a probe that is gone are recovered with them.
    """

    place: Place
    name: str
    digest: str
    files: tuple[str, ...]
    probes: tuple[ProbePlan, ...]
    database: str
    listen: tuple[str, int]
    audit: str
    budgets: tuple[BudgetPlan, ...] = ()
    policies: tuple[PolicyPlan, ...] = ()
    maintenance: tuple[MaintenancePlan, ...] = ()
    reconcile: WeeklyPlan = field(default_factory=WeeklyPlan)
    kill: KillPlan = field(default_factory=KillPlan)
    density: DensityPlan = field(default_factory=DensityPlan)
    limits: LimitsPlan = field(default_factory=LimitsPlan)
    gate: GatePlan | None = None
    otlp: str = ""
    folders: tuple[str, ...] = ()
    scenarios: Mapping[str, Mapping[str, ScenarioPlan]] = field(default_factory=dict)
    cells: Mapping[str, CellPlan] = field(default_factory=dict)
    _by_name: Mapping[str, ProbePlan] = field(init=False, repr=False, compare=False)  # asked for at every tick

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {probe.name: probe for probe in self.probes})

    @property
    def gate_opened(self) -> tuple[tuple[str, int] | None, str, MtlsPlan | None, int, str] | None:
        """What a running gate has opened: all that is said of it but its SLO."""
        gate = self.gate
        return None if gate is None else (gate.listen, gate.token, gate.mtls, gate.polls_a_minute, gate.trace_url)

    def probe(self, name: str) -> ProbePlan | None:
        """The probe of that name; None where there is none (any more)."""
        return self._by_name.get(name)
