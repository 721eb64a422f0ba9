"""What recovery starts from, and what it comes to: the effects of a run, and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.core.outcome import CLOSED_STATES, IntentState


@dataclass(frozen=True, slots=True)
class OpenEffect:
    """An effect as the journal has it; `age_ns`: how long ago its request may have left, by the clock of whoever wrote it.

    `quiet_ns`: for how long nothing of it can have left, by a clock that whoever recovers it trusts (None: `age_ns`).
    """

    intent: Intent
    state: IntentState
    age_ns: int = 0
    quiet_ns: int | None = None

    @property
    def known_quiet_ns(self) -> int:
        """What may be concluded from."""
        return self.age_ns if self.quiet_ns is None else self.quiet_ns


@dataclass(frozen=True, slots=True)
class EffectEnd:
    """What recovery has made of one effect. `result`: `undone`, `nothing_to_undo` or `stuck`; `state` is what the journal keeps."""

    key: str
    step: str
    amount: Money
    result: str
    reason: str
    state: IntentState


@dataclass(frozen=True, slots=True)
class Recovered:
    """What recovery has come to, newest effect first.

    `unreachable`: why nothing could be asked, or not go on ("" where it could); `left_in`: the states that the player could
    not be taken out of; `unswept`: why the wallet could not be brought to its baseline yet; `residue`: what is in it above
    its baseline and stays there, and `residue_reason` why.
    """

    effects: tuple[EffectEnd, ...] = ()
    unreachable: str = ""
    left_in: str = ""
    unswept: str = ""
    residue: Money | None = None
    residue_reason: str = ""

    @classmethod
    def untouched(cls, effects: Sequence[OpenEffect], why: str) -> Recovered:
        """Nothing could be asked: every open effect stays as it is."""
        still = [end_of(effect, why) for effect in reversed(effects) if effect.state not in CLOSED_STATES]
        return cls(tuple(still), why)

    @property
    def counted(self) -> str:
        """`1 nothing to undo, 2 undone`."""
        counted = Counter(end.result.replace("_", " ") for end in self.effects)
        return ", ".join(f"{number} {result}" for result, number in sorted(counted.items())) or "no effect was open"

    @property
    def left_over(self) -> str:
        """What is in the wallet above its baseline and stays there, and why; "" for nothing."""
        return f"{self.residue} more than before stay in the wallet: {self.residue_reason}" if self.residue else ""

    @property
    def withdrawn(self) -> Money | None:
        """What a sweep has brought home."""
        return next((end.amount for end in self.effects if end.result == "withdrawn"), None)

    @property
    def still_open(self) -> tuple[str, ...]:
        """The keys of the effects that nobody has settled yet."""
        return tuple(end.key for end in self.effects if end.state not in CLOSED_STATES)

    @property
    def stranded(self) -> tuple[Money, ...]:
        """The amounts that could not be brought home, or of which nobody knows."""
        return tuple(end.amount for end in self.effects if end.state not in CLOSED_STATES)

    @property
    def is_home(self) -> bool:
        """Whether all money is home and the player in no state of ours: then the run is over."""
        return not (self.still_open or self.unreachable or self.left_in or self.unswept)


def end_of(effect: OpenEffect, why: str) -> EffectEnd:
    """An effect that nothing could be done about."""
    intent = effect.intent
    return EffectEnd(intent.key, intent.step, intent.amount, "stuck", why, effect.state)
