"""The WebSockets of one run under asyncio, by the names that the scenario gives them."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State
from websockets.typing import Subprotocol

from synthetic.core.effects import FaultKind, Result, TransportFault, WsOpen, WsOpened, WsReceive, WsSend
from synthetic.core.ports import Clock
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.guard import Limits
from synthetic.drivers.inbox import Inbox
from synthetic.drivers.intake import READ_BYTES_MAX
from synthetic.drivers.places import Target
from synthetic.drivers.probe.stamped_socket import StampedSocket
from synthetic.drivers.probe.stamps import Stamps
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.translate import TRANSPORT_ERRORS, ending, fault, refusal
from synthetic.drivers.tunnels import connected_through
from synthetic.drivers.ws_wire import WS_OPTIONS, CrumbCount, answer_headers, handshake_headers, is_over, tls_told

_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class AsyncSockets:
    """Opens, uses and closes the WebSockets of one run."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits, clock: Clock, proxy: Proxy | None = None) -> None:
        self._tls = tls
        self._proxy = proxy
        self._limits = limits
        self._clock = clock
        self._stamps = Stamps(clock.monotonic_ns)
        self._open: dict[str, _AsyncSocket] = {}

    async def open(self, effect: WsOpen, target: Target, attempt: Attempt) -> Result:
        """Connect and shake hands; an open one of the same name is closed first."""
        await self.close(effect.connection)
        try:
            async with asyncio.timeout(effect.timeout_s):
                connection = await self._connected(effect, target, attempt)
        except TRANSPORT_ERRORS as error:
            return fault(error, attempt, target, effect.timeout_s)
        self._open[effect.connection] = _AsyncSocket(connection, target, self._limits)
        return WsOpened(attempt.answered(), answer_headers(connection.response))

    async def _connected(self, effect: WsOpen, target: Target, attempt: Attempt) -> _Connection:
        headers = handshake_headers(effect)
        sock = await connected_through(self._proxy, target, attempt, StampedSocket)
        sock.watch(self._stamps, self._clock.monotonic_ns)
        attempt.enter(Phase.SECURING if target.secure else Phase.CONNECTING)
        made = partial(_Connection, sock=sock, attempt=attempt, limits=self._limits, clock=self._clock)
        connection = await connect(
            effect.url,
            sock=sock,
            ssl=self._tls if target.secure else None,
            subprotocols=[Subprotocol(name) for name in effect.subprotocols] or None,
            additional_headers=headers,
            create_connection=made,  # type: ignore[arg-type] # it calls it and no more
            max_size=self._limits.frame_bytes_max,
            close_timeout=self._limits.close_s,
            open_timeout=None,
            **WS_OPTIONS,
        )
        assert isinstance(connection, _Connection)
        return connection

    def unusable(self, name: str, attempt: Attempt) -> TransportFault | None:
        """Why nothing can be sent on the connection of this name; None where it is open."""
        if name not in self._open:
            return refusal(FaultKind.WS_CLOSED, f"the connection {name!r} is not open", attempt)
        return self._open[name].unusable(attempt)

    async def send(self, effect: WsSend, attempt: Attempt) -> Result:
        """Send a frame on an open connection."""
        return await self._open[effect.connection].send(effect.text, effect.timeout_s, attempt)

    async def receive(self, effect: WsReceive, attempt: Attempt) -> Result:
        """The next frame."""
        if effect.connection not in self._open:
            return refusal(FaultKind.WS_CLOSED, f"the connection {effect.connection!r} is not open", attempt)
        return await self._open[effect.connection].receive(effect.timeout_s, attempt)

    async def close(self, name: str) -> None:
        """Close a connection if it is open."""
        if name in self._open:
            await self._open.pop(name).close()

    async def close_all(self) -> None:
        """Close every connection, at the latest when the closing handshakes' time is over."""
        sockets = [self._open.pop(name) for name in tuple(self._open)]
        await asyncio.gather(*(opened.close() for opened in sockets))


