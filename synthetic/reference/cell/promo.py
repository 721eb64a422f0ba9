"""Promotions: `WELCOME` once per player, `DAILY` once per idempotency key; a bonus can be forfeited."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext, Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.models import PromoClaim
from synthetic.reference.cell.wire import idempotency_key, read_json, text
from synthetic.reference.currency import exponent
from synthetic.reference.ledger import Entry, Ledger, LedgerTransaction


@dataclass(frozen=True, slots=True)
class Promo:
    """A promotion: its bonus in hundredths of the currency's major unit, and whether a player may repeat it."""

    hundredths: int
    repeatable: bool

    def bonus_minor(self, currency: str) -> int:
        """The bonus in minor units; at least one where the currency has no hundredths."""
        return max(1, self.hundredths * int(10 ** exponent(currency)) // 100)


PROMO_SWITCHES = {
    "claims_twice": "a promotion that is given once is given again under another key",
    "gives_promo_per_click": "a claim that is sent again under its key is given again",
    "gives_unknown_promos": "a code that nobody has issued gives the daily bonus",
    "gives_promo_to_anyone": "a player who is excluded, or whose identity is not verified, gets promotions",
}

PROMOS = {"WELCOME": Promo(hundredths=50, repeatable=False), "DAILY": Promo(hundredths=10, repeatable=True)}


def promo_routes(context: CellContext) -> list[BaseRoute]:
    """`POST /promo/claims`, `GET /promo/claims?key=` and `DELETE /promo/claims/{id}`."""

    async def create(request: Request) -> Response:
        player = await context.authenticate(request)
        code, key = text(await read_json(request), "code"), idempotency_key(request)
        body, replayed = await run_in_threadpool(claim, context, player, code, key)
        return JSONResponse(body, 200 if replayed else 201, {"Idempotent-Replay": "true"} if replayed else None)

    async def look_up(request: Request) -> Response:
        player, key = await context.authenticate(request), request.query_params.get("key", "")
        if not key:
            raise ApiError(400, "malformed", "'key' says which claim")
        found = await run_in_threadpool(find_by_key, context.ledger, player, key)
        return JSONResponse({"found": found is not None, "claim": found})

    async def drop(request: Request) -> Response:
        player = await context.authenticate(request)
        return JSONResponse(await run_in_threadpool(forfeit, context.ledger, player, request.path_params["claim_id"]))

    return [
        Route("/promo/claims", create, methods=["POST"]),
        Route("/promo/claims", look_up, methods=["GET"]),
        Route("/promo/claims/{claim_id}", drop, methods=["DELETE"]),
    ]


def claim(context: CellContext, player: Player, code: str, key: str) -> tuple[dict[str, Any], bool]:
    """Give the bonus once; the flag says that this was a replay.

    Raises ApiError 404 `unknown_promo`, 403 `not_eligible`, 409 `already_claimed`, 422 `idempotency_mismatch`.
    """
    if code not in PROMOS and context.switch("gives_unknown_promos"):
        code = "DAILY"
    promo = PROMOS.get(code)
    if promo is None:
        raise ApiError(404, "unknown_promo", f"there is no promotion {code!r}")
    scope, fingerprint = _scope(player), hashlib.sha256(code.encode()).hexdigest()
    with context.ledger.transaction() as transaction:
        transaction.lock(player.player_id)
        seen = transaction.recall(scope, key)
        if seen is not None and seen.fingerprint != fingerprint:
            raise ApiError(422, "idempotency_mismatch", "this Idempotency-Key claimed another promotion")
        if seen is not None and not context.switch("gives_promo_per_click"):
            return seen.response, True
        body = _give(context, transaction, player, code, key)
        if seen is None:
            transaction.remember(scope, key, fingerprint, body)
    return body, False


def find_by_key(ledger: Ledger, player: Player, key: str) -> dict[str, Any] | None:
    """What was answered to the claim under this idempotency key; None where there was none."""
    with ledger.transaction() as transaction:
        seen = transaction.recall(_scope(player), key)
    return None if seen is None else seen.response


def forfeit(ledger: Ledger, player: Player, claim_id: str) -> dict[str, Any]:
    """Take an unused bonus back, once. Raises ApiError 404 `unknown_claim`."""
    with ledger.transaction() as transaction:
        transaction.lock(player.player_id)
        row = transaction.session.get(PromoClaim, claim_id)
        if row is None or row.player_id != player.player_id:
            raise ApiError(404, "unknown_claim", f"there is no claim {claim_id!r}")
        if row.state == "active":
            row.state = "forfeited"
            moves = {"bonus": -row.bonus_minor}
            transaction.post(Entry("bonus_forfeit", player.player_id, claim_id, moves, "promo", player.currency))
        return {"id": claim_id, "bonus_minor": 0, "state": row.state}


def _scope(player: Player) -> str:
    return f"promo:{player.player_id}"


def _give(context: CellContext, transaction: LedgerTransaction, player: Player, code: str, key: str) -> dict[str, Any]:
    is_barred = player.self_excluded or player.geo_blocked or player.kyc != "verified"
    if is_barred and not context.switch("gives_promo_to_anyone"):
        raise ApiError(403, "not_eligible", "this player may not take promotions")
    promo, claim_id = PROMOS[code], f"claim-{uuid.uuid4().hex}"
    once = f"{code}:{key}" if promo.repeatable else code
    claimed = sa.select(PromoClaim).where(PromoClaim.player_id == player.player_id, PromoClaim.once == once)
    if transaction.session.scalar(claimed) is not None:
        if not any(context.switch(name) for name in ("claims_twice", "gives_promo_per_click")):
            raise ApiError(409, "already_claimed", f"{code} can be claimed once")
        once = claim_id
    bonus_minor = promo.bonus_minor(player.currency)
    transaction.session.add(
        PromoClaim(
            claim_id=claim_id,
            player_id=player.player_id,
            once=once,
            code=code,
            bonus_minor=bonus_minor,
            state="active",
            claimed_at=datetime.now(UTC),
        )
    )
    moves = {"bonus": bonus_minor}
    transaction.post(Entry("bonus", player.player_id, claim_id, moves, "promo", player.currency))
    return {"id": claim_id, "bonus_minor": bonus_minor}
