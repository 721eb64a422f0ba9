"""Faults of time: a wallet that takes longer over a bet than a provider waits, or long enough for its duplicates to catch up."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.wallet_api.calls import Kind, WalletRequest

LATE_S = 3.2  # 16 s in life, where a provider waits for 15 s; here for 3 s
GAP_S = 0.05  # between looking whether an id is known and posting it, by the switch `posts_concurrent_duplicates`
_DECISIONS_KEPT = 1000


class Lateness:
    """Holds bets up before anything of them is looked at. A bet is late or not, and its repetitions with it."""

    def __init__(self, context: CellContext) -> None:
        self._context = context
        self._delays_s: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def wait(self, request: WalletRequest) -> None:
        """Wait as long as the switch says."""
        bet = next((call for call in request.calls if call.kind is Kind.BET), None)
        if bet is None:
            return
        delay_s = self._delay_s((request.scope, bet.transaction))
        if any(switch.name == "posts_concurrent_duplicates" for switch in self._context.board.thrown()):
            delay_s += GAP_S
        if delay_s:
            await asyncio.sleep(delay_s)

    def _delay_s(self, bet: tuple[str, str]) -> float:
        if bet not in self._delays_s:
            switch = self._context.acting("answers_bets_late")
            self._delays_s[bet] = 0.0 if switch is None else float(switch.params.get("delay_s", LATE_S))
        while len(self._delays_s) > _DECISIONS_KEPT:
            self._delays_s.popitem(last=False)
        return self._delays_s[bet]