class _AsyncSocket:
    """One WebSocket with a task that reads it all the time, so that what came is known even if nobody waits for it."""

    def __init__(self, connection: _Connection, target: Target, limits: Limits) -> None:
        self._connection = connection
        self._target = target
        self._inbox = Inbox(limits)
        self._news = asyncio.Event()
        self._reader = asyncio.get_running_loop().create_task(self._read(), name="synthetic-ws-reader")

    async def _read(self) -> None:
        try:
            while True:
                message = await self._connection.recv()
                at_ns, stamped = self._connection.arrivals.popleft()
                if not self._inbox.put(message, at_ns, stamped=stamped):
                    break
                self._news.set()
            self._connection.transport.abort()
        except ConnectionClosed as closed:
            self._inbox.end(*ending(closed))
        finally:
            self._news.set()

    def unusable(self, attempt: Attempt) -> TransportFault | None:
        if self._inbox.ended:
            return self._inbox.closed(attempt, maybe_sent=False)
        if self._connection.state is not State.OPEN:
            return refusal(FaultKind.WS_CLOSED, "the connection is closing", attempt)
        return None

    async def send(self, text: str, timeout_s: float, attempt: Attempt) -> Result:
        # This moment counts as sent, or the kernel's: noted afterwards it could be later than the arrival of the answer.
        attempt.enter(Phase.EXCHANGING)
        try:
            async with asyncio.timeout(timeout_s):
                await self._connection.send(text)
        except ConnectionClosed as closed:
            self._inbox.end(*ending(closed))
            return self._inbox.closed(attempt, maybe_sent=True)
        except TimeoutError as error:
            self._connection.transport.abort()  # a frame that did not get away in time must not get away later
            return fault(error, attempt, self._target, timeout_s)
        self._connection.note_departure(attempt)
        return attempt.done()

    async def receive(self, timeout_s: float, attempt: Attempt) -> Result:
        attempt.enter(Phase.EXCHANGING)
        try:
            async with asyncio.timeout(timeout_s):
                while not self._inbox.ready:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            return self._inbox.take(attempt) or fault(error, attempt, self._target, timeout_s)
        result = self._inbox.take(attempt)
        assert result is not None, "the inbox was ready"
        return result

    async def close(self) -> None:
        try:
            await self._connection.close()
        finally:
            self._connection.transport.abort()
            self._reader.cancel()
            await asyncio.wait([self._reader])


class _Connection(ClientConnection):
    """A connection that tells when the handshake's request leaves (until then it was TCP and TLS), and when each message came.

    The library answers each ping at once, so a peer that only pings, and never reads, would let what is unsent grow without end.
    """

    def __init__(
        self, *args: Any, sock: StampedSocket, attempt: Attempt, limits: Limits, clock: Clock, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._sock = sock
        self._opening: Attempt | None = attempt
        self._crumbs = CrumbCount(limits.crumbs_max)
        self._monotonic_ns = clock.monotonic_ns
        self.arrivals: deque[tuple[int, bool]] = deque()  # of messages that nobody has taken yet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # What is read at once is parsed at once, and nothing else of our loop runs meanwhile.
        if hasattr(transport, "max_size"):  # asyncio's own transports
            transport.max_size = READ_BYTES_MAX

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.fin and event.opcode in _DATA:
            self.arrivals.append(self._arrival())
        super().process_event(event)
        if self._crumbs.is_over(event):
            self._crumbs.fail(self.protocol)
            self.send_data()

    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        attempt, self._opening = self._opening, None
        assert attempt is not None, "one handshake opens a connection"
        if attempt.phase is Phase.SECURING:
            attempt.secured()
        attempt.enter(Phase.EXCHANGING)
        with tls_told(self):
            await super().handshake(*args, **kwargs)
        at_ns, stamped = self._arrival()
        attempt.came(at_ns, stamped=stamped)
        self.note_departure(attempt)

    def note_departure(self, attempt: Attempt) -> None:
        """Tell when what the attempt sent has left, where the socket knows."""
        attempt.left_through(self._sock.left_ns, self._sock.doubt_ns)

    def _arrival(self) -> tuple[int, bool]:
        return (self._sock.came_ns, self._sock.stamped) if self._sock.came_ns else (self._monotonic_ns(), False)

    def send_data(self) -> None:
        super().send_data()
        if is_over(self.protocol):
            self.transport.abort()
