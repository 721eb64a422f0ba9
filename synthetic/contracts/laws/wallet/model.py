"""What a wallet has to do with each call, as its dialect is published: a few states of a bet, and no code of any wallet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from synthetic.conformance.dialects.protocol import Ask, Reason
from synthetic.conformance.wallet.provider import Said
from synthetic.core.outcome import StepOutcome

DONE, REFUSED = frozenset({StepOutcome.DONE}), frozenset({StepOutcome.REFUSED})
EITHER = DONE | REFUSED


class BetState(StrEnum):
    """Where a bet is, as the provider has to believe after the answers that it got."""

    OPEN = "open"
    PAID_IN_PART = "paid in part"
    CLOSED = "closed"
    ROLLED_BACK = "rolled back"
    NEVER_PLACED = "never placed"
    BURIED = "rolled back before it came"


@dataclass
class KnownBet:
    """A bet of this play. `cost_minor`: what it took (nothing, where it was free); `paid_minor`: its wins so far."""

    ask: Ask
    state: BetState
    cost_minor: int
    paid_minor: int = 0

    @property
    def id(self) -> str:
        """The provider's id of it."""
        return self.ask.moves[0].id


@dataclass(frozen=True, slots=True)
class Knobs:
    """Where published wallets differ (domain reference 1, knobs). The defaults are those of the reference platform.

    `unknown_rollback`: done, or refused as not found. `duplicate`: a repetition is done again, or refused as a duplicate.
    `win_without_bet`, `settled_rollback`: refused, or accepted on purpose (then what it moves is not judged).
    """

    unknown_rollback: str = "ok"  # ok, not-found
    duplicate: str = "ok"  # ok, error
    win_without_bet: str = "refused"  # refused, accepted
    settled_rollback: str = "refused"  # refused, accepted


PUBLISHED = Knobs()


@dataclass(frozen=True, slots=True)
class Expected:
    """What may come of a call: how it may be answered, and by how many minor units the cash may move (None: by any).

    `law` and `what` name it. `refusals`: the only reasons that a refusal may have, where there are some.
    """

    law: str
    what: str
    outcomes: frozenset[StepOutcome]
    moves: frozenset[int] | None = frozenset({0})
    refusals: frozenset[Reason] = frozenset()

    def fault(self, said: Said, moved_minor: int) -> str:
        """What is wrong about an answer and what the cash did; `""` where nothing is."""
        if said.answer.outcome is StepOutcome.UNKNOWN:
            return ""  # a law of its own
        if said.answer.outcome not in self.outcomes:
            return f"{self.what} was answered {said.told}, and has to be {' or '.join(sorted(self.outcomes))}"
        if said.refused and self.refusals and said.answer.reason not in self.refusals:
            return f"{self.what} was refused as {said.told}, which is not why it may be"
        if self.moves is not None and moved_minor not in self.moves:
            allowed = " or ".join(f"{minor:+d}" for minor in sorted(self.moves))
            return f"{self.what} was answered {said.told} and moved the cash by {moved_minor:+d}, not {allowed}"
        return ""


def plain_bet(stake_minor: int) -> Expected:
    """A bet that nothing speaks against."""
    return Expected("bet-takes-its-stake", "a plain bet", DONE, frozenset({-stake_minor}))


def win_of(bet: KnownBet, amount_minor: int, knobs: Knobs) -> Expected:
    """A win of a bet, by where the bet is."""
    match bet.state:
        case BetState.OPEN | BetState.PAID_IN_PART:
            return Expected("won-round-pays", "the win of an open bet", DONE, frozenset({amount_minor}))
        case BetState.ROLLED_BACK:
            return Expected("no-win-after-rollback", "the win of a bet that was rolled back", REFUSED)
        case BetState.CLOSED:
            return Expected("no-win-on-closed-round", "a win in a closed round", REFUSED)
        case BetState.BURIED:
            return Expected("no-win-after-rollback", "the win of a bet that was rolled back before it came", REFUSED)
        case BetState.NEVER_PLACED if knobs.win_without_bet == "accepted":
            return Expected("no-win-without-bet", "the win of a bet that never was", EITHER, None)
        case BetState.NEVER_PLACED:
            return Expected("no-win-without-bet", "the win of a bet that never was", REFUSED)


def rollback_of(bet: KnownBet, knobs: Knobs) -> Expected:
    """A rollback of a bet under a new id, by where the bet is."""
    match bet.state:
        case BetState.OPEN:
            return Expected("voided-bet-is-refunded", "the rollback of an open bet", DONE, frozenset({bet.cost_minor}))
        case BetState.ROLLED_BACK | BetState.BURIED:
            return Expected("refund-at-most-stake", "a rollback of a bet that was rolled back", EITHER)
        case BetState.NEVER_PLACED:
            outcomes = DONE if knobs.unknown_rollback == "ok" else REFUSED
            return Expected("unknown-rollback-moves-nothing", "the rollback of a bet that never was", outcomes)
        case BetState.CLOSED | BetState.PAID_IN_PART:
            free = knobs.settled_rollback == "accepted"
            return Expected(
                "settled-bet-stays", "the rollback of a settled bet", EITHER, None if free else frozenset({0})
            )


def repetition(what: str, knobs: Knobs, *, law: str = "same-call-moves-once") -> Expected:
    """The same bytes again, of a call that was done."""
    outcomes = DONE if knobs.duplicate == "ok" else EITHER
    return Expected(law, f"the same {what} again", outcomes, refusals=frozenset({Reason.DUPLICATE, Reason.ROLLED_BACK}))


def refused(law: str, what: str) -> Expected:
    """What has to be refused, and moves nothing."""
    return Expected(law, what, REFUSED)
