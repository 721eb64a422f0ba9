"""What game providers told the wallet about each round: asked for when a round stays open, to find out whose fault that is."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any

ROUNDS_KEPT = 5_000
CALLS_KEPT = 50  # of one round

OK = "ok"


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call of a provider. `status`: `ok`, or why it was refused. `closes`: it ends the round; `after_bet`: a bet was there."""

    action: str
    transaction: str
    status: str
    closes: bool
    after_bet: bool


class CallLog:
    """The calls about the newest rounds of a cell, in memory; used on the event loop only."""

    def __init__(self) -> None:
        self._rounds: OrderedDict[tuple[str, str], list[LoggedCall]] = OrderedDict()

    def note(self, player_id: str, round_id: str, *, action: str, transaction: str, status: str, closes: bool) -> None:
        """Keep a call and how it was answered."""
        calls = self._rounds.setdefault((player_id, round_id), [])
        after_bet = any(call.action == "bet" and call.status == OK for call in calls)
        if len(calls) < CALLS_KEPT:
            calls.append(LoggedCall(action, transaction, status, closes, after_bet))
        while len(self._rounds) > ROUNDS_KEPT:
            self._rounds.popitem(last=False)

    def of(self, player_id: str, round_id: str) -> list[dict[str, Any]]:
        """The calls about a round in the form of `GET /games/rounds/{round}`, oldest first."""
        return [asdict(call) for call in self._rounds.get((player_id, round_id), [])]
