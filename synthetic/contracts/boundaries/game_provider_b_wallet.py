"""game-provider-b -> wallet, dialect B (SOFTSWISS v2 style): decimal strings, HMAC over the raw body, refusals by `api_code`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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
    another_bet,
    exercise,
    is_stated,
    seat_of,
)
from synthetic.contracts.holes import body_from_state
from synthetic.contracts.interactions import Contract, Exercise, Interaction, State, interaction
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.currency import to_decimal
from synthetic.reference.game.dialect_b import NOTHING_TO_UNDO, REFUSALS, WalletB
from synthetic.reference.game.wallet_calls import UNKNOWN, Bet, Outcome, Verdict

DIALECT = "dialect b"
_GAME = "steady-wheel"
_SECRET = "secret"  # noqa: S105 - of nobody: what signs at verification is the provider's
_SIGNATURE = match.regex("0" * 64, regex="^[0-9a-f]{64}$")
_WALLET_ID = "c-1"

_BET = Bet(PLAYER, SESSION, _GAME, "pact-key-b-bet-round", "pact-key-b-bet", STAKE_MINOR, CURRENCY)
_OTHER = replace(_BET, round_id="pact-key-b-other-round", bet_id="pact-key-b-other")
_STRANGER = replace(_BET, player=NOBODY, session=NOBODY)
_HAS = a_player("b")


def _wallet() -> WalletB:
    return WalletB(PACE)


def _decimal(amount_minor: int) -> str:
    return to_decimal(amount_minor, CURRENCY)


def _common(bet: Bet) -> dict[str, Any]:
    return {
        "token": bet.session,
        "user_id": bet.player,
        "currency": bet.currency,
        "game": bet.game,
        "round_id": bet.round_id,
    }


def _asks_for_balance(bet: Bet) -> Call[WalletB]:
    seat = seat_of(bet)
    body = {"token": seat.session, "user_id": seat.player, "currency": seat.currency}
    return Call("balance", body, lambda wallet, to: wallet.balance(to, seat))


def _debits(bet: Bet) -> Call[WalletB]:
    body = _betwin(bet, bet.bet_id, "bet", bet.stake_minor, finished=False)
    return Call("betwin", body, lambda wallet, to: wallet.debit(to, bet))


def _settles(bet: Bet, payout_minor: int) -> Call[WalletB]:
    body = _betwin(bet, f"{bet.bet_id}-win", "win", payout_minor, finished=True)
    return Call("betwin", body, lambda wallet, to: wallet.settle(to, bet, payout_minor))


def _pays(bet: Bet, amount_minor: int, part: int = 1) -> Call[WalletB]:
    body = _betwin(bet, f"{bet.bet_id}-win-{part}", "win", amount_minor, finished=False)
    return Call("betwin", body, lambda wallet, to: wallet.pay(to, bet, amount_minor, part))


def _betwin(bet: Bet, transaction: str, kind: str, amount_minor: int, *, finished: bool) -> dict[str, Any]:
    item = {"id_provider": transaction, "type": kind, "amount": _decimal(amount_minor)}
    return _common(bet) | {"finished": finished, "transactions": [item]}


def _finishes(bet: Bet) -> Call[WalletB]:
    """What the client sends for a lost round: the dialect has no zero amounts."""
    return Call("finish", _common(bet), lambda wallet, to: wallet.settle(to, bet, 0))


def _undoes(bet: Bet, rollback_id: str | None = None) -> Call[WalletB]:
    transaction = rollback_id or f"{bet.bet_id}-rollback"
    item = {"id_provider": transaction, "type": "rollback", "id_original": bet.bet_id}
    body = _common(bet) | {"transactions": [item]}
    return Call("rollback", body, lambda wallet, to: wallet.rollback(to, bet, transaction))


def _done(
    description: str,
    call: Call[WalletB],
    after_minor: int,
    *given: State,
    again: bool = False,
    needs: tuple[str, ...] = (),
) -> Interaction:
    """The wallet does it; its answer has the balance after this transaction. `again`: and the wallet's first id of it."""

    @interaction(description, *given, needs=(DIALECT, *needs))
    def declare(upon: HttpInteraction) -> Exercise:
        _asks(upon, call, given)
        body: dict[str, Any] = {"balance": _decimal(after_minor), "currency": CURRENCY}
        promised, wallet_id = {}, ""
        if "round_id" in call.body:
            body["round_id"] = call.body["round_id"]
            promised["$.round_id"] = _own(call.body["round_id"])
        for item in call.body.get("transactions", ()):
            wallet_id = _WALLET_ID
            own_id = wallet_id if again else match.regex(wallet_id, regex="^.+$")
            body["transactions"] = [{"id_provider": item["id_provider"], "id_casino": own_id}]
            promised["$.transactions[0].id_provider"] = _own(item["id_provider"])
            if again:
                promised["$.transactions[0].id_casino"] = "${wallet_id}"
        upon.will_respond_with(200).with_body(body, "application/json")
        upon.with_generators(body_from_state(promised), "Response")
        expected = Outcome(Verdict.DONE, balance_minor=after_minor, wallet_id=wallet_id)
        return exercise(_wallet, "b", call, expected, _SECRET)

    return declare


