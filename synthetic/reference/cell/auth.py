"""Log-in: password, second factor, lock-out, and session tokens that rotate.

Failures are counted in the same transaction that judges them, so the methods compute an outcome inside it and raise outside.
With a second factor only the whole log-in clears the failure count: the password alone must not reset the guesses of codes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pyotp
import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.models import AuthSession, Challenge, Credential, PlayerRow, UsedCode
from synthetic.reference.cell.passwords import hash_password, hash_secret, new_secret, verify_password
from synthetic.reference.cell.players import as_player
from synthetic.reference.cell.restrictions import as_seen, geo_blocked
from synthetic.reference.ledger import Ledger
from synthetic.reference.settings import CellSettings

AUTH_SWITCHES = {
    "accepts_wrong_password": "any password opens an account",
    "never_locks_out": "passwords may be guessed for ever",
    "tokens_never_expire": "a session token that has run out goes on",
    "accepts_any_code": "any one-time code is taken for the right one",
    "accepts_used_code": "a one-time code works twice",
    "accepts_skewed_code": "a one-time code of ten minutes ago works",
    "keeps_session_at_login": "a log-in that brings a live token along goes on under that token",
    "refresh_keeps_old_token": "a token that was refreshed stays good",
}

TOTP_STEP_S = 30
TOTP_WINDOW_STEPS = 1
CHALLENGE_TTL_S = 60.0


@dataclass(frozen=True, slots=True)
class Grant:
    """A fresh session: the token, whose it is, until when."""

    token: str
    player_id: str
    expires_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The answer of every way to log in."""
        return {"token": self.token, "player_id": self.player_id, "expires_at": self.expires_at.isoformat()}


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The password was right; the code is still owed."""

    challenge: str


class Auth:
    """The cell's log-ins. All methods are synchronous and raise ApiError."""

    def __init__(self, ledger: Ledger, settings: CellSettings, switch: Callable[[str], bool]) -> None:
        self._ledger = ledger
        self._settings = settings
        self._switch = switch
        self._nobodys_hash = hash_password("nobody")

    def login(self, username: str, password: str, presented: str = "") -> Grant | SecondFactor:
        """Check the password. `presented`: a token that the request brought along, good for nothing here.

        Raises 401 `invalid_credentials`, 423 `locked`, 403 `self_excluded`, `geo_blocked`.
        """
        with self._ledger.reading() as session:
            credential = session.scalar(sa.select(Credential).where(Credential.username == username))
        # An unknown name costs the same hash, so that its answer's time does not tell.
        correct = verify_password(password, credential.password_hash if credential else self._nobodys_hash)
        if credential is None:
            raise _invalid_credentials()
        with self._ledger.transaction() as transaction:
            outcome = self._first_factor(transaction.session, credential.player_id, correct=correct)
            if presented and isinstance(outcome, Grant):
                outcome = self._kept(transaction.session, presented, outcome)
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    def confirm_totp(self, challenge: str, code: str) -> Grant:
        """Check the second factor. Raises 401 `invalid_challenge`, `invalid_code`, `code_reused`, or 423 `locked`."""
        with self._ledger.transaction() as transaction:
            outcome = self._second_factor(transaction.session, challenge, code)
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    def open_session(self, player_id: str) -> Grant:
        """A session for a player whom the identity provider has signed in. Raises 403 `self_excluded`, `geo_blocked`.

        A second factor is the provider's business, and a lock-out is about guessed passwords: neither is asked for here.
        """
        with self._ledger.transaction() as transaction:
            forbidden = self._forbidden(transaction.session.get_one(PlayerRow, player_id))
            if forbidden is not None:
                raise forbidden
            return self._grant(transaction.session, player_id)

    def refresh(self, token: str) -> Grant:
        """Exchange a live token for a new one; the old one is dead. Raises 401 `invalid_token`."""
        with self._ledger.transaction() as transaction:
            player = _player_of(transaction.session, token)
            if player is None:
                raise _invalid_token()
            if not self._switch("refresh_keeps_old_token") and not _end_session(transaction.session, token):
                raise _invalid_token()
            return self._grant(transaction.session, player.player_id)

    def logout(self, token: str) -> None:
        """End the token's session. Raises 401 `invalid_token`."""
        with self._ledger.transaction() as transaction:
            if not _end_session(transaction.session, token):
                raise _invalid_token()

    def player_of(self, token: str) -> Player:
        """Whose live session the token is. Raises 401 `invalid_token`."""
        with self._ledger.reading() as session:
            row = _player_of(session, token) or self._player_of_dead(session, token)
            if row is None:
                raise _invalid_token()
            return as_seen(as_player(row), self._switch)

    def _player_of_dead(self, session: Session, token: str) -> PlayerRow | None:
        """The player of a token that has run out, for a cell that lets it live on."""
        row = session.get(AuthSession, hash_secret(token))
        return (
            session.get(PlayerRow, row.player_id) if row is not None and self._switch("tokens_never_expire") else None
        )

    def _forbidden(self, row: PlayerRow) -> ApiError | None:
        """Why this player may not log in."""
        player = as_seen(as_player(row), self._switch)
        if player.geo_blocked:
            return geo_blocked()
        return _self_excluded() if player.self_excluded else None

    def _first_factor(self, session: Session, player_id: str, *, correct: bool) -> Grant | SecondFactor | ApiError:
        credential = session.get_one(Credential, player_id, with_for_update=True)
        if is_locked(credential):
            return _locked()
        if not correct and not self._switch("accepts_wrong_password"):
            self._count_failure(credential)
            return _invalid_credentials()
        forbidden = self._forbidden(session.get_one(PlayerRow, player_id))
        if forbidden is not None:
            return forbidden
        if credential.totp_secret:
            return _issue_challenge(session, player_id)
        return self._grant_after(credential, session)

    def _second_factor(self, session: Session, challenge: str, code: str) -> Grant | ApiError:
        row = session.get(Challenge, hash_secret(challenge))
        if row is None or row.expires_at <= datetime.now(UTC):
            return ApiError(401, "invalid_challenge", "this log-in is over; start again with the password")
        credential = session.get_one(Credential, row.player_id, with_for_update=True)
        if is_locked(credential):
            return _locked()
        step = self._step_of(credential.totp_secret, code)
        if step is None:
            self._count_failure(credential)
            return ApiError(401, "invalid_code", "the code is wrong")
        if session.get(UsedCode, (row.player_id, step)) is None:
            _use_code(session, row.player_id, step)
        elif not self._switch("accepts_used_code"):
            self._count_failure(credential)
            return ApiError(401, "code_reused", "a code works once; wait for the next one")
        session.delete(row)
        return self._grant_after(credential, session)

    def _step_of(self, secret: str, code: str) -> int | None:
        """The time step whose code this is; a broken check of the clock takes those of ten minutes, or any code at all."""
        step = _matching_step(secret, code, TOTP_WINDOW_STEPS)
        if step is None and self._switch("accepts_skewed_code"):
            step = _matching_step(secret, code, 20)
        if step is None and self._switch("accepts_any_code"):
            step = pyotp.TOTP(secret, interval=TOTP_STEP_S).timecode(datetime.now(UTC))
        return step

    def _kept(self, session: Session, presented: str, grant: Grant) -> Grant:
        """The fresh session, or by the switch `keeps_session_at_login` the one that was there before."""
        player = _player_of(session, presented)
        if player is None or player.player_id != grant.player_id or not self._switch("keeps_session_at_login"):
            return grant
        _end_session(session, grant.token)
        return Grant(presented, grant.player_id, grant.expires_at)

    def _grant_after(self, credential: Credential, session: Session) -> Grant:
        credential.failures, credential.locked_until = 0, None
        return self._grant(session, credential.player_id)

    def _grant(self, session: Session, player_id: str) -> Grant:
        token = new_secret()
        expires_at = datetime.now(UTC) + timedelta(seconds=self._settings.token_ttl_s)
        session.add(AuthSession(token_hash=hash_secret(token), player_id=player_id, expires_at=expires_at))
        return Grant(token, player_id, expires_at)

    def _count_failure(self, credential: Credential) -> None:
        credential.failures += 1
        if credential.failures >= self._settings.lockout_failures and not self._switch("never_locks_out"):
            credential.failures = 0
            credential.locked_until = datetime.now(UTC) + timedelta(seconds=self._settings.lockout_s)


