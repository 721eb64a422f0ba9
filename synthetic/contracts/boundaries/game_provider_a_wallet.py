"""game-provider-a -> wallet, dialect A (Hub88's wallet API: https://hub88.io/docs): x 100,000 integers, RSA over the raw body."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from pact import match
from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.seamless import (
    AFTER_MINOR,
    BEFORE_MINOR,
    CURRENCY,
    DISABLED_PLAYERS,
    EXPIRED,
    EXPIRED_SESSIONS,
    FOREIGN,
    LOSING,
    LOST_ANSWERS,
    NOBODY,
    PACE,
    PLAYER,
    SESSION,
    STAKE_MINOR,
    TWO_PLAYERS,
    Call,
    a_bet,
    a_disabled_player,
    a_player,
    a_rollback,
    a_win,
    exercise,
    is_stated,
    seat_of,
)
from synthetic.contracts.holes import body_from_state
from synthetic.contracts.interactions import Contract, Exercise, Interaction, State, interaction
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.game.dialect_a import REFUSALS, WalletA, private_key
from synthetic.reference.game.wallet_calls import UNKNOWN, Bet, Outcome, Verdict

DIALECT = "dialect a"
_GAME = "steady-dice"
_REQUEST = "7f0b6a0e-2c4d-4e5f-8a9b-0c1d2e3f4a5b"
_SIGNATURE = match.regex("c2lnbmVk", regex=r"[A-Za-z0-9+/]+={0,2}")
_FINE = 1_000  # 1 cent is 1,000 of the dialect's units
# The dialect has no code for a round that is closed: any word that says "this transaction is none" ends the matter.
_NO_TRANSACTION = ("DUPLICATE_TRANSACTION", "TRANSACTION_DOES_NOT_EXIST", "TRANSACTION_ROLLED_BACK")

_HAS = a_player("a")


@cache
def _key() -> rsa.RSAPrivateKey:
    return private_key()


def _wallet() -> WalletA:
    return WalletA(_key(), PACE, lambda: _REQUEST)


def _bet(name: str) -> Bet:
    return Bet(PLAYER, SESSION, _GAME, f"pact-key-a-{name}-round", f"pact-key-a-{name}", STAKE_MINOR, CURRENCY)


def _common(bet: Bet, transaction: str) -> dict[str, Any]:
    return {
        "user": bet.player,
        "token": bet.session,
        "request_uuid": _REQUEST,
        "transaction_uuid": transaction,
        "round": bet.round_id,
        "game_code": bet.game,
    }


def _asks_for(what: str, bet: Bet) -> Call[WalletA]:
    seat = seat_of(bet)
    body = {"user": seat.player, "token": seat.session, "request_uuid": _REQUEST}
    body |= {"game_code": seat.game, "currency": seat.currency}
    calls = {"info": lambda wallet, to: wallet.info(to, seat), "balance": lambda wallet, to: wallet.balance(to, seat)}
    return Call(f"user/{what}", body, calls[what])


def _debits(bet: Bet) -> Call[WalletA]:
    body = _common(bet, bet.bet_id) | {"currency": bet.currency, "amount": bet.stake_minor * _FINE}
    return Call(
        "transaction/bet", body | {"round_closed": False, "is_free": False}, lambda wallet, to: wallet.debit(to, bet)
    )


def _settles(bet: Bet, payout_minor: int) -> Call[WalletA]:
    body = _win_body(bet, f"{bet.bet_id}-win", payout_minor, closes=True)
    return Call("transaction/win", body, lambda wallet, to: wallet.settle(to, bet, payout_minor))


def _pays(bet: Bet, amount_minor: int, part: int = 1) -> Call[WalletA]:
    body = _win_body(bet, f"{bet.bet_id}-win-{part}", amount_minor, closes=False)
    return Call("transaction/win", body, lambda wallet, to: wallet.pay(to, bet, amount_minor, part))


def _win_body(bet: Bet, transaction: str, amount_minor: int, *, closes: bool) -> dict[str, Any]:
    money = {"currency": bet.currency, "amount": amount_minor * _FINE}
    return _common(bet, transaction) | money | {"round_closed": closes, "reference_transaction_uuid": bet.bet_id}


def _undoes(bet: Bet, rollback_id: str | None = None) -> Call[WalletA]:
    transaction = rollback_id or f"{bet.bet_id}-rollback"
    body = _common(bet, transaction) | {"round_closed": True, "reference_transaction_uuid": bet.bet_id}
    return Call("transaction/rollback", body, lambda wallet, to: wallet.rollback(to, bet, transaction))


def _done(
    description: str, call: Call[WalletA], after_minor: int, *given: State, needs: tuple[str, ...] = (), **more: Any
) -> Interaction:
    """The wallet does it; its answer has the balance after this transaction."""

    @interaction(description, *given, needs=(DIALECT, *needs))
    def declare(upon: HttpInteraction) -> Exercise:
        _asks(upon, call, given)
        body = {"user": call.body["user"], "status": "RS_OK", "request_uuid": _REQUEST}
        money = {"currency": CURRENCY, "balance": after_minor * _FINE}
        upon.will_respond_with(200).with_body({**body, **money, **more}, "application/json")
        upon.with_generators(body_from_state({"$.user": "${player}", "$.request_uuid": "${request}"}), "Response")
        return exercise(_wallet, "a", call, Outcome(Verdict.DONE, balance_minor=after_minor))

    return declare


def _refused(
    description: str, call: Call[WalletA], statuses: str | tuple[str, ...], *given: State, needs: tuple[str, ...] = ()
) -> Interaction:
    """The wallet refuses with one of these statuses (without `RS_ERROR_`; the first is the one of the example)."""
    names = (statuses,) if isinstance(statuses, str) else statuses
    status = f"RS_ERROR_{names[0]}"

    @interaction(description, *given, needs=(DIALECT, *needs))
    def declare(upon: HttpInteraction) -> Exercise:
        _asks(upon, call, given)
        agreed = match.regex(status, regex=f"^RS_ERROR_({'|'.join(names)})$")
        upon.will_respond_with(200).with_body({"status": agreed, "request_uuid": _REQUEST}, "application/json")
        if is_stated(given):
            upon.with_generators(body_from_state({"$.request_uuid": "${request}"}), "Response")
        return exercise(_wallet, "a", call, Outcome(Verdict.REFUSED, REFUSALS[status]))

    return declare


def _lost(description: str, call: Call[WalletA], *given: State, needs: tuple[str, ...]) -> Interaction:
    """The call gets a gateway's 504, which proves nothing: the client must not take it for a refusal."""

    @interaction(description, *given, needs=(DIALECT, *needs))
    def declare(upon: HttpInteraction) -> Exercise:
        _asks(upon, call, given)
        upon.will_respond_with(504)
        return exercise(_wallet, "a", call, UNKNOWN)

    return declare