def _refused(
    description: str,
    call: Call[WalletB],
    api_code: int,
    *given: State,
    needs: tuple[str, ...] = (),
    balance_minor: int | None = None,
) -> Interaction:
    """The wallet refuses: HTTP 400, and the meaning in `meta.api_code`. With a balance where the dialect says so."""

    @interaction(description, *given, needs=(DIALECT, *needs))
    def declare(upon: HttpInteraction) -> Exercise:
        _asks(upon, call, given)
        body: dict[str, Any] = {"meta": {"api_code": api_code}}
        if balance_minor is not None:
            body |= {"balance": _decimal(balance_minor), "currency": CURRENCY}
        upon.will_respond_with(400).with_body(body, "application/json")
        code = REFUSALS[api_code]
        is_undone = call.path == "rollback" and code in NOTHING_TO_UNDO
        expected = Outcome(Verdict.DONE if is_undone else Verdict.REFUSED, code)
        return exercise(_wallet, "b", call, expected, _SECRET)

    return declare


def _lost(description: str, call: Call[WalletB], *given: State, needs: tuple[str, ...]) -> Interaction:
    """The call gets a gateway's 504, which proves nothing: the client must not take it for a refusal."""

    @interaction(description, *given, needs=(DIALECT, *needs))
    def declare(upon: HttpInteraction) -> Exercise:
        _asks(upon, call, given)
        upon.will_respond_with(504)
        return exercise(_wallet, "b", call, UNKNOWN, _SECRET)

    return declare


def _asks(upon: HttpInteraction, call: Call[WalletB], given: tuple[State, ...]) -> None:
    upon.with_request("POST", f"/wallet/b/{call.path}").with_header("X-REQUEST-SIGN", _SIGNATURE)
    upon.with_body(dict(call.body), "application/json")
    if is_stated(given):
        names = {"$.user_id": "${player}"}
        if call.body["token"] != NOBODY:
            names["$.token"] = "${token}"
        if call.body.get("game") == _GAME:
            names["$.game"] = "${game}"
        upon.with_generators(body_from_state(names), "Request")


def _own(key: str) -> str:
    """The key as the verification sends it: with the interaction's salt."""
    return key.replace("pact-key-", "pact-key-${salt}-")


def _forged(what: str, call: Call[WalletB], how: str) -> Interaction:
    return _refused(f"{what} with a seal that is wrong: {how}", call, 403, State(WRONG_SEAL, {"how": how}))


_BALANCES = (
    _done("the balance of a player", _asks_for_balance(_BET), BEFORE_MINOR, _HAS),
    _refused("the balance of somebody whom the wallet does not know", _asks_for_balance(_STRANGER), 101),
    _forged("the balance of a player", _asks_for_balance(_STRANGER), "another key"),
)

_BETS = (
    _done("a bet", _debits(_BET), AFTER_MINOR, _HAS),
    _done("a bet that is sent again", _debits(_BET), AFTER_MINOR, _HAS, a_bet(_BET), again=True),
    _done("a bet that is sent again after another one: the balance is that after the first", _debits(_BET), AFTER_MINOR,
          _HAS, a_bet(_BET), another_bet(_OTHER), again=True),
    _done("a bet that is sent again when its session has expired", _debits(_BET), AFTER_MINOR, _HAS, a_bet(_BET),
          EXPIRED, again=True, needs=(EXPIRED_SESSIONS,)),
    _lost("a bet whose answer is lost", _debits(_BET), _HAS, LOSING, needs=(LOST_ANSWERS,)),
    _refused("another amount under the id of a bet", _debits(replace(_BET, stake_minor=30)), 422, _HAS, a_bet(_BET)),
    _refused("another round under the id of a bet", _debits(replace(_BET, round_id="pact-key-b-other-round")), 422,
             _HAS, a_bet(_BET)),
    _refused("a bet of more than the player has", _debits(replace(_BET, stake_minor=BEFORE_MINOR + 1)), 100, _HAS,
             balance_minor=BEFORE_MINOR),
    _refused("a bet of nothing", _debits(replace(_BET, stake_minor=0)), 400, _HAS),
    _refused("a bet in a session that the wallet does not know", _debits(replace(_BET, session=NOBODY)), 101, _HAS),
    _refused("a bet in the session of another player", _debits(_BET), 101, _HAS, FOREIGN, needs=(TWO_PLAYERS,)),
    _refused("a bet in an expired session", _debits(_BET), 101, _HAS, EXPIRED, needs=(EXPIRED_SESSIONS,)),
    _refused("a bet of a player who may not bet", _debits(_BET), 110, a_disabled_player("b"), needs=(DISABLED_PLAYERS,)),
    _refused("a bet in another currency", _debits(replace(_BET, currency="USD")), 154, _HAS),
    _refused("a bet at a game that the session is not for", _debits(replace(_BET, game="pact-other-game")), 107, _HAS),
    _refused("a bet on a closed round", _debits(replace(_BET, bet_id="pact-key-b-late")), 410, _HAS, a_bet(_BET),
             a_win(_BET, 0)),
    _refused("a bet that comes after its rollback", _debits(_BET), 409, _HAS, a_rollback(_BET)),
    *(_forged("a bet", _debits(_STRANGER), how)
      for how in ("another key", "another payload", "the payload written anew", "none")),
)  # fmt: skip

