"""The wallet service: bets, wins, rollbacks and closings of rounds, exactly once, whatever the dialect.

A repetition is recognised before anything else is judged: a bet that was debited and whose session has expired since must
not be answered "expired", for the provider would discard it and the stake would be gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool

from synthetic.reference.cell.call_log import OK
from synthetic.reference.cell.context import CellContext, GameSession, RoundClosed
from synthetic.reference.cell.wallet_api import bets, repetitions, rollbacks, wins
from synthetic.reference.cell.wallet_api.calls import Done, Kind, Reason, Refused, WalletCall, WalletRequest
from synthetic.reference.cell.wallet_api.desk import Desk, Knobs
from synthetic.reference.cell.wallet_api.lateness import Lateness
from synthetic.reference.currency import exponent
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
        self._lateness = Lateness(context)

    async def perform(self, request: WalletRequest) -> list[Done]:
        """Do what the provider asks, then tell the listeners which rounds closed. Raises Refused."""
        arrived = datetime.now(UTC)
        await self._lateness.wait(request)
        try:
            done = await run_in_threadpool(self.commit, request, arrived)
        except Refused as refused:
            self._note(request, refused.reason.value)
            await self._tell(refused.closed)
            raise
        self._note(request, OK)
        for outcome in done:
            await self._tell(outcome.closed)
        return done

    def commit(self, request: WalletRequest, arrived: datetime | None = None) -> list[Done]:
        """The synchronous part: one ledger transaction, all calls or none. `arrived`: when it came in (now). Raises Refused."""
        arrived = arrived or datetime.now(UTC)
        game_session = self._session_of(request)
        with self._context.ledger.transaction() as transaction:
            balance = _lock(transaction, request.player_id)
            desk = Desk(self._context, self._knobs, transaction, request, game_session, arrived)
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
        is_foreign = session is not None and (session.player_id, session.provider) != (
            request.player_id,
            request.provider,
        )
        if is_foreign and not self._context.switch("accepts_foreign_token"):
            raise Refused(Reason.INVALID_TOKEN, "the token belongs to another player or provider")
        return session

    def _note(self, request: WalletRequest, status: str) -> None:
        for call in request.calls:
            self._context.wallet_calls.note(
                request.player_id,
                request.round_id,
                action=call.kind.value,
                transaction=call.transaction,
                status=status,
                closes=call.is_last,
            )

    async def _tell(self, closed: RoundClosed | None) -> None:
        if closed is not None:
            for listener in self._context.on_round_closed:
                await listener(closed)


def answered_minor(context: CellContext, balance: Balance) -> int:
    """The cash that an answer tells, in minor units."""
    whole = balance.cash_minor // 10 ** exponent(balance.currency) * 10 ** exponent(balance.currency)
    is_rounded = whole != balance.cash_minor and context.switch("rounds_balance_in_answers")
    return whole if is_rounded else balance.cash_minor


def _all_or_none(desk: Desk, before: Balance) -> list[Done] | Refused:
    """The calls in order; a refusal takes all of them back, and is a value here so that a tombstone can stay."""
    done: list[Done] = []
    try:
        with desk.transaction.session.begin_nested():
            for call in desk.request.calls:
                try:
                    done.append(_answer(desk, call, done[-1].balance if done else before))
                except (Refused, InsufficientFunds) as error:
                    if not done or not desk.context.switch("keeps_half_batches"):
                        raise
                    return _as_refused(error, before)
            return done
    except (Refused, InsufficientFunds) as error:
        refused = _as_refused(error, before)
    if refused.bury is not None:
        refused.closed = rollbacks.bury(desk, refused.bury)
    return refused


def _as_refused(error: Refused | InsufficientFunds, balance: Balance) -> Refused:
    refused = error if isinstance(error, Refused) else Refused(Reason.FUNDS)
    refused.balance = balance
    return refused


def _lock(transaction: LedgerTransaction, player_id: str) -> Balance:
    try:
        return transaction.lock(player_id)
    except UnknownPlayer:
        raise Refused(Reason.UNKNOWN_PLAYER) from None


def _answer(desk: Desk, call: WalletCall, before: Balance) -> Done:
    if call.kind is Kind.CLOSE:
        return PERFORMERS[call.kind](desk, call)
    seen = desk.transaction.recall(desk.request.scope, call.transaction) or repetitions.seen_elsewhere(desk, call)
    if seen is not None:
        return _repeat(desk, call, seen)
    done = _perform(desk, call)
    if done.balance != before and desk.context.switch("answers_balance_before"):
        done = replace(done, balance=before)
    fingerprint = desk.request.fingerprint(call)
    desk.transaction.remember(desk.request.scope, call.transaction, fingerprint, {"balance": asdict(done.balance)})
    return done


def _perform(desk: Desk, call: WalletCall) -> Done:
    is_expired = desk.game_session is not None and desk.game_session.expired
    if is_expired and call.kind is not Kind.BET and desk.context.switch("expired_token_blocks_all"):
        raise Refused(Reason.TOKEN_EXPIRED)
    return PERFORMERS[call.kind](desk, call)


def _repeat(desk: Desk, call: WalletCall, seen: Remembered) -> Done:
    is_same = seen.fingerprint == desk.request.fingerprint(call)
    if repetitions.moves_again(desk, call, seen, is_same=is_same):
        return replace(repetitions.move(desk, call), replayed=is_same)
    if not is_same or desk.knobs.duplicate == "error":
        raise Refused(Reason.DUPLICATE)
    return Done(call, Balance(**seen.response["balance"]), replayed=True)