def _asks(upon: HttpInteraction, call: Call[WalletA], given: tuple[State, ...]) -> None:
    upon.with_request("POST", f"/wallet/a/{call.path}").with_header("X-Hub88-Signature", _SIGNATURE)
    upon.with_body(dict(call.body), "application/json")
    if is_stated(given):
        names = {"$.user": "${player}", "$.token": "${token}", "$.request_uuid": "${request}"}
        if call.body["game_code"] == _GAME:
            names["$.game_code"] = "${game}"
        if call.body["token"] == NOBODY:
            del names["$.token"]
        upon.with_generators(body_from_state(names), "Request")


def _forged(what: str, call: Call[WalletA], how: str) -> Interaction:
    wrong = State(WRONG_SEAL, {"how": how})
    return _refused(f"{what} with a seal that is wrong: {how}", call, "INVALID_SIGNATURE", wrong)


_BET = _bet("bet")
_STRANGER = replace(_BET, player=NOBODY, session=NOBODY)

_USER = (
    _done("the player behind a session", _asks_for("info", _BET), BEFORE_MINOR, _HAS,
          country=match.regex("MT", regex="^[A-Z]{2}$")),
    _done("the balance of a player", _asks_for("balance", _BET), BEFORE_MINOR, _HAS),
    _refused("the balance of somebody whom the wallet does not know", _asks_for("balance", _STRANGER), "INVALID_TOKEN"),
    _forged("the balance of a player", _asks_for("balance", _STRANGER), "another key"),
)  # fmt: skip

