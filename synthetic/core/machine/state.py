"""Everything that changes while a run is played, in one place."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from synthetic.core.cookies import CookieJar
from synthetic.core.effects import Effect, Http, Result, Times, WsFrame, WsSend
from synthetic.core.events import Event
from synthetic.core.expressions import Expression
from synthetic.core.held import held_texts
from synthetic.core.history import Fact
from synthetic.core.machine.origins import Origin, endpoints_by_origin
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import MovesPlan, OperationPlan, RunSpec, StatePlan, StepPlan
from synthetic.core.secrets import Redactor
from synthetic.core.wording import REASON_MAX, beginning, brief, printable

T = TypeVar("T")
Machine = Generator[Effect | Event, Result | None, T]
"""Yields effects (and gets a result back) and events (and gets None back)."""

SHOWN_MAX = 200
_LAG_FLOOR_NS = 5_000_000
_DOUBT_FLOOR_NS = 500_000


@dataclass(slots=True)
class Movement:
    """One money effect of this run: what was asked for, under which key, and what is known of it."""

    step: str
    operation: OperationPlan
    moves: MovesPlan
    key: str
    amount: Money
    args: Mapping[str, Any]
    outcome: StepOutcome = StepOutcome.UNKNOWN
    out: Mapping[str, Any] = field(default_factory=dict)
    request: Http | WsSend | None = None
    until: Expression | None = None
    refused: str = ""  # the code with which it had to be refused
    unheard: str = ""  # why the last look-up had no answer that says anything
    over: bool = False  # it counts, and nothing is left to be done about it
    too_late: str = ""  # why a request that has not been seen by now can't arrive any more; "" where it still may

    @property
    def direction(self) -> str:
        """`in`: a payment into the player's wallet; `payout`: a credit of the house, as a win is; `stake`: out of it into a
        round; `out`: out of it to its source."""
        if self.moves.source == "wallet":
            return "stake" if self.moves.target in ("game", "round", "provider") else "out"
        if self.moves.target == "wallet":
            return "in" if self.moves.source == "psp" else "payout"
        return "bonus"


class RunState:
    """The state of one run. Time is what the last result said; keys and trace ids are made of the run's id."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec = spec
        self.currency = spec.cell.currency
        self.now_ns = spec.mono_ns
        self._wall_ahead_ns = spec.wall_ns - spec.mono_ns
        self.redactor = Redactor()
        self.cookies = CookieJar()
        self.session: dict[str, Any] = {}
        self.inboxes: dict[str, list[WsFrame]] = {}
        self.steps: dict[str, Any] = {}
        self.facts: list[Fact] = []
        self.movements: list[Movement] = []
        self.entered: list[StatePlan] = []  # states of the player that have to be left again
        self.tainted = False
        self.lag_ns = 0  # our own, over all exchanges
        self.step: StepPlan | None = None  # the one that is being played
        self.clock_skews_s: dict[str, int] = {}  # of each endpoint's clock against ours, by its `Date` headers
        self.frames_told = 0
        self.labels: dict[str, str] = {}  # of the release that answered
        self.given_back_minor = 0  # payouts and returned stakes that rounds have shown
        self.cash: Money | None = None  # the player's, as it was read behind the last money effect
        self.cash_before: Money | None = None  # as it was read before the first money effect
        self.fenced_off = ""  # why nothing more may be sent for this run: it is another worker's
        self.unnoted = ""  # why the journal did not take what became of an effect
        self.payouts_unseen = False  # another process has seen the rounds, so nobody knows here what they paid
        self._spans = int.from_bytes(hashlib.sha256(f"span:{spec.run_id}".encode()).digest()[:8], "big")
        self._taint_inputs()
        self._base = self._base_scope()

    def _taint_inputs(self) -> None:
        for secret in (*self.spec.secrets.values(), *self.spec.hidden):
            self.redactor.taint(secret)
        for name in self.spec.secret_attributes:
            self.redactor.taint(self.spec.player[name])

    def _base_scope(self) -> dict[str, Any]:
        cell, spec = self.spec.cell, self.spec
        return {
            "cell.name": cell.name,
            "cell.track": cell.track,
            "cell.environment": cell.environment,
            "cell.brand": cell.brand,
            "cell.market": cell.market,
            "cell.version": cell.version,
            "cell.currency": cell.currency,
            "cell.psps": list(cell.psps),
            "cell.providers": list(cell.providers),
            "cell.games": cell.games,
            "cell.endpoints": held_texts(cell.endpoints),
            "player": held_texts(spec.player),
            "run.id": spec.run_id,
            "run.currency": cell.currency,
            "secret": held_texts(spec.secrets),
        } | {f"matrix.{name}": value for name, value in spec.row.items()}

    @cached_property
    def endpoints(self) -> Mapping[Origin, str]:
        """The names of the cell's endpoints by their origins."""
        return endpoints_by_origin(self.spec.cell.endpoints)

    @property
    def unix_s(self) -> int:
        """The wall clock at the last result, in whole seconds."""
        return (self.now_ns + self._wall_ahead_ns) // 1_000_000_000

    def scope(self, *more: Mapping[str, Any]) -> dict[str, Any]:
        """The values that expressions see: cell, player, run, session, earlier steps, and what is added."""
        merged = self._base | self.steps
        self.bring_up_to_date(merged)
        for values in more:
            merged.update(values)
        return merged

    def bring_up_to_date(self, scope: dict[str, Any]) -> None:
        """Let a scope know what an exchange may have changed: the time, and what is kept in the session."""
        scope["now"] = self.unix_s
        for name, value in self.session.items():
            scope[f"session.{name}"] = value

    def told(self, text: str, chars_max: int = REASON_MAX) -> str:
        """A text as a person may read it: secrets masked, on one line, without controls, not too long."""
        return text and brief(self.redactor.redact(text), chars_max)

    def shown(self, value: object) -> str:
        """The first characters of an output as a person may read it; of a long list no more is written out than that takes."""
        longest = self.redactor.longest
        text = beginning(value, SHOWN_MAX + longest)
        told = self.redactor.redact(text)
        if told is not text and told != text:  # masks are shorter than what they hide
            told = self.redactor.redact(str(value))
        return printable(told[:SHOWN_MAX])

    def all_shown(self, values: Mapping[str, object]) -> dict[str, str]:
        """Outputs as a person may read them: looked at together, and one by one where there is anything to mask or to cut."""
        longest = SHOWN_MAX + self.redactor.longest
        texts = {name: beginning(value, longest) for name, value in values.items()}
        together = " ".join(texts.values())
        if len(together) <= SHOWN_MAX and together.isprintable() and self.redactor.redact(together) == together:
            return texts
        return {name: self.shown(value) for name, value in values.items()}

    def key(self, step: str) -> str:
        """The idempotency key of a step: the same in every attempt, for ever."""
        return f"{self.spec.run_id}-{step}"

    def next_span(self) -> str:
        """The span id of the next exchange: 16 hexadecimal digits."""
        self._spans += 1
        return f"{self._spans % 2**64:016x}"

    def observe(self, times: Times) -> None:
        """Let time pass to a result's time, and taint the run when the harness was slow to take it."""
        self.now_ns = max(self.now_ns, times.handled)
        self.lag_ns += times.harness_lag_ns
        self.tainted = self.tainted or is_tainted(times)


def dotted(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values under the names that expressions have for them: `args.amount`, `out.id`."""
    return {f"{prefix}.{name}": value for name, value in values.items()}


@lru_cache(maxsize=4096)
def trace_id(run_id: str) -> str:
    """The W3C trace id of a run: 32 hexadecimal digits."""
    return hashlib.sha256(f"trace:{run_id}".encode()).hexdigest()[:32]


def is_tainted(times: Times) -> bool:
    """Whether the measurement says nothing of the target: our own lag is above 5 ms and above 5 % of what was measured.

    Or we were interrupted just while we sent: then what was measured may be too long by more than 0.5 ms and 0.1 %.
    """
    late_ns = times.harness_lag_ns
    if late_ns <= _LAG_FLOOR_NS and times.doubt_ns <= _DOUBT_FLOOR_NS:
        return False
    late = late_ns > max(_LAG_FLOOR_NS, times.latency_ns // 20)
    return late or times.doubt_ns > max(_DOUBT_FLOOR_NS, times.latency_ns // 1000)