def is_locked(credential: Credential) -> bool:
    """Whether guesses have locked the account, now."""
    return credential.locked_until is not None and datetime.now(UTC) < credential.locked_until


def _issue_challenge(session: Session, player_id: str) -> SecondFactor:
    challenge, now = new_secret(), datetime.now(UTC)
    session.execute(sa.delete(Challenge).where(Challenge.player_id == player_id, Challenge.expires_at <= now))
    expires_at = now + timedelta(seconds=CHALLENGE_TTL_S)
    session.add(Challenge(challenge_hash=hash_secret(challenge), player_id=player_id, expires_at=expires_at))
    return SecondFactor(challenge)


def _matching_step(secret: str, code: str, window_steps: int) -> int | None:
    """The time step whose code this is, within the window, or None."""
    totp = pyotp.TOTP(secret, interval=TOTP_STEP_S)
    now = totp.timecode(datetime.now(UTC))
    steps = range(now - window_steps, now + window_steps + 1)
    return next((step for step in steps if pyotp.utils.strings_equal(totp.generate_otp(step), code)), None)


def _use_code(session: Session, player_id: str, step: int) -> None:
    outside_any_window = step - 2 * TOTP_WINDOW_STEPS
    session.execute(sa.delete(UsedCode).where(UsedCode.player_id == player_id, UsedCode.step < outside_any_window))
    session.add(UsedCode(player_id=player_id, step=step))


def _player_of(session: Session, token: str) -> PlayerRow | None:
    query = (
        sa.select(PlayerRow)
        .join(AuthSession, AuthSession.player_id == PlayerRow.player_id)
        .where(AuthSession.token_hash == hash_secret(token), AuthSession.expires_at > datetime.now(UTC))
    )
    return session.scalar(query)


def _end_session(session: Session, token: str) -> bool:
    result = session.execute(sa.delete(AuthSession).where(AuthSession.token_hash == hash_secret(token)))
    return cast("CursorResult[Any]", result).rowcount == 1


def _invalid_credentials() -> ApiError:
    return ApiError(401, "invalid_credentials", "the user name or the password is wrong")


def _invalid_token() -> ApiError:
    return ApiError(401, "invalid_token", "log in again: the token is unknown, expired or replaced")


def _self_excluded() -> ApiError:
    return ApiError(403, "self_excluded", "this player has excluded himself from play")


def _locked() -> ApiError:
    return ApiError(423, "locked", "too many failures; try again later")