_BETS = (
    _done("a bet", _debits(_BET), AFTER_MINOR, _HAS),
    _done("a bet that is sent again", _debits(_BET), AFTER_MINOR, _HAS, a_bet(_BET)),
    _done("a bet that is sent again after another one: the balance is that after the first", _debits(_BET),
          AFTER_MINOR, _HAS, a_bet(_BET), a_bet(_bet("other"))),
    _done("a bet that is sent again when its session has expired", _debits(_BET), AFTER_MINOR, _HAS, a_bet(_BET),
          EXPIRED, needs=(EXPIRED_SESSIONS,)),
    _lost("a bet whose answer is lost", _debits(_BET), _HAS, LOSING, needs=(LOST_ANSWERS,)),
    _refused("another amount under the id of a bet", _debits(replace(_BET, stake_minor=30)), "DUPLICATE_TRANSACTION",
             _HAS, a_bet(_BET)),
    _refused("another round under the id of a bet", _debits(replace(_BET, round_id="pact-key-a-other-round")),
             "DUPLICATE_TRANSACTION", _HAS, a_bet(_BET)),
    _refused("a bet of more than the player has", _debits(replace(_BET, stake_minor=BEFORE_MINOR + 1)),
             "NOT_ENOUGH_MONEY", _HAS),
    _refused("a bet of nothing", _debits(replace(_BET, stake_minor=0)), ("WRONG_SYNTAX", "WRONG_TYPES"), _HAS),
    _refused("a bet in a session that the wallet does not know", _debits(replace(_BET, session=NOBODY)),
             "INVALID_TOKEN", _HAS),
    _refused("a bet in the session of another player", _debits(_BET), "INVALID_TOKEN", _HAS, FOREIGN,
             needs=(TWO_PLAYERS,)),
    _refused("a bet in an expired session", _debits(_BET), "TOKEN_EXPIRED", _HAS, EXPIRED,
             needs=(EXPIRED_SESSIONS,)),
    _refused("a bet of a player who may not bet", _debits(_BET), "USER_DISABLED", a_disabled_player("a"),
             needs=(DISABLED_PLAYERS,)),
    _refused("a bet in another currency", _debits(replace(_BET, currency="USD")), "WRONG_CURRENCY", _HAS),
    _refused("a bet at a game that the session is not for", _debits(replace(_BET, game="pact-other-game")),
             "INVALID_GAME", _HAS),
    _refused("a bet on a closed round", _debits(replace(_BET, bet_id="pact-key-a-late")), _NO_TRANSACTION,
             _HAS, a_bet(_BET), a_win(_BET, 0)),
    _refused("a bet that comes after its rollback", _debits(_BET), "TRANSACTION_ROLLED_BACK", _HAS,
             a_rollback(_BET)),
    *(_forged("a bet", _debits(_STRANGER), how)
      for how in ("another key", "another payload", "the payload written anew", "none")),
)  # fmt: skip

_WINS = (
    _done("a win that closes its round", _settles(_BET, 40), AFTER_MINOR + 40, _HAS, a_bet(_BET)),
    _done("a win of nothing that closes its round", _settles(_BET, 0), AFTER_MINOR, _HAS, a_bet(_BET)),
    _done("a part of a win", _pays(_BET, 15), AFTER_MINOR + 15, _HAS, a_bet(_BET)),
    _done("the rest of a win", _settles(_BET, 25), AFTER_MINOR + 40, _HAS, a_bet(_BET),
          a_win(_BET, 15, closes=False)),
    _done("a win that is sent again", _settles(_BET, 40), AFTER_MINOR + 40, _HAS, a_bet(_BET),
          a_win(_BET, 40)),
    _done("a win when the session has expired", _settles(_BET, 40), AFTER_MINOR + 40, _HAS, a_bet(_BET),
          EXPIRED, needs=(EXPIRED_SESSIONS,)),
    _done("a win of nothing when the session has expired", _settles(_BET, 0), AFTER_MINOR, _HAS,
          a_bet(_BET), EXPIRED, needs=(EXPIRED_SESSIONS,)),
    _refused("another amount under the id of a win", _pays(_BET, 50), "DUPLICATE_TRANSACTION", _HAS,
             a_bet(_BET), a_win(_BET, 40, closes=False)),
    _refused("a win of a bet that the wallet does not know", _settles(_BET, 40),
             "TRANSACTION_DOES_NOT_EXIST", _HAS),
    _refused("a win of a bet that was rolled back", _settles(_BET, 40), "TRANSACTION_ROLLED_BACK", _HAS,
             a_bet(_BET), a_rollback(_BET)),
    _refused("a second win of a closed round", _pays(_BET, 40, part=2), _NO_TRANSACTION, _HAS,
             a_bet(_BET), a_win(_BET, 40)),
    _refused("a win in another currency", _settles(replace(_BET, currency="USD"), 40), "WRONG_CURRENCY", _HAS,
             a_bet(_BET)),
    _forged("a win", _settles(_STRANGER, 40), "another key"),
)  # fmt: skip

_ROLLBACKS = (
    _done("a rollback", _undoes(_BET), BEFORE_MINOR, _HAS, a_bet(_BET)),
    _done("a rollback that is sent again", _undoes(_BET), BEFORE_MINOR, _HAS, a_bet(_BET), a_rollback(_BET)),
    _done("a second rollback of a bet", _undoes(_BET, "pact-key-a-second-rollback"), BEFORE_MINOR, _HAS,
          a_bet(_BET), a_rollback(_BET)),
    _done("a rollback of a bet that never came", _undoes(_BET), BEFORE_MINOR, _HAS),
    _done("a rollback when the session has expired", _undoes(_BET), BEFORE_MINOR, _HAS,
          a_bet(_BET), EXPIRED, needs=(EXPIRED_SESSIONS,)),
    _refused("a rollback of a bet that is settled", _undoes(_BET), _NO_TRANSACTION, _HAS, a_bet(_BET), a_win(_BET, 40)),
    _forged("a rollback", _undoes(_STRANGER), "another key"),
)  # fmt: skip

CONTRACT = Contract("game-provider-a", "wallet", (*_USER, *_BETS, *_WINS, *_ROLLBACKS))
