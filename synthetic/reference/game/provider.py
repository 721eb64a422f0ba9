"""A game provider's API for its operators: bets, and rounds to look at or to cancel (docs/reference-platform.md 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.game.engine import Answer, Round, RoundEngine
from synthetic.reference.game.games import Game
from synthetic.reference.game.operators import Operator, Operators, operator_routes
from synthetic.reference.game.pace import Pace
from synthetic.reference.game.wallet_calls import Bet, Wallet
from synthetic.reference.refusal import RequestRefused, answer_refusal
from synthetic.reference.switchboard import Switchboard, switchboard_routes

_STAKE_MINOR_MAX = 2**53
_ID_LENGTH_MAX = 100  # the wallet takes 128, and a win's id is the bet's with a suffix


class ProviderError(RequestRefused):
    """A refused call, answered as `{"error": code, "message": ...}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, {"error": code, "message": message}, message)


class ProviderApi:
    """The handlers of one provider."""

    def __init__(self, engine: RoundEngine, operators: Operators) -> None:
        self.engine = engine
        self._operators = operators

    def routes(self) -> list[BaseRoute]:
        """`POST /bets`, `GET /rounds/{round}`, `POST /rounds/{round}/void`."""
        return [
            Route("/bets", self.bet, methods=["POST"]),
            Route("/rounds/{round}", self.show, methods=["GET"]),
            Route("/rounds/{round}/void", self.void, methods=["POST"]),
        ]

    async def bet(self, request: Request) -> Response:
        """Take a bet: 200 `accepted` or `rejected`, once the wallet has answered."""
        operator = self._operator(request)
        bet = await _read_bet(request, operator)
        return JSONResponse(_bet_json(bet, await self.engine.bet(operator, bet)))

    async def show(self, request: Request) -> Response:
        """The round as the provider knows it."""
        operator, round_id = self._operator(request), request.path_params["round"]
        round_ = self.engine.find(operator, round_id)
        if round_ is None:
            raise _unknown_round(round_id)
        return JSONResponse(_round_json(round_))

    async def void(self, request: Request) -> Response:
        """Cancel a round that has not been decided: 202, also when it is cancelled already."""
        operator, round_id = self._operator(request), request.path_params["round"]
        is_void = self.engine.void(operator, round_id)
        if is_void is None:
            raise _unknown_round(round_id)
        if not is_void:
            raise ProviderError(409, "round_closed", f"round {round_id!r} is decided")
        return JSONResponse({"round": round_id, "state": "cancelling"}, 202)

    def _operator(self, request: Request) -> Operator:
        operator = self._operators.authenticated(request)
        if operator is None:
            raise ProviderError(401, "invalid_api_key", "no operator has this API key")
        return operator


def build_provider(
    name: str,
    board: Switchboard,
    *,
    wallet: Wallet,
    games: Mapping[str, Game],
    operators: Iterable[Operator],
    pace: Pace,
    routes: Sequence[BaseRoute],
) -> Starlette:
    """The ASGI app of a provider that calls wallets in the given dialect. `routes` are the dialect's own."""
    known = Operators(operators)
    engine = RoundEngine(wallet=wallet, games=games, operators=known, board=board, pace=pace)
    app = Starlette(
        routes=[*ProviderApi(engine, known).routes(), *operator_routes(known), *routes, *switchboard_routes(board)],
        exception_handlers={ProviderError: answer_refusal},
        lifespan=engine.background.lifespan,
    )
    app.state.name = name
    app.state.engine = engine
    return app


async def _read_bet(request: Request, operator: Operator) -> Bet:
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ProviderError(400, "malformed", "the body has to be a JSON object")
    if _text(body, "operator") != operator.name:
        raise ProviderError(403, "wrong_operator", "the API key belongs to another operator")
    return Bet(
        player=_text(body, "player"),
        session=_text(body, "session"),
        game=_text(body, "game"),
        round_id=_text(body, "round"),
        bet_id=_text(body, "bet_id"),
        stake_minor=_stake_minor(body),
        currency=_text(body, "currency"),
    )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _ID_LENGTH_MAX or not value.isprintable():
        raise ProviderError(400, "malformed", f"{name!r} has to have 1 to {_ID_LENGTH_MAX} printable characters")
    return value


def _stake_minor(body: Mapping[str, Any]) -> int:
    value = body.get("stake_minor")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _STAKE_MINOR_MAX:
        raise ProviderError(400, "malformed", "'stake_minor' has to be a whole number above zero")
    return value


def _bet_json(bet: Bet, answer: Answer) -> dict[str, Any]:
    common = {"round": bet.round_id, "bet_id": bet.bet_id}
    if answer.is_accepted:
        return {"status": "accepted", **common, "balance_minor": answer.balance_minor}
    return {"status": "rejected", **common, "code": answer.code}


def _round_json(round_: Round) -> dict[str, Any]:
    return {
        "round": round_.bet.round_id,
        "bet_id": round_.bet.bet_id,
        "game": round_.bet.game,
        "state": round_.state,
        "stake_minor": round_.bet.stake_minor,
        "currency": round_.bet.currency,
    }


def _unknown_round(round_id: str) -> ProviderError:
    return ProviderError(404, "unknown_round", f"there is no round {round_id!r}")
