"""A game provider that calls wallet dialect A, in the style of Hub88: x 100,000 integers, RSA-SHA256 over the raw body."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.currency import from_fine, to_fine
from synthetic.reference.game.games import games_of
from synthetic.reference.game.operators import Operator
from synthetic.reference.game.pace import Pace
from synthetic.reference.game.provider import build_provider
from synthetic.reference.game.wallet_calls import UNKNOWN, Bet, Outcome, Reply, Seat, Verdict, WalletLine
from synthetic.reference.switchboard import Switchboard

KEY_BITS = 2048
SIGNATURE_HEADER = "X-Hub88-Signature"
NOT_ANSWERED = frozenset({504})

# The statuses that the provider knows, in the words that it uses towards the gateway. Any other is undecided (UNKNOWN).
REFUSALS = {
    "RS_ERROR_NOT_ENOUGH_MONEY": "insufficient_funds",
    "RS_ERROR_WRONG_CURRENCY": "wrong_currency",
    "RS_ERROR_USER_DISABLED": "player_disabled",
    "RS_ERROR_INVALID_GAME": "game_disabled",
    "RS_ERROR_INVALID_TOKEN": "invalid_session",
    "RS_ERROR_TOKEN_EXPIRED": "session_expired",
    "RS_ERROR_LIMIT_REACHED": "limit_reached",
    "RS_ERROR_INVALID_SIGNATURE": "signature_refused",
    "RS_ERROR_WRONG_SYNTAX": "malformed",
    "RS_ERROR_WRONG_TYPES": "malformed",
    "RS_ERROR_DUPLICATE_TRANSACTION": "duplicate",
    "RS_ERROR_TRANSACTION_DOES_NOT_EXIST": "unknown_bet",
    "RS_ERROR_TRANSACTION_ROLLED_BACK": "rolled_back",
}
NOTHING_TO_UNDO = frozenset({"unknown_bet", "rolled_back"})


class WalletA:
    """The wallets of all operators, called in dialect A. `new_request_id` names each request, so that its answer can be told."""

    def __init__(
        self, key: rsa.RSAPrivateKey, pace: Pace, new_request_id: Callable[[], str] = lambda: str(uuid.uuid4())
    ) -> None:
        self._key = key
        self._new_request_id = new_request_id
        self._line = WalletLine(pace, NOT_ANSWERED)

    async def info(self, operator: Operator, seat: Seat) -> Outcome:
        """`/user/info`: whether the token is the player's, and what he has."""
        return await self._call(operator, "user/info", seat.currency, _seat(seat))

    async def balance(self, operator: Operator, seat: Seat) -> Outcome:
        """`/user/balance`."""
        return await self._call(operator, "user/balance", seat.currency, _seat(seat))

    async def debit(self, operator: Operator, bet: Bet) -> Outcome:
        """`/transaction/bet`."""
        body = _body(bet, bet.bet_id) | _money(bet, bet.stake_minor) | {"round_closed": False, "is_free": False}
        return await self._call(operator, "transaction/bet", bet.currency, body)

    async def pay(self, operator: Operator, bet: Bet, amount_minor: int, part: int) -> Outcome:
        """`/transaction/win` that leaves the round open."""
        body = _body(bet, f"{bet.bet_id}-win-{part}") | _money(bet, amount_minor) | {"round_closed": False}
        body |= {"reference_transaction_uuid": bet.bet_id}
        return await self._call(operator, "transaction/win", bet.currency, body)

    async def settle(self, operator: Operator, bet: Bet, payout_minor: int) -> Outcome:
        """`/transaction/win` with `round_closed`; an amount of zero for a lost round."""
        body = _body(bet, f"{bet.bet_id}-win") | _money(bet, payout_minor) | {"round_closed": True}
        body |= {"reference_transaction_uuid": bet.bet_id}
        return await self._call(operator, "transaction/win", bet.currency, body)

    async def rollback(self, operator: Operator, bet: Bet, rollback_id: str) -> Outcome:
        """`/transaction/rollback`."""
        body = _body(bet, rollback_id) | {"round_closed": True, "reference_transaction_uuid": bet.bet_id}
        outcome = await self._call(operator, "transaction/rollback", bet.currency, body)
        return Outcome(Verdict.DONE, outcome.code) if outcome.code in NOTHING_TO_UNDO else outcome

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    async def _call(self, operator: Operator, path: str, currency: str, body: Mapping[str, Any]) -> Outcome:
        request_id = self._new_request_id()
        raw = json.dumps({**body, "request_uuid": request_id}).encode()
        headers = {SIGNATURE_HEADER: sign(self._key, raw)}
        reply = await self._line.post(f"{operator.wallet_url}/{path}", raw, headers)
        return conclude(reply, request_id, currency)


def sign(key: rsa.RSAPrivateKey, raw: bytes) -> str:
    """RSA-SHA256 (PKCS #1 v1.5) over the raw body, in base64."""
    return base64.b64encode(key.sign(raw, padding.PKCS1v15(), SHA256())).decode()


def conclude(reply: Reply | None, request_uuid: str, currency: str) -> Outcome:
    """What an answer proves: a body that isn't the answer to this request, or has an undecided status, proves nothing."""
    if reply is None or reply.status != 200 or reply.body is None or reply.body.get("request_uuid") != request_uuid:
        return UNKNOWN
    status = reply.body.get("status")
    if status != "RS_OK":
        code = REFUSALS.get(status) if isinstance(status, str) else None
        return UNKNOWN if code is None else Outcome(Verdict.REFUSED, code)
    try:
        return Outcome(Verdict.DONE, balance_minor=from_fine(reply.body.get("balance"), currency))
    except (TypeError, ValueError):
        return UNKNOWN


def build_provider_a(
    name: str,
    board: Switchboard,
    *,
    operators: Iterable[Operator] = (),
    private_key_pem: str | None = None,
    pace: Pace | None = None,
) -> Starlette:
    """The ASGI app of a dialect A provider (dice). It signs with the given RSA key, or with one made for it.

    `GET /_keys` answers the public key. Further operators register by `PUT /_operators/{operator}` over loopback.
    Raises ValueError for a key that is not RSA of at least 2048 bits.
    """
    key = private_key(private_key_pem)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    async def keys(_request: Request) -> Response:
        return JSONResponse({"algorithm": "RSA-SHA256", "public_key_pem": pem})

    pace = pace or Pace()
    return build_provider(
        name,
        board,
        wallet=WalletA(key, pace),
        games=games_of("dice"),
        operators=operators,
        pace=pace,
        routes=[Route("/_keys", keys, methods=["GET"])],
    )


def private_key(pem: str | None = None) -> rsa.RSAPrivateKey:
    """The key to sign with, read or made. Raises ValueError for one that is not RSA of at least 2048 bits."""
    if pem is None:
        return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < KEY_BITS:
        raise ValueError(f"dialect A signs with an RSA key of at least {KEY_BITS} bits")
    return key


def _body(bet: Bet, transaction: str) -> dict[str, Any]:
    return {
        "user": bet.player,
        "token": bet.session,
        "transaction_uuid": transaction,
        "round": bet.round_id,
        "game_code": bet.game,
    }


def _seat(seat: Seat) -> dict[str, Any]:
    return {"user": seat.player, "token": seat.session, "game_code": seat.game, "currency": seat.currency}


def _money(bet: Bet, amount_minor: int) -> dict[str, Any]:
    return {"currency": bet.currency, "amount": to_fine(amount_minor, bet.currency)}
