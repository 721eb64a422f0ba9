"""The wallet service: bets, wins, rollbacks and closings of rounds, exactly once, whatever the dialect.

A repetition is recognised before anything else is judged: a bet that was debited and whose session has expired since must
not be answered "expired", for the provider would discard it and the stake would be gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

from starlette.concurrency import run_in_threadpool

from synthetic.reference.cell.context import CellContext, GameSession, RoundClosed
from synthetic.reference.cell.wallet_api import bets, rollbacks, wins
from synthetic.reference.cell.wallet_api.calls import Done, Kind, Reason, Refused, WalletCall, WalletRequest
from synthetic.reference.cell.wallet_api.desk import Desk, Knobs
from synthetic.reference.ledger import Balance, InsufficientFunds, LedgerTransaction, Remembered, UnknownPlayer

Performer = Callable[[Desk, WalletCall], Done]

PERFORMERS: dict[Kind, Performer] = {
    Kind.BET: bets.place,
    Kind.WIN: wins.pay,
    Kind.ROLLBACK: rollbacks.undo,
    Kind.CLOSE: wins.close,
}


class WalletService:
    """The one wallet behind both dialects of a cell."""

    def __init__(self, context: CellContext, knobs: Knobs) -> None:
        self._context = context
        self._knobs = knobs

    async def perform(self, request: WalletRequest) -> list[Done]:
        """Do what the provider asks, then tell the listeners which rounds closed. Raises Refused."""
        try:
            done = await run_in_threadpool(self.commit, request)
        except Refused as refused:
            await self._tell(refused.closed)
            raise
        for outcome in done:
            await self._tell(outcome.closed)
        return done

    def commit(self, request: WalletRequest) -> list[Done]:
        """The synchronous part: one ledger transaction, all calls or none. Raises Refused."""
        game_session = self._session_of(request)
        with self._context.ledger.transaction() as transaction:
            balance = _lock(transaction, request.player_id)
            desk = Desk(self._context, self._knobs, transaction, request, game_session)
            outcome = _all_or_none(desk, balance)
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def balance(self, request: WalletRequest) -> Balance:
        """The player's balance; an expired token may still ask. Raises Refused."""
        if self._session_of(request) is None:
            raise Refused(Reason.INVALID_TOKEN)
        balance = self._context.ledger.balance(request.player_id)
        if request.currency and request.currency != balance.currency:
            raise Refused(Reason.WRONG_CURRENCY)
        return balance

    def _session_of(self, request: WalletRequest) -> GameSession | None:
        """The token's session, or None for a token that nobody knows. Raises Refused for somebody else's token."""
        found = (lookup(request.token) for lookup in self._context.session_lookups) if request.token else ()
        session = next((session for session in found if session is not None), None)
        if session is not None and (session.player_id, session.provider) != (request.player_id, request.provider):
            raise Refused(Reason.INVALID_TOKEN, "the token belongs to another player or provider")
        return session

    async def _tell(self, closed: RoundClosed | None) -> None:
        if closed is not None:
            for listener in self._context.on_round_closed:
                await listener(closed)


def _all_or_none(desk: Desk, before: Balance) -> list[Done] | Refused:
    """The calls in order; a refusal takes all of them back, and is a value here so that a tombstone can stay."""
    try:
        with desk.transaction.session.begin_nested():
            return [_answer(desk, call) for call in desk.request.calls]
    except (Refused, InsufficientFunds) as error:
        refused = error if isinstance(error, Refused) else Refused(Reason.FUNDS)
    refused.balance = before
    if refused.bury is not None:
        refused.closed = rollbacks.bury(desk, refused.bury)
    return refused


def _lock(transaction: LedgerTransaction, player_id: str) -> Balance:
    try:
        return transaction.lock(player_id)
    except UnknownPlayer:
        raise Refused(Reason.UNKNOWN_PLAYER) from None


def _answer(desk: Desk, call: WalletCall) -> Done:
    if call.kind is Kind.CLOSE:
        return PERFORMERS[call.kind](desk, call)
    seen = desk.transaction.recall(desk.request.scope, call.transaction)
    if seen is not None:
        return _repeat(desk, call, seen)
    done = PERFORMERS[call.kind](desk, call)
    fingerprint = desk.request.fingerprint(call)
    desk.transaction.remember(desk.request.scope, call.transaction, fingerprint, {"balance": asdict(done.balance)})
    return done


def _repeat(desk: Desk, call: WalletCall, seen: Remembered) -> Done:
    if seen.fingerprint != desk.request.fingerprint(call) or desk.knobs.duplicate == "error":
        raise Refused(Reason.DUPLICATE)
    if call.kind is Kind.BET and not call.free and desk.context.switch("debits_again_on_retry"):
        return replace(bets.debit(desk, call), replayed=True)
    return Done(call, Balance(**seen.response["balance"]), replayed=True)
