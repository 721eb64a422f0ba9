"""What the wallet ought to do, written again from domain reference 1 and 6: plain dictionaries, one call at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from synthetic.reference.cell.wallet_api.calls import Kind, Reason, WalletCall, WalletRequest

Answer = int | Reason  # the cash right after the call, or why it was refused


@dataclass
class Bet:
    """A debited bet of the model."""

    round_id: str
    stake_minor: int
    state: str = "live"  # live | undone | settled
    paid_minor: int = 0


@dataclass
class Purse:
    """What the model knows of one player at one provider."""

    cash_minor: int
    locked_minor: int = 0
    bets: dict[str, Bet] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)  # round -> its last word
    tombstones: set[str] = field(default_factory=set)
    answered: dict[str, tuple[tuple[object, ...], int]] = field(default_factory=dict)

    def answer(self, request: WalletRequest, call: WalletCall, *, expired: bool) -> Answer:
        """What this call has to be answered; the model moves on where it succeeds."""
        parts = (call.kind, request.round_id, call.amount_minor, call.reference)
        if call.transaction in self.answered:
            seen, cash_minor = self.answered[call.transaction]
            return cash_minor if seen == parts else Reason.DUPLICATE
        refusal = self._do(request, call, expired=expired)
        if refusal is not None:
            return refusal
        self.answered[call.transaction] = (parts, self.cash_minor)
        return self.cash_minor

    def _do(self, request: WalletRequest, call: WalletCall, *, expired: bool) -> Reason | None:
        if call.kind is Kind.BET:
            return self._bet(request.round_id, call, expired=expired)
        if call.kind is Kind.WIN:
            return self._win(request.round_id, call)
        return self._rollback(call.reference)

    def _bet(self, round_id: str, call: WalletCall, *, expired: bool) -> Reason | None:
        if expired:
            return Reason.TOKEN_EXPIRED
        if call.transaction in self.tombstones:
            return Reason.ROLLED_BACK
        if round_id in self.closed:
            return Reason.ROUND_CLOSED
        if call.amount_minor > self.cash_minor:
            return Reason.FUNDS
        self.cash_minor -= call.amount_minor
        self.bets[call.transaction] = Bet(round_id, call.amount_minor)
        return None

    def _win(self, round_id: str, call: WalletCall) -> Reason | None:
        bet = self.bets.get(call.reference)
        if bet is None or bet.round_id != round_id:
            return Reason.UNKNOWN_BET
        if bet.state == "undone":
            return Reason.ROLLED_BACK
        if round_id in self.closed:
            return Reason.ROUND_CLOSED
        self.cash_minor += call.amount_minor
        bet.paid_minor += call.amount_minor
        if call.closes or call.amount_minor == 0:
            self._close(round_id)
        return None

    def _rollback(self, bet_id: str) -> Reason | None:
        bet = self.bets.get(bet_id)
        if bet is None:
            self.tombstones.add(bet_id)
            return None
        if bet.state == "undone":
            return None
        if bet.state == "settled" or bet.paid_minor:
            return Reason.ROUND_CLOSED
        self.cash_minor += bet.stake_minor
        bet.state = "undone"
        if all(other.state == "undone" for other in self._of(bet.round_id)):
            self.closed[bet.round_id] = "VOID"
        return None

    def _close(self, round_id: str) -> None:
        bets = self._of(round_id)
        self.closed[round_id] = "WON" if any(bet.paid_minor for bet in bets) else "LOST"
        for bet in bets:
            if bet.state == "live":
                bet.state = "settled"

    def _of(self, round_id: str) -> list[Bet]:
        return [bet for bet in self.bets.values() if bet.round_id == round_id]
