"""The WebSockets of one blocking run, by the names that the scenario gives them."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.protocol import Event, State
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from synthetic.core.effects import FaultKind, Result, TransportFault, WsOpen, WsOpened, WsReceive, WsSend
from synthetic.core.ports import Clock
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.dialling import Deadline, within
from synthetic.drivers.guard import Limits
from synthetic.drivers.inbox import Inbox
from synthetic.drivers.intake import READ_BYTES_MAX
from synthetic.drivers.places import Target
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.tls_turns import hang_up, taking_turns
from synthetic.drivers.translate import TRANSPORT_ERRORS, ending, fault, refusal
from synthetic.drivers.tunnels import dial_through
from synthetic.drivers.ws_wire import WS_OPTIONS, CrumbCount, answer_headers, handshake_headers, is_over, tls_told


class BlockingSockets:
    """Opens, uses and closes the WebSockets of one run."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits, clock: Clock, proxy: Proxy | None = None) -> None:
        self._tls = tls
        self._proxy = proxy
        self._limits = limits
        self._clock = clock
        self._open: dict[str, _BlockingSocket] = {}

    def open(self, effect: WsOpen, target: Target, attempt: Attempt) -> Result:
        """Connect and shake hands; an open one of the same name is closed first."""
        self.close(effect.connection)
        stack = ExitStack()
        try:
            connection = stack.enter_context(self._connecting(effect, target, attempt, Deadline(effect.timeout_s)))
        except TRANSPORT_ERRORS as error:
            return fault(error, attempt, target, effect.timeout_s)
        self._open[effect.connection] = _BlockingSocket(connection, stack, target, self._limits, self._clock)
        return WsOpened(attempt.times(), answer_headers(connection.response))

    def _connecting(self, effect: WsOpen, target: Target, attempt: Attempt, deadline: Deadline) -> ClientConnection:
        headers = handshake_headers(effect)
        attempt.enter(Phase.CONNECTING)
        sock = dial_through(self._proxy, target, deadline, attempt)
        attempt.enter(Phase.SECURING if target.secure else Phase.CONNECTING)
        return connect(
            effect.url,
            sock=sock,
            ssl=self._tls if target.secure else None,
            subprotocols=[Subprotocol(name) for name in effect.subprotocols] or None,
            additional_headers=headers,
            create_connection=_connection_of(attempt, self._limits),
            max_size=self._limits.frame_bytes_max,
            close_timeout=self._limits.close_s,
            open_timeout=deadline.remaining_s(),
            **WS_OPTIONS,
        )

    def unusable(self, name: str, attempt: Attempt) -> TransportFault | None:
        """Why nothing can be sent on the connection of this name; None where it is open."""
        if name not in self._open:
            return refusal(FaultKind.WS_CLOSED, f"the connection {name!r} is not open", attempt)
        return self._open[name].unusable(attempt)

    def send(self, effect: WsSend, attempt: Attempt) -> Result:
        """Send a frame on an open connection."""
        return self._open[effect.connection].send(effect.text, effect.timeout_s, attempt)

    def receive(self, effect: WsReceive, attempt: Attempt) -> Result:
        """The next frame."""
        if effect.connection not in self._open:
            return refusal(FaultKind.WS_CLOSED, f"the connection {effect.connection!r} is not open", attempt)
        return self._open[effect.connection].receive(effect.timeout_s, attempt)

    def close(self, name: str) -> None:
        """Close a connection if it is open."""
        if name in self._open:
            self._open.pop(name).close()

    def close_all(self) -> None:
        """Close every connection, whatever closing another one says."""
        with ExitStack() as stack:
            for name in tuple(self._open):
                stack.callback(self._open.pop(name).close)


class _BlockingSocket:
    """One WebSocket with a thread that reads it all the time, so that a frame's arrival is known even if nobody waits for it."""

    def __init__(
        self, connection: ClientConnection, stack: ExitStack, target: Target, limits: Limits, clock: Clock
    ) -> None:
        self._connection = connection
        self._stack = stack
        self._target = target
        self._clock = clock
        self._inbox = Inbox(limits)
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="synthetic-ws-reader", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            wanted = True
            while wanted:
                message = self._connection.recv()
                with self._news:
                    wanted = self._inbox.put(message, self._clock.monotonic_ns())
                    self._news.notify_all()
            hang_up(self._connection.socket)
        except ConnectionClosed as closed:
            with self._news:
                self._inbox.end(*ending(closed))
                self._news.notify_all()

    def unusable(self, attempt: Attempt) -> TransportFault | None:
        with self._news:
            if self._inbox.ended:
                return self._inbox.closed(attempt, maybe_sent=False)
        if self._connection.state is not State.OPEN:
            return refusal(FaultKind.WS_CLOSED, "the connection is closing", attempt)
        return None

    def send(self, text: str, timeout_s: float, attempt: Attempt) -> Result:
        attempt.enter(Phase.EXCHANGING)

        def write() -> None:
            attempt.written()  # noted afterwards it could be later than the arrival of the answer
            self._connection.send(text)

        try:
            # The library's send knows no time-out: a peer that does not read would hold it for ever.
            within(Deadline(timeout_s), write, "synthetic-ws-send")
        except ConnectionClosed as closed:
            with self._news:
                self._inbox.end(*ending(closed))
                return self._inbox.closed(attempt, maybe_sent=True)
        except TimeoutError as error:
            hang_up(self._connection.socket)  # a frame that did not get away in time must not get away later
            return fault(error, attempt, self._target, timeout_s)
        return attempt.done()

    def receive(self, timeout_s: float, attempt: Attempt) -> Result:
        attempt.enter(Phase.EXCHANGING)
        with self._news:
            self._news.wait_for(lambda: self._inbox.ready, timeout_s)
            result = self._inbox.take(attempt)
        return result or fault(TimeoutError(), attempt, self._target, timeout_s)

    def close(self) -> None:
        try:
            self._stack.close()
        finally:
            hang_up(self._connection.socket)
            self._reader.join()


def _connection_of(attempt: Attempt, limits: Limits) -> type[ClientConnection]:
    """A connection that tells the attempt when the handshake's request leaves; until then it was TCP and TLS."""

    crumbs = CrumbCount(limits.crumbs_max)

    class Connection(ClientConnection):
        recv_bufsize = READ_BYTES_MAX  # the deadline is looked at only when what was read is parsed

        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(taking_turns(sock), *args, **kwargs)

        def process_event(self, event: Event) -> None:
            super().process_event(event)
            if crumbs.is_over(event):
                with self.protocol_mutex:
                    crumbs.fail(self.protocol)
                    self.send_data()

        def handshake(self, *args: Any, **kwargs: Any) -> None:
            attempt.enter(Phase.EXCHANGING)
            with tls_told(self):
                super().handshake(*args, **kwargs)

        def send_data(self) -> None:
            super().send_data()
            if is_over(self.protocol):
                hang_up(self.socket)

        def close_socket(self) -> None:
            # The library joins its reader, which over TLS may hang in a read of half a record: wake it first.
            hang_up(self.socket)
            super().close_socket()

    return Connection
