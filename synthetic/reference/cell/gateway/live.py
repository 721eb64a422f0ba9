"""The sessions that are being played: each has its conversation, which outlives its sockets, and at most one socket."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from synthetic.reference.cell.context import GameSession, RoundClosed
from synthetic.reference.cell.gateway.catalogue import GAMES
from synthetic.reference.cell.gateway.connection import CloseCode, Connection
from synthetic.reference.cell.gateway.conversation import Conversation, Frame, Table

SESSIONS_MAX = 10_000


class LiveSession:
    """A session's conversation and the socket that it is held over."""

    def __init__(self, session: GameSession, conversation: Conversation) -> None:
        self.session = session
        self.conversation = conversation
        self._connection: Connection | None = None

    @property
    def is_connected(self) -> bool:
        """Whether a socket is there."""
        return self._connection is not None

    def attach(self, connection: Connection, *, alone: bool = True) -> None:
        """Go on over this socket; the one before is closed where this one is to be `alone`."""
        if self._connection is not None and alone:
            self._connection.close(CloseCode.REPLACED, "the session was opened on another socket")
        self._connection = connection

    def detach(self, connection: Connection) -> None:
        """This socket is gone; another one that took over stays."""
        if self._connection is connection:
            self._connection = None

    def push(self, frames: tuple[Frame, ...]) -> None:
        """Send frames if a socket is there; without one the conversation keeps them for a resume."""
        if self._connection is not None:
            self._connection.push(frames)


class LiveSessions:
    """The live sessions of a cell by id. Beyond the limit the oldest without a socket is forgotten: it can resume by `resync`."""

    def __init__(self, skips: Callable[[], bool] = lambda: False) -> None:
        self._skips = skips
        self._sessions: dict[str, LiveSession] = {}

    def of(self, session: GameSession) -> LiveSession:
        """The live session, begun here where it is not live yet (or not any more, after a restart)."""
        live = self._sessions.get(session.session)
        if live is None:
            self._make_room()
            conversation = Conversation(_table(session), new_id, self._skips)
            live = self._sessions[session.session] = LiveSession(session, conversation)
        return live

    async def round_closed(self, closed: RoundClosed) -> None:
        """Push the round's result to its session (a `RoundListener`)."""
        live = self._sessions.get(closed.session or "")
        if live is not None:
            live.push(
                live.conversation.round_closed(
                    closed.round_id, closed.state, payout_minor=closed.payout_minor, balance_minor=closed.cash_minor
                )
            )

    def _make_room(self) -> None:
        if len(self._sessions) < SESSIONS_MAX:
            return
        idle = next((name for name, live in self._sessions.items() if not live.is_connected), None)
        if idle is not None:
            del self._sessions[idle]


def new_id(prefix: str) -> str:
    """An id for a round or a bet: unique over all cells of a provider."""
    return f"{prefix}-{secrets.token_hex(12)}"


def _table(session: GameSession) -> Table:
    game = GAMES[session.game]
    return Table(session.session, session.currency, game.min_stake_minor, game.max_stake_minor)