_WINS = (
    _done("a win that closes its round", _settles(_BET, 40), AFTER_MINOR + 40, _HAS, a_bet(_BET)),
    _done("a part of a win", _pays(_BET, 15), AFTER_MINOR + 15, _HAS, a_bet(_BET)),
    _done("the rest of a win", _settles(_BET, 25), AFTER_MINOR + 40, _HAS, a_bet(_BET), a_win(_BET, 15, closes=False)),
    _done("a win that is sent again", _settles(_BET, 40), AFTER_MINOR + 40, _HAS, a_bet(_BET), a_win(_BET, 40),
          again=True),
    _done("a win when the session has expired", _settles(_BET, 40), AFTER_MINOR + 40, _HAS, a_bet(_BET), EXPIRED,
          needs=(EXPIRED_SESSIONS,)),
    _refused("another amount under the id of a win", _pays(_BET, 50), 422, _HAS, a_bet(_BET),
             a_win(_BET, 40, closes=False)),
    _refused("a win in a round that the wallet does not know", _settles(_BET, 40), 404, _HAS),
    _refused("a win of a bet that was rolled back", _settles(_BET, 40), 409, _HAS, a_bet(_BET), a_rollback(_BET)),
    _refused("a second win of a closed round", _pays(_BET, 40, part=2), 410, _HAS, a_bet(_BET), a_win(_BET, 40)),
    _refused("a win in another currency", _settles(replace(_BET, currency="USD"), 40), 154, _HAS, a_bet(_BET)),
)  # fmt: skip

_ENDS = (
    _done("the end of a lost round", _finishes(_BET), AFTER_MINOR, _HAS, a_bet(_BET)),
    _done("the end of a round that is sent again", _finishes(_BET), AFTER_MINOR, _HAS, a_bet(_BET), a_win(_BET, 0)),
    _done("the end of a lost round when the session has expired", _finishes(_BET), AFTER_MINOR, _HAS, a_bet(_BET),
          EXPIRED, needs=(EXPIRED_SESSIONS,)),
    _refused("the end of a round that the wallet does not know", _finishes(_BET), 404, _HAS),
    _forged("the end of a round", _finishes(_STRANGER), "another key"),
)  # fmt: skip

_ROLLBACKS = (
    _done("a rollback", _undoes(_BET), BEFORE_MINOR, _HAS, a_bet(_BET)),
    _done("a rollback that is sent again", _undoes(_BET), BEFORE_MINOR, _HAS, a_bet(_BET), a_rollback(_BET), again=True),
    _refused("a second rollback of a bet", _undoes(_BET, "pact-key-b-second-rollback"), 409, _HAS, a_bet(_BET),
             a_rollback(_BET)),
    _done("a rollback of a bet that never came", _undoes(_BET), BEFORE_MINOR, _HAS),
    _done("a rollback when the session has expired", _undoes(_BET), BEFORE_MINOR, _HAS, a_bet(_BET), EXPIRED,
          needs=(EXPIRED_SESSIONS,)),
    _refused("a rollback of a bet that is settled", _undoes(_BET), 410, _HAS, a_bet(_BET), a_win(_BET, 40)),
    _forged("a rollback", _undoes(_STRANGER), "another key"),
)  # fmt: skip

CONTRACT = Contract("game-provider-b", "wallet", (*_BALANCES, *_BETS, *_WINS, *_ENDS, *_ROLLBACKS))
