"""Player accounts: created from the settings' seeds, read by `GET /me`."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext, Player
from synthetic.reference.cell.models import Credential, PlayerRow
from synthetic.reference.cell.passwords import hash_password
from synthetic.reference.ledger import Entry, Ledger, LedgerTransaction
from synthetic.reference.settings import PlayerSeed


def seed_players(ledger: Ledger, seeds: Iterable[PlayerSeed]) -> None:
    """Create the players that the database does not have yet; a restart changes nobody and funds nobody twice."""
    with ledger.reading() as session:
        there = set(session.scalars(sa.select(PlayerRow.player_id)))
    missing = [(seed, hash_password(seed.password)) for seed in seeds if seed.player_id not in there]
    if not missing:
        return
    with ledger.transaction() as transaction:
        for seed, password_hash in missing:
            _create(transaction, seed, password_hash)


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
        deposit_day_minor=row.deposit_day_minor,
    )


def player_routes(context: CellContext) -> list[BaseRoute]:
    """`GET /me`."""

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

    return [Route("/me", me, methods=["GET"])]


def _create(transaction: LedgerTransaction, seed: PlayerSeed, password_hash: str) -> None:
    transaction.session.add(
        PlayerRow(
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
    )
    transaction.session.flush()  # the credential refers to the row; without a relationship the unit of work doesn't order them
    transaction.session.add(
        Credential(
            player_id=seed.player_id,
            username=seed.username,
            password_hash=password_hash,
            totp_secret=seed.totp_secret,
            failures=0,
        )
    )
    transaction.open_accounts(seed.player_id, seed.currency)
    if seed.cash_minor:
        reference, moves = f"seed:{seed.player_id}", {"cash": seed.cash_minor}
        transaction.post(Entry("funding", seed.player_id, reference, moves, "house", seed.currency))
