"""A merchant's side of style B: the calls that the PSP makes, kept as they came, and what the merchant answers to each.

Source: docs/reference-platform.md, PSP style B; PaymentIQ's verifyuser, authorize, transfer and cancel.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from synthetic.conformance.answers import json_object
from synthetic.conformance.stories import Exchange
from synthetic.core.effects import Http, HttpReply, Times
from synthetic.core.ports import Clock

TOLERANCE_S = 300
BODY_BYTES_MAX = 64 * 1024
CALLS = ("verifyuser", "authorize", "transfer", "cancel", "debit")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the PSP. `at_s`: our Unix time; `answered`: the status that we gave."""

    name: str
    raw: bytes
    signature: str = field(repr=False)
    at_s: float
    answered: int
    answer: bytes

    @property
    def body(self) -> Mapping[str, Any]:
        """Its JSON object; empty where it is none."""
        return json_object(self.raw) or {}

    @property
    def facts(self) -> dict[str, Any]:
        """What it tells, without the time at which this sending was signed."""
        return {name: value for name, value in self.body.items() if name != "timestamp"}

    @property
    def exchange(self) -> Exchange:
        """As an exchange, with the PSP as the one who asks."""
        at_ns = int(self.at_s * 1e9)
        reply = HttpReply(self.answered, (), self.answer, Times(at_ns, at_ns, at_ns, at_ns))
        return Exchange(f"call {self.name}", Http("POST", f"(our receiver)/{self.name}", (), self.raw), reply)


class Desk:
    """Answers the PSP: yes to everything, but for payments that it was told to refuse, and with 500 while it was told to fail."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._refused: set[str] = set()
        self._failures: dict[str, int] = {}

    def refuse(self, key: str) -> None:
        """Say no when the payment of this `merchantTxId` is to be authorized."""
        with self._lock:
            self._refused.add(key)

    def fail(self, key: str, times: int) -> None:
        """Answer 500 to the next calls about a payment."""
        with self._lock:
            self._failures[key] = times

    def about(self, key: str) -> tuple[Call, ...]:
        """The calls about the payment of a `merchantTxId`, in the order in which they came; `verifyuser` is about a player."""
        with self._lock:
            return tuple(call for call in self._calls if call.body.get("merchantTxId") == key)

    def verifications(self, player: str) -> tuple[Call, ...]:
        """The `verifyuser` calls about a player."""
        with self._lock:
            return tuple(call for call in self._calls if (call.name, call.body.get("userId")) == ("verifyuser", player))

    def take(self, name: str, raw: bytes, signature: str, at_s: float) -> tuple[int, bytes]:
        """Keep a call; the status and the body of its answer."""
        key = str((json_object(raw) or {}).get("merchantTxId", ""))
        with self._lock:
            left = self._failures.get(key, 0)
            self._failures[key] = max(0, left - 1)
            status, answer = (500, b"") if left else (200, self._answer(name, key))
            self._calls.append(Call(name, raw, signature, at_s, status, answer))
            return status, answer

    def _answer(self, name: str, key: str) -> bytes:
        if name == "authorize" and key in self._refused:
            said: dict[str, Any] = {"success": False, "errCode": "REFUSED", "errMsg": "not with us"}
        else:
            said = {"success": True} | (
                {"authCode": auth_code(key), "merchantTxId": key} if name == "authorize" else {}
            )
        return json.dumps(said).encode()


def auth_code(key: str) -> str:
    """What we authorize a payment with."""
    return f"auth-{key}"


def signature_fault(secret: str, call: Call) -> str:
    """What is wrong with a signature: hex HMAC-SHA256 of the raw body, whose `timestamp` is fresh; `""` where it is good."""
    expected = hmac.new(secret.encode(), call.raw, hashlib.sha256).hexdigest()
    if not call.signature:
        return "it carries no X-Signature"
    if not hmac.compare_digest(expected.encode(), call.signature.encode()):
        return "its X-Signature is not that of the raw body under our secret"
    stamp = call.body.get("timestamp")
    if isinstance(stamp, bool) or not isinstance(stamp, int):
        return "it has no timestamp in Unix seconds"
    return f"its timestamp is {call.at_s - stamp:.0f} s off" if abs(call.at_s - stamp) > TOLERANCE_S else ""


@contextmanager
def listening(desk: Desk, clock: Clock) -> Iterator[str]:
    """Take calls on a free loopback port until the end of the block; yields the URL that the calls' names are below."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(desk, clock))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/psp"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _handler(desk: Desk, clock: Clock) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5.0
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            name, length = self.path.removeprefix("/psp/"), self.headers.get("Content-Length", "")
            if name not in CALLS or not length.isdigit() or int(length) > BODY_BYTES_MAX:
                status, answer = 404, b""
                self.close_connection = True
            else:
                raw = self.rfile.read(int(length))
                status, answer = desk.take(name, raw, self.headers.get("X-Signature", ""), clock.wall_ns() / 1e9)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
            """The desk is the log."""

    return Handler
