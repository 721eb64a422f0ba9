"""`/ws/game`: the thin face of a conversation on a real WebSocket."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.gateway.bet_desk import UNAVAILABLE, Accepted, BetDesk, Refused
from synthetic.reference.cell.gateway.connection import CloseCode, Connection
from synthetic.reference.cell.gateway.conversation import Frame, PlaceBet, ReadBalance
from synthetic.reference.cell.gateway.frames import BadFrame, Hello, Resume, parse
from synthetic.reference.cell.gateway.live import LiveSession, LiveSessions
from synthetic.reference.cell.gateway.sessions import Admitted, GameSessions

HELLO_WITHIN_S = 10.0


class GameSocket:
    """The WebSocket endpoint of one cell."""

    def __init__(self, context: CellContext, sessions: GameSessions, live: LiveSessions, desk: BetDesk) -> None:
        self._context = context
        self._sessions = sessions
        self._live = live
        self._desk = desk

    async def serve(self, websocket: WebSocket) -> None:
        """One socket, from its handshake to its end."""
        await websocket.accept()
        connection = Connection(websocket)
        writer = asyncio.create_task(connection.write())
        try:
            await self._talk(connection)
            await writer
        except WebSocketDisconnect:
            pass
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _talk(self, connection: Connection) -> None:
        """Raises WebSocketDisconnect at the end of a session; returns where there was none and the socket is to be closed."""
        live = await self._open(connection)
        if live is None:
            return
        try:
            while True:
                self._hear(live, connection, await connection.receive())
        finally:
            live.detach(connection)

    async def _open(self, connection: Connection) -> LiveSession | None:
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                hello = await _first_hello(connection)
        except TimeoutError:
            connection.close(CloseCode.NO_HELLO, "no hello came")
            return None
        admitted = await run_in_threadpool(self._admit, hello)
        if admitted is None:
            code = "invalid_launch_token" if isinstance(hello, Hello) else "invalid_session"
            message = "launch the game again: this was used before, has expired, or never was"
            connection.push([{"type": "error", "req_id": hello.req_id, "code": code, "message": message}])
            connection.close(CloseCode.UNAUTHORISED, code)
            return None
        return await self._welcome(connection, hello, admitted)

    async def _welcome(self, connection: Connection, hello: Hello | Resume, admitted: Admitted) -> LiveSession:
        balance = await run_in_threadpool(self._context.ledger.balance, admitted.session.player_id)
        live = self._live.of(admitted.session)
        if isinstance(hello, Resume):
            connection.push(live.conversation.catch_up(hello.last_seq))
        connection.push(live.conversation.welcome(hello.req_id, admitted.resume_id, balance.cash_minor))
        if self._context.switch("takes_any_stake"):
            live.conversation.table = replace(live.conversation.table, takes_anything=True)
        live.attach(connection, alone=not self._context.switch("keeps_first_socket"))
        if isinstance(hello, Resume):
            self._bet_again(live)
        connection.is_mute = self._context.switch("stops_answering_ws")
        return live

    def _admit(self, hello: Hello | Resume) -> Admitted | None:
        if isinstance(hello, Resume):
            admitted = self._sessions.resume(hello.session, hello.resume_id)
            return None if admitted and self._context.switch("loses_session_on_resume") else admitted
        admitted = self._sessions.admit(hello.launch_token)
        used = None if admitted else self._sessions.opened_by(hello.launch_token)
        if used and self._context.switch("launch_token_works_again"):
            return self._sessions.admit_again(used)
        return admitted

    def _hear(self, live: LiveSession, connection: Connection, text: str | None) -> None:
        if connection.is_mute:
            return
        reaction = live.conversation.receive(text)
        if _is_broken(reaction.frames) and self._context.switch("swallows_broken_frames"):
            return
        live.push(reaction.frames)
        match reaction.todo:
            case PlaceBet() as bet:
                # Not a part of this socket: a bet that was forwarded is finished, whoever hears the answer.
                self._context.background.spawn(self._place(live, bet), name=f"bet {bet.bet_id}")
            case ReadBalance(req_id):
                self._context.background.spawn(self._read_balance(live, req_id), name="balance over the game socket")
            case None:
                pass

    async def _place(self, live: LiveSession, bet: PlaceBet) -> None:
        try:
            live.push(await self._place_and_tell(live, bet))
        except Exception:
            live.push(live.conversation.bet_refused(bet.req_id, "internal", "the cell failed; look the bet up"))
            raise

    async def _place_and_tell(self, live: LiveSession, bet: PlaceBet) -> tuple[Frame, ...]:
        if self._context.switch("acks_unposted_bet"):
            balance = await run_in_threadpool(self._context.ledger.balance, live.session.player_id)
            outcome: Accepted | Refused = Accepted(bet.round_id, bet.bet_id, balance.cash_minor - bet.stake_minor)
        else:
            outcome = await self._desk.place(live.session, bet)
        if not isinstance(outcome, Accepted):
            return live.conversation.bet_refused(bet.req_id, outcome.code, outcome.message)
        if self._context.switch("denies_posted_bet"):
            return live.conversation.bet_refused(bet.req_id, UNAVAILABLE, "the bet was not placed")
        frames = live.conversation.bet_accepted(
            bet.req_id, round_id=outcome.round_id, bet_id=outcome.bet_id, balance_minor=outcome.balance_minor
        )
        if self._context.switch("renames_bet_id"):
            return tuple({_renamed(name): value for name, value in frame.items()} for frame in frames)
        return frames

    def _bet_again(self, live: LiveSession) -> None:
        """What the switch `resume_bets_again` does."""
        bet = live.conversation.last_bet_again()
        if bet is None or not self._context.switch("resume_bets_again"):
            return

        async def place() -> None:
            outcome = await self._desk.place(live.session, bet)
            if isinstance(outcome, Accepted):
                told = {"round_id": outcome.round_id, "bet_id": outcome.bet_id}
                req_id = bet.req_id.removeprefix("again-")
                frames = live.conversation.bet_accepted_again(req_id, **told, balance_minor=outcome.balance_minor)
                live.push(frames)

        self._context.background.spawn(place(), name=f"bet {bet.bet_id} once more")

    async def _read_balance(self, live: LiveSession, req_id: str) -> None:
        try:
            balance = await run_in_threadpool(self._context.ledger.balance, live.session.player_id)
        except Exception:
            live.push(live.conversation.failed(req_id, "the balance could not be read"))
            raise
        live.push(
            live.conversation.balance_read(req_id, cash_minor=balance.cash_minor, bonus_minor=balance.bonus_minor)
        )


def _renamed(name: str) -> str:
    return "betId" if name == "bet_id" else name


def _is_broken(frames: tuple[Frame, ...]) -> bool:
    return any(frame.get("code") == "malformed" for frame in frames)


async def _first_hello(connection: Connection) -> Hello | Resume:
    """What opens the session; anything else is answered with an error that has no `seq`, for there is no session yet."""
    while True:
        try:
            frame = parse(await connection.receive())
        except BadFrame as bad:
            known = {} if bad.req_id is None else {"req_id": bad.req_id}
            connection.push([{"type": "error", **known, "code": "malformed", "message": str(bad)}])
            continue
        if isinstance(frame, Hello | Resume):
            return frame
        error = {"type": "error", "req_id": frame.req_id, "code": "hello_first", "message": "say hello first"}
        connection.push([error])
