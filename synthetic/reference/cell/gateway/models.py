"""The gateway's table: game sessions. Tokens are stored as hashes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from synthetic.reference.ledger.models import Base, UtcDateTime


class GameSessionRow(Base):
    """A player at one game. Its id is the `token` of the provider's wallet calls; `resume_hash` is empty until the launch."""

    __tablename__ = "game_sessions"

    session: Mapped[str] = mapped_column(String(64), primary_key=True)
    player_id: Mapped[str] = mapped_column(ForeignKey("players.player_id"))
    provider: Mapped[str] = mapped_column(String(64))
    game: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    launch_hash: Mapped[str] = mapped_column(String(64), unique=True)
    launch_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resume_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
