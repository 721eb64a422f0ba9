"""The cell's own tables: players and how they log in, rounds and bets, promo claims."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from synthetic.reference.ledger.models import Base, UtcDateTime


class PlayerRow(Base):
    """A player. `synthetic` can't be changed once the row is there (a trigger refuses it).

    `wagering_minor`: how much of his cash is still to be played through before it may be withdrawn.
    `raised_limit_minor`: the deposit limit of a day that holds from `raised_limit_from` on.
    """

    __tablename__ = "players"

    player_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    market: Mapped[str] = mapped_column(String(16))
    brand: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    segment: Mapped[str] = mapped_column(String(64))
    kyc: Mapped[str] = mapped_column(String(16))
    self_excluded: Mapped[bool]
    synthetic: Mapped[bool]
    deposit_day_minor: Mapped[int] = mapped_column(BigInteger)
    geo_blocked: Mapped[bool] = mapped_column(default=False)
    wagering_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    raised_limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    raised_limit_from: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Credential(Base):
    """How a player logs in, and the failures that lock the account. `totp_secret` is base32 or empty."""

    __tablename__ = "credentials"

    player_id: Mapped[str] = mapped_column(ForeignKey("players.player_id"), primary_key=True)
    username: Mapped[str] = mapped_column(String(120), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    totp_secret: Mapped[str] = mapped_column(String(64))
    failures: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UsedCode(Base):
    """A TOTP time step whose code was accepted; it is not accepted again (RFC 6238, 5.2)."""

    __tablename__ = "totp_used_codes"
    __table_args__ = (PrimaryKeyConstraint("player_id", "step"),)

    player_id: Mapped[str] = mapped_column(ForeignKey("players.player_id"))
    step: Mapped[int] = mapped_column(BigInteger)


class Challenge(Base):
    """A login that waits for its second factor. Only the hash is stored."""

    __tablename__ = "login_challenges"

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    player_id: Mapped[str] = mapped_column(ForeignKey("players.player_id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuthSession(Base):
    """A live session token; only its hash is stored. Log-out and refresh delete the row."""

    __tablename__ = "auth_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    player_id: Mapped[str] = mapped_column(ForeignKey("players.player_id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RoundRow(Base):
    """A game round. Ids are the provider's, so they are unique per provider and player only (domain reference 6, 13)."""

    __tablename__ = "rounds"
    __table_args__ = (PrimaryKeyConstraint("provider", "player_id", "round_id"),)

    provider: Mapped[str] = mapped_column(String(64))
    player_id: Mapped[str] = mapped_column(String(64))
    round_id: Mapped[str] = mapped_column(String(128))
    session: Mapped[str | None] = mapped_column(String(64))
    game: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(8))  # OPEN | WON | LOST | VOID
    stake_minor: Mapped[int] = mapped_column(BigInteger)
    payout_minor: Mapped[int] = mapped_column(BigInteger)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BetRow(Base):
    """A bet; `bet_id` is the provider's transaction id. `req_id` is the client's, unique per game session."""

    __tablename__ = "bets"
    __table_args__ = (
        PrimaryKeyConstraint("provider", "player_id", "bet_id"),
        UniqueConstraint("session", "req_id", name="uq_bets_session_req"),
        Index("ix_bets_round", "provider", "player_id", "round_id"),
        Index("ix_bets_req", "player_id", "req_id"),
    )

    provider: Mapped[str] = mapped_column(String(64))
    player_id: Mapped[str] = mapped_column(String(64))
    bet_id: Mapped[str] = mapped_column(String(128))
    round_id: Mapped[str] = mapped_column(String(128))
    session: Mapped[str | None] = mapped_column(String(64))
    req_id: Mapped[str | None] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16))  # PENDING | ACCEPTED | REJECTED | SETTLED | ROLLED_BACK
    stake_minor: Mapped[int] = mapped_column(BigInteger)
    debited_minor: Mapped[int] = mapped_column(BigInteger)  # 0 for a free bet, and while PENDING
    payout_minor: Mapped[int] = mapped_column(BigInteger)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Tombstone(Base):
    """A rollback that came before its bet: the bet, when it comes, is refused."""

    __tablename__ = "tombstones"
    __table_args__ = (PrimaryKeyConstraint("provider", "player_id", "bet_id"),)

    provider: Mapped[str] = mapped_column(String(64))
    player_id: Mapped[str] = mapped_column(String(64))
    bet_id: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PromoClaim(Base):
    """A claimed promotion. `once` is what may be claimed only once: the code, or the code with the idempotency key."""

    __tablename__ = "promo_claims"
    __table_args__ = (UniqueConstraint("player_id", "once", name="uq_promo_claims_once"),)

    claim_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    player_id: Mapped[str] = mapped_column(ForeignKey("players.player_id"))
    once: Mapped[str] = mapped_column(String(320))
    code: Mapped[str] = mapped_column(String(64))
    bonus_minor: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))  # active | forfeited
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
