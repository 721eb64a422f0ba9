"""Player accounts: created from the settings' seeds, read by `GET /me`, with a deposit limit that players set themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext, Player
from synthetic.reference.cell.models import Credential, PlayerRow
from synthetic.reference.cell.passwords import hash_password
from synthetic.reference.cell.wire import read_json, whole
from synthetic.reference.ledger import Entry, Ledger, LedgerTransaction
from synthetic.reference.settings import PlayerSeed

RAISE_DELAY = timedelta(days=1)


def seed_players(ledger: Ledger, seeds: Iterable[PlayerSeed]) -> None:
    """Create the players that the database does not have yet; a restart changes nobody and funds nobody twice."""
    with ledger.reading() as session:
        there = set(session.scalars(sa.select(PlayerRow.player_id)))
    missing = [(seed, hash_password(seed.password)) for seed in seeds if seed.player_id not in there]
    if not missing:
        return
    with ledger.transaction() as transaction:
        transaction.session.add_all(_row_of(seed) for seed, _ in missing)
        transaction.session.flush()  # credentials refer to rows; without a relationship the unit of work doesn't order them
        transaction.session.add_all(_credential_of(*one) for one in missing)
        for seed, _ in missing:
            _fund(transaction, seed)


def load_player(session: Session, player_id: str) -> Player | None:
    """The player, or None."""
    row = session.get(PlayerRow, player_id)
    return None if row is None else as_player(row)


def as_player(row: PlayerRow) -> Player:
    """The row as the handlers see it."""
    return Player(
        player_id=row.player_id,
        market=row.market,
        brand=row.brand,
        currency=row.currency,
        segment=row.segment,
        kyc=row.kyc,
        synthetic=row.synthetic,
        self_excluded=row.self_excluded,
        geo_blocked=row.geo_blocked,
        deposit_day_minor=limit_now(row),
        wagering_minor=row.wagering_minor,
    )


def limit_now(row: PlayerRow) -> int:
    """The deposit limit of a day, in minor units: a raised one holds once its delay is over."""
    if row.raised_limit_minor is None or row.raised_limit_from is None or datetime.now(UTC) < row.raised_limit_from:
        return row.deposit_day_minor
    return row.raised_limit_minor


def player_routes(context: CellContext) -> list[BaseRoute]:
    """`GET /me`, and `PUT /me/limits`."""

    async def me(request: Request) -> Response:
        player = await context.authenticate(request)
        return JSONResponse(
            {
                "player_id": player.player_id,
                "market": player.market,
                "brand": player.brand,
                "currency": player.currency,
                "kyc": player.kyc,
                "synthetic": player.synthetic,
                "self_excluded": player.self_excluded,
                "limits": {"deposit_day_minor": player.deposit_day_minor},
            }
        )

    async def limit(request: Request) -> Response:
        player, body = await context.authenticate(request), await read_json(request)
        wanted_minor = whole(body, "deposit_day_minor")
        return JSONResponse(await run_in_threadpool(change_limit, context, player.player_id, wanted_minor))

    return [Route("/me", me, methods=["GET"]), Route("/me/limits", limit, methods=["PUT"])]


def change_limit(context: CellContext, player_id: str, wanted_minor: int) -> dict[str, Any]:
    """Set the player's deposit limit of a day: a lower one holds at once, a higher one after a day of thinking it over."""
    with context.ledger.transaction() as transaction:
        row = transaction.session.get_one(PlayerRow, player_id, with_for_update=True, populate_existing=True)
        row.deposit_day_minor, row.raised_limit_minor, row.raised_limit_from = limit_now(row), None, None
        if wanted_minor > row.deposit_day_minor or context.switch("delays_lower_limits"):
            row.raised_limit_minor, row.raised_limit_from = wanted_minor, datetime.now(UTC) + RAISE_DELAY
        else:
            row.deposit_day_minor = wanted_minor
        pending = row.raised_limit_from
        return {
            "deposit_day_minor": row.deposit_day_minor,
            "pending": None if pending is None else {"deposit_day_minor": wanted_minor, "from": pending.isoformat()},
        }


def _row_of(seed: PlayerSeed) -> PlayerRow:
    return PlayerRow(
        player_id=seed.player_id,
        market=seed.market,
        brand=seed.brand,
        currency=seed.currency,
        segment=seed.segment,
        kyc=seed.kyc,
        self_excluded=seed.self_excluded,
        synthetic=seed.synthetic,
        deposit_day_minor=seed.deposit_day_minor,
    )


def _credential_of(seed: PlayerSeed, password_hash: str) -> Credential:
    return Credential(
        player_id=seed.player_id,
        username=seed.username,
        password_hash=password_hash,
        totp_secret=seed.totp_secret,
        failures=0,
    )


def _fund(transaction: LedgerTransaction, seed: PlayerSeed) -> None:
    transaction.open_accounts(seed.player_id, seed.currency)
    if seed.cash_minor:
        reference, moves = f"seed:{seed.player_id}", {"cash": seed.cash_minor}
        transaction.post(Entry("funding", seed.player_id, reference, moves, "house", seed.currency))
