"""What `config` makes of YAML and the machine plays: scenarios, operations and cells, linked, checked and frozen.

Every expression is compiled and every name resolved, so playing a plan can't fail on a spelling mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from synthetic.core.effects import Effect, Result
from synthetic.core.errors import Place
from synthetic.core.expressions import Expression, Kind
from synthetic.core.money import Money
from synthetic.core.outcome import Blame
from synthetic.core.plan_connection import ConnectionPlan
from synthetic.core.plan_exchanges import ExchangePlan, Refusal
from synthetic.core.templates import Template, Tree

if TYPE_CHECKING:
    from synthetic.core.plan_home import ReconcilePlan, SweepPlan

LATE_AFTER_S = 600.0
"""How long a request may be on its way, where the mapping says nothing else."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What a connection answers by itself, such as an application-level ping."""

    when: Expression
    body: Tree


@dataclass(frozen=True, slots=True)
class CallPlan:
    """A call of another operation: as poll, look-up or undo. `arguments` see `args.*`, `out.*` and `key` of the caller.

    `when` guards an undo (none where it does not hold); `settled` says that the effect is over, with nothing left to take
    back; `found` says of a look-up's answer that the effect exists.
    """

    operation: str
    arguments: Mapping[str, Template]
    every_s: float = 0.0
    when: Expression | None = None
    found: Expression | None = None
    settled: Expression | None = None


@dataclass(frozen=True, slots=True)
class MovesPlan:
    """The money effect of an operation. `kind` names the limit that covers it (`deposit`, `stake`, `withdraw`, `bonus`).

    `key_in`: where the idempotency key goes in the exchange marked `money`: a header's name or a field of its body.
    `key_value`: the key, where the protocol wants a certain form; else it is made of the run and the step.
    """

    kind: str
    amount: Expression
    source: str
    target: str
    key_in: Literal["header", "field"]
    key_name: str
    lookup: CallPlan
    undo: CallPlan | None
    key_value: Template | None = None


@dataclass(frozen=True, slots=True)
class BlameRule:
    """Whom to blame when a step of this operation fails and `when` holds; `because` is for the person who reads it."""

    when: Expression
    blame: Blame
    because: str = ""


@dataclass(frozen=True, slots=True)
class SliPlan:
    """Which SLI a step counts for, and which of its arguments are labels (`by: [psp]`)."""

    name: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidencePlan:
    """What a finished step or a frame tells the judge: the kind of fact (core/history) and its fields."""

    kind: str
    fields: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class HookContext:
    """What a Python operation gets to see of its run."""

    cell: CellPlan
    player: Mapping[str, str]
    secrets: Mapping[str, str]
    session: Mapping[str, Any]
    run_id: str
    key: str
    unix_s: int


