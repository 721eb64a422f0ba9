"""A real loopback server that plays the target's part of a recording, so that any driver can play the run over real sockets."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, TypeVar

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from synthetic.core.effects import (
    Effect,
    FaultKind,
    Http,
    HttpReply,
    Result,
    Together,
    TransportFault,
    WsFrame,
    WsOpen,
    WsOpened,
    WsReceive,
    WsSend,
)
from synthetic.core.events import Event
from synthetic.drivers.course import Scenario
from synthetic.drivers.recording import Recording
from synthetic.drivers.replay_script import NO_TIMES, Script, Session, path_of

T = TypeVar("T")
_NOT_REPEATED = {"connection", "transfer-encoding", "content-encoding"}  # a recorded body is whole and decoded
_BODILESS = {204, 304}
_NEVER_SENT = {1005, 1006, 1015}  # RFC 6455, 7.4.1: they only tell how a connection ended


class ReplayServer:
    """Listens on a free loopback port while the `with` block lasts."""

    def __init__(self, recording: Recording) -> None:
        self._script = Script(recording)
        self._server = _Server(self._script)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="synthetic-replay-server")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def authority(self) -> str:
        """Its `host:port`, which the driver has to allow."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def mistakes(self) -> tuple[str, ...]:
        """What was asked otherwise than recorded, or not at all; empty after a faithful run."""
        return self._script.mistakes

    def rebased(self, scenario: Scenario[T]) -> Scenario[T]:
        """The same scenario with all of its URLs leading here."""
        answer: Result | None = None
        try:
            while True:
                try:
                    step = scenario.send(answer)
                except StopIteration as stop:
                    ended: T = stop.value
                    return ended
                answer = yield self._here(step)
        finally:
            scenario.close()

    def _here(self, step: Effect | Event) -> Effect | Event:
        match step:
            case Http():
                return replace(step, url=f"http://{self.authority}{path_of(step.url)}")
            case Together():
                url = f"http://{self.authority}{{}}"
                here = tuple(replace(one, url=url.format(path_of(one.url))) for one in step.requests)
                return replace(step, requests=here)
            case WsOpen():
                return replace(step, url=f"ws://{self.authority}{path_of(step.url)}")
            case _:
                return step


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the handlers

    def __init__(self, script: Script) -> None:
        self.script = script
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @contextlib.contextmanager
    def serving(self, sock: socket.socket) -> Iterator[None]:
        """Know the connection while it is served."""
        with self._lock:
            self._open.add(sock)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(sock)

    def hang_up(self) -> None:
        """End every connection, so that its handler ends."""
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):  # the peer was first
                    sock.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's signature
        """A peer that hangs up is part of the play; anything else is a mistake of ours."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.script.complain(f"the replay server failed: {error!r}")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together

    def handle(self) -> None:
        """Serve one connection."""
        with self.server.serving(self.connection):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        """Log nothing: `mistakes` says what matters."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # http.server looks for do_GET, do_POST, ...
            return self._play
        raise AttributeError(name)

    def _play(self) -> None:
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.close_connection = True
            self._play_session(self.server.script.session(self.path))
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._play_answer(self.server.script.answer(self.command, self.path, body))

    def _play_answer(self, result: Result) -> None:
        if isinstance(result, HttpReply):
            self._reply(result)
            return
        assert isinstance(result, TransportFault), "a request ends in an answer or a fault"
        self._break(result.kind)

    def _reply(self, reply: HttpReply) -> None:
        self.send_response_only(reply.status)
        names = {name for name, _ in reply.headers}
        for name, value in reply.headers:
            if name not in _NOT_REPEATED:
                self.send_header(name, value)
        if "content-length" not in names and reply.status not in _BODILESS:
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _break(self, kind: FaultKind) -> None:
        self.close_connection = True
        match kind:
            case FaultKind.READ_TIMEOUT:
                self.connection.recv(1)  # until the client gives up
            case FaultKind.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case _:
                self.wfile.write(b"this is not HTTP\r\n\r\n")

    def _play_session(self, session: Session) -> None:
        match session.opened:
            case WsOpened():
                self._play_turns(session)
            case TransportFault(kind=FaultKind.WS_REJECTED, status=int(status)):
                self._reply(HttpReply(status, (), b"", NO_TIMES))
            case result:
                self._play_answer(result)

    def _play_turns(self, session: Session) -> None:
        peer = _Peer(self.connection, Request(self.path, _headers(self)))
        for effect, result in session.turns:
            match effect, result:
                case WsSend(), TransportFault():
                    peer.close(None)
                case WsSend(text=expected), _:
                    if (came := peer.receive()) is None:
                        return
                    if came != expected:
                        self.server.script.complain(f"a frame on {self.path} is not the recorded one")
                case WsReceive(), WsFrame(text=text):
                    peer.send(text)
                case WsReceive(), TransportFault(kind=FaultKind.WS_CLOSED, close_code=code):
                    peer.close(code)
        peer.receive()  # until the client closes


class _Peer:
    """The server's side of one WebSocket over a blocking socket."""

    def __init__(self, sock: socket.socket, request: Request) -> None:
        self._sock = sock
        offered = request.headers.get("Sec-WebSocket-Protocol")
        subprotocols = None if offered is None else [Subprotocol(name.strip()) for name in offered.split(",")]
        self._texts: deque[str] = deque()
        self._protocol = ServerProtocol(subprotocols=subprotocols)
        self._protocol.receive_data(request.serialize())
        self._protocol.events_received()
        self._protocol.send_response(self._protocol.accept(request))
        self._flush()

    def receive(self) -> str | None:
        """The next text frame; None where the connection is over."""
        while not self._texts:
            data = self._sock.recv(65536)
            if not data:
                return None
            self._protocol.receive_data(data)
            frames = [event for event in self._protocol.events_received() if isinstance(event, Frame)]
            self._texts.extend(bytes(frame.data).decode() for frame in frames if frame.opcode is Opcode.TEXT)
            self._flush()
            if self._protocol.close_expected():
                return None
        return self._texts.popleft()

    def send(self, text: str) -> None:
        """Send a text frame."""
        self._protocol.send_text(text.encode())
        self._flush()

    def close(self, code: int | None) -> None:
        """Close with this code; without one the connection just ends."""
        if code is not None and code not in _NEVER_SENT:
            self._protocol.send_close(code)
            self._flush()
        else:
            self._sock.shutdown(socket.SHUT_RDWR)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._sock.sendall(data)


def _headers(handler: BaseHTTPRequestHandler) -> Headers:
    return Headers([(name, str(value)) for name, value in handler.headers.items()])
