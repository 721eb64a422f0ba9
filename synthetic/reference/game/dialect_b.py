"""A game provider that calls wallet dialect B, in the style of SOFTSWISS v2: decimal strings, HMAC-SHA256 over the raw body.

The bet goes out in a batch of its own and the win in a later one, so that a round is open in between.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.applications import Starlette

from synthetic.reference.currency import from_decimal, to_decimal
from synthetic.reference.game.games import games_of
from synthetic.reference.game.operators import Operator
from synthetic.reference.game.pace import Pace
from synthetic.reference.game.provider import build_provider
from synthetic.reference.game.wallet_calls import UNKNOWN, Bet, Outcome, Reply, Seat, Verdict, WalletLine
from synthetic.reference.switchboard import Switchboard

SIGNATURE_HEADER = "X-REQUEST-SIGN"
NOT_ANSWERED = frozenset(range(500, 600))  # this dialect repeats after any 5xx

# `meta.api_code` in the words that the provider uses towards the gateway. Any other is undecided (UNKNOWN).
REFUSALS = {
    100: "insufficient_funds",
    101: "invalid_session",
    105: "limit_reached",
    106: "limit_reached",
    107: "game_disabled",
    110: "player_disabled",
    154: "wrong_currency",
    400: "malformed",
    403: "signature_refused",
    404: "unknown_bet",
    409: "rolled_back",
    410: "round_closed",
    422: "duplicate",
}
NOTHING_TO_UNDO = frozenset({"unknown_bet", "rolled_back"})


class WalletB:
    """The wallets of all operators, called in dialect B."""

    def __init__(self, pace: Pace) -> None:
        self._line = WalletLine(pace, NOT_ANSWERED)

    async def balance(self, operator: Operator, seat: Seat) -> Outcome:
        """`/balance`."""
        return await self._send(operator, "balance", seat.currency, _seat(seat))

    async def debit(self, operator: Operator, bet: Bet) -> Outcome:
        """`/betwin` with one bet; the round stays open."""
        transaction = {"id_provider": bet.bet_id, "type": "bet", "amount": to_decimal(bet.stake_minor, bet.currency)}
        return await self._call(operator, "betwin", bet, {"finished": False, "transactions": [transaction]})

    async def pay(self, operator: Operator, bet: Bet, amount_minor: int, part: int) -> Outcome:
        """`/betwin` with a win; the round stays open."""
        amount = to_decimal(amount_minor, bet.currency)
        transaction = {"id_provider": f"{bet.bet_id}-win-{part}", "type": "win", "amount": amount}
        return await self._call(operator, "betwin", bet, {"finished": False, "transactions": [transaction]})

    async def settle(self, operator: Operator, bet: Bet, payout_minor: int) -> Outcome:
        """`/betwin` with the win and `finished`; `/finish` for a lost round, for the dialect has no zero amounts."""
        if payout_minor == 0:
            return await self._call(operator, "finish", bet, {})
        amount = to_decimal(payout_minor, bet.currency)
        transaction = {"id_provider": f"{bet.bet_id}-win", "type": "win", "amount": amount}
        return await self._call(operator, "betwin", bet, {"finished": True, "transactions": [transaction]})

    async def rollback(self, operator: Operator, bet: Bet, rollback_id: str) -> Outcome:
        """`/rollback`."""
        transaction = {"id_provider": rollback_id, "type": "rollback", "id_original": bet.bet_id}
        outcome = await self._call(operator, "rollback", bet, {"transactions": [transaction]})
        return Outcome(Verdict.DONE, outcome.code) if outcome.code in NOTHING_TO_UNDO else outcome

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    async def _call(self, operator: Operator, path: str, bet: Bet, more: dict[str, Any]) -> Outcome:
        return await self._send(operator, path, bet.currency, _body(bet) | more)

    async def _send(self, operator: Operator, path: str, currency: str, body: Mapping[str, Any]) -> Outcome:
        raw = json.dumps(body).encode()
        headers = {SIGNATURE_HEADER: sign(operator.wallet_secret, raw)}
        return conclude(await self._line.post(f"{operator.wallet_url}/{path}", raw, headers), currency)


def sign(secret: str, raw: bytes) -> str:
    """HMAC-SHA256 over the raw body, in hex."""
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def conclude(reply: Reply | None, currency: str) -> Outcome:
    """What an answer proves: success is 200 with a balance, a refusal 400 with a known `api_code`; all else proves nothing."""
    if reply is None or reply.body is None:
        return UNKNOWN
    if reply.status == 400:
        code = _refusal(reply.body)
        return UNKNOWN if code is None else Outcome(Verdict.REFUSED, code)
    try:
        balance_minor = from_decimal(reply.body.get("balance"), currency)
    except ValueError:
        return UNKNOWN
    if reply.status != 200:
        return UNKNOWN
    return Outcome(Verdict.DONE, balance_minor=balance_minor, wallet_id=_wallet_id(reply.body))


def build_provider_b(
    name: str, board: Switchboard, *, operators: Iterable[Operator] = (), pace: Pace | None = None
) -> Starlette:
    """The ASGI app of a dialect B provider (wheels). It signs with the secret that it shares with each operator.

    Further operators register by `PUT /_operators/{operator}` over loopback.
    """
    pace = pace or Pace()
    return build_provider(
        name, board, wallet=WalletB(pace), games=games_of("wheel"), operators=operators, pace=pace, routes=[]
    )


def _seat(seat: Seat) -> dict[str, Any]:
    return {"token": seat.session, "user_id": seat.player, "currency": seat.currency}


def _body(bet: Bet) -> dict[str, Any]:
    return {
        "token": bet.session,
        "user_id": bet.player,
        "currency": bet.currency,
        "game": bet.game,
        "round_id": bet.round_id,
    }


def _wallet_id(body: Mapping[str, Any]) -> str:
    """Of the last transaction; "" where there is none."""
    transactions = body.get("transactions")
    last = transactions[-1] if isinstance(transactions, list) and transactions else None
    return str(last.get("id_casino", "")) if isinstance(last, dict) else ""


def _refusal(body: Mapping[str, Any]) -> str | None:
    meta = body.get("meta")
    code = meta.get("api_code") if isinstance(meta, dict) else None
    return REFUSALS.get(code) if isinstance(code, int) else None