Hook = Callable[..., Generator[Effect, Result, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class OperationPlan:
    """One business action of a platform: exchanges (or a Python hook), outputs, and what it means for money and blame."""

    name: str
    place: Place
    inputs: Mapping[str, Kind]
    exchanges: tuple[ExchangePlan, ...]
    out: Mapping[str, Expression]
    poll: CallPlan | None = None
    moves: MovesPlan | None = None
    declined: tuple[Refusal, ...] = ()
    blame: tuple[BlameRule, ...] = ()
    sli: SliPlan | None = None
    evidence: tuple[EvidencePlan, ...] = ()
    hook: Hook | None = None
    secret_out: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()  # inputs that may be left out; they are the empty text then

    def out_kinds(self) -> Mapping[str, Kind]:
        """The type of each output."""
        return {name: expression.kind for name, expression in self.out.items()}


@dataclass(frozen=True, slots=True)
class StatePlan:
    """A state of a player that a scenario may need, such as self-excluded: how it is entered and left again.

    Where `holds` is true the player is in it by himself (he comes from a pool of such players), and stays in it.
    """

    name: str
    enter: CallPlan
    leave: CallPlan
    holds: Expression | None = None


@dataclass(frozen=True, slots=True)
class ProofPlan:
    """What proves before a run that it may be played: an operation that moves no money, and the claim over its answer."""

    call: CallPlan
    holds: Expression


@dataclass(frozen=True, slots=True)
class PlatformPlan:
    """How one platform performs each operation."""

    name: str
    operations: Mapping[str, OperationPlan]
    answering: Mapping[str, tuple[Answering, ...]] = field(default_factory=dict)
    frames: Mapping[str, tuple[EvidencePlan, ...]] = field(default_factory=dict)  # what each frame tells, by connection
    states: Mapping[str, StatePlan] = field(default_factory=dict)
    labels: Mapping[str, Expression] = field(default_factory=dict)  # of the release, by `RELEASE_LABELS`
    late_after_s: float = LATE_AFTER_S  # a request that nobody has seen so long after it left never arrives
    proofs: Mapping[str, ProofPlan] = field(default_factory=dict)  # of the `player` and of the `cell`
    sweep: SweepPlan | None = None
    reconcile: ReconcilePlan | None = None


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step: an operation with its arguments and what the scenario wants of it.

    `refused`: the code with which it has to be refused ("" where it has to succeed). `repeat`: the id of an earlier step
    whose money request is sent again, byte for byte and under the same key. `refusal_class`: of which class the expected
    refusal is. `at_once`: how many times the money request leaves, all at the same moment and under one key.
    """

    id: str
    place: Place
    operation: OperationPlan
    arguments: Mapping[str, Template]
    until: Expression | None = None
    within_s: float = 10.0
    expect: tuple[Expression, ...] = ()
    refused: str = ""
    repeat: str = ""
    refusal_class: Blame | None = None
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class NeededState:
    """A state that the player has to be in: before the first step, or from the end of the step `after` on."""

    state: StatePlan
    after: str = ""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A claim over the outputs of the steps, judged at the end of a run."""

    name: str
    claim: Expression


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a probe plays: a fixed grid of `every_s`, spread by up to `jitter_s`, given up after `deadline_s`."""

    every_s: float = 60.0
    jitter_s: float = 0.0
    overlap: str = "skip"
    deadline_s: float = 60.0


@dataclass(frozen=True, slots=True)
class ScenarioPlan:
    """A scenario linked to one platform."""

    name: str
    title: str
    place: Place
    tags: tuple[str, ...]
    matrix: Mapping[str, tuple[str, ...] | Expression]
    steps: tuple[StepPlan, ...]
    platform: PlatformPlan
    states: tuple[NeededState, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    checks: tuple[str, ...] = ()
    limits: Mapping[str, Money] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    pool: Template | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PlayerPlan:
    """A player that may be leased. `attributes` are plain; `secrets` map an attribute to its reference (`env:`, `file:`)."""

    id: str
    pool: str
    attributes: Mapping[str, str]
    secrets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One deployment that takes traffic, as the cells file describes it."""

    name: str
    place: Place
    track: Literal["canary", "baseline"]
    environment: str
    brand: str
    market: str
    version: str
    currency: str
    platform: str
    endpoints: Mapping[str, str]
    allow: tuple[str, ...]
    psps: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    games: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Money] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    players: tuple[PlayerPlan, ...] = ()
    baseline: str = ""
    wallet: str = (
        ""  # the database of its players' money: an account is a player there, and one run at a time plays on it
    )
    connection: ConnectionPlan = field(default_factory=ConnectionPlan)
    python: tuple[str, ...] = ()  # modules that its platform mapping may take operations from
    load: bool = False  # whether load may be played here, and not only single runs


@dataclass(frozen=True, slots=True)
class RunSpec:
    """Everything that one run depends on; the same spec and the same results give the same effects.

    `player` holds the leased player's attributes with secrets resolved, `secrets` the cell's. `hidden`: secrets that no expression
    sees, but that are masked as the others are, such as a proxy's password. `mono_ns` and `wall_ns` are the same instant on the
    monotonic and on the wall clock.
    """

    plan: ScenarioPlan
    cell: CellPlan
    row: Mapping[str, str]
    player: Mapping[str, str]
    secret_attributes: frozenset[str]
    secrets: Mapping[str, str] = field(repr=False)
    run_id: str
    seed: int
    mono_ns: int
    wall_ns: int
    scheduled_ns: int
    pair: str = ""
    hidden: tuple[str, ...] = field(default=(), repr=False)
