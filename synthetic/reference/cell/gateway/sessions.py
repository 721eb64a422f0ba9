"""Game sessions: a launch token that opens one once, a resume id that finds it again, and what the wallet asks about it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from synthetic.reference.cell.context import GameSession, Player
from synthetic.reference.cell.gateway.catalogue import Game
from synthetic.reference.cell.gateway.models import GameSessionRow
from synthetic.reference.cell.passwords import hash_secret
from synthetic.reference.ledger import Ledger

LAUNCH_TTL_S = 60.0


@dataclass(frozen=True, slots=True)
class Launched:
    """A session that waits for its player; the token opens it once, within a minute."""

    session: str
    launch_token: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A session that its player has opened, or come back to."""

    session: GameSession
    resume_id: str


class GameSessions:
    """The sessions of one cell; its methods block, call them in a worker thread. `ttl_s`: for how long a session takes bets."""

    def __init__(self, ledger: Ledger, *, ttl_s: float) -> None:
        self._ledger = ledger
        self._ttl_s = ttl_s

    def launch(self, player: Player, game: Game) -> Launched:
        """A new session of the player at the game."""
        launched = Launched(f"gs-{secrets.token_hex(12)}", secrets.token_urlsafe(24))
        now = datetime.now(UTC)
        row = GameSessionRow(
            session=launched.session,
            player_id=player.player_id,
            provider=game.provider,
            game=game.code,
            currency=player.currency,
            launch_hash=hash_secret(launched.launch_token),
            launch_expires_at=now + timedelta(seconds=LAUNCH_TTL_S),
            resume_hash="",
            created_at=now,
            expires_at=now + timedelta(seconds=self._ttl_s),
        )
        with self._ledger.transaction() as transaction:
            transaction.session.add(row)
        return launched

    def admit(self, launch_token: str) -> Admitted | None:
        """Open the session of a launch token; None for a token that is unknown, expired, or was used before."""
        resume_id = secrets.token_urlsafe(24)
        unused = sa.update(GameSessionRow).where(
            GameSessionRow.launch_hash == hash_secret(launch_token),
            GameSessionRow.launch_expires_at > datetime.now(UTC),
            GameSessionRow.resume_hash == "",
        )
        with self._ledger.transaction() as transaction:
            query = unused.values(resume_hash=hash_secret(resume_id)).returning(GameSessionRow.session)
            session = transaction.session.scalar(query)
        found = None if session is None else self.find(session)
        return None if found is None else Admitted(found, resume_id)

    def admit_again(self, session: str) -> Admitted | None:
        """Open a session that its launch token has opened before, for the switch `launch_token_works_again`."""
        resume_id, found = secrets.token_urlsafe(24), self.find(session)
        with self._ledger.transaction() as transaction:
            row = transaction.session.get_one(GameSessionRow, session)
            row.resume_hash = hash_secret(resume_id)
        return None if found is None else Admitted(found, resume_id)

    def opened_by(self, launch_token: str) -> str | None:
        """The session that this token has opened, or None."""
        query = sa.select(GameSessionRow.session).where(
            GameSessionRow.launch_hash == hash_secret(launch_token), GameSessionRow.resume_hash != ""
        )
        with self._ledger.reading() as reading:
            return reading.scalar(query)

    def resume(self, session: str, resume_id: str) -> Admitted | None:
        """Come back to an open session; None where the two don't belong together."""
        with self._ledger.reading() as reading:
            row = reading.get(GameSessionRow, session)
        if row is None or not secrets.compare_digest(row.resume_hash, hash_secret(resume_id)):
            return None
        return Admitted(_as_session(row), resume_id)

    def find(self, token: str) -> GameSession | None:
        """The session by its id, which is the token of the wallet's calls (a `SessionLookup`)."""
        with self._ledger.reading() as reading:
            row = reading.get(GameSessionRow, token)
        return None if row is None else _as_session(row)


def _as_session(row: GameSessionRow) -> GameSession:
    return GameSession(
        session=row.session,
        player_id=row.player_id,
        provider=row.provider,
        game=row.game,
        currency=row.currency,
        expired=row.expires_at <= datetime.now(UTC),
    )
