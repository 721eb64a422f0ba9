"""What the server answers: the journey's calls, and those that look a payment up or undo it, as on the reference platform."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import parse_qs

from bench.server.cells import PASSWORD, TRACKS, player_name
from bench.server.wallets import Book

TOKEN = "token-of-"  # noqa: S105 - a token tells whose it is, so that nothing has to be remembered
_PAYMENT = re.compile(r"/cashier/(deposits|withdrawals)(?:/([^/]+)(?:/(refund|cancel))?)?")
_PROVEN = b'{"synthetic":true,"locked":false,"deposit_left_minor":100000,"currency":"EUR","kyc":"verified"}'
_STATUS = {
    200: b"OK",
    202: b"Accepted",
    401: b"Unauthorized",
    404: b"Not Found",
    409: b"Conflict",
    422: b"Unprocessable",
}
_LABELS = b"X-Cell-Version: 2.4.0\r\nX-Rollout-Step: 5%\r\nX-Flag-Variant: on\r\nContent-Type: application/json\r\n"


class Bank:
    """All players, and the answer to each request."""

    def __init__(self, players: int) -> None:
        names = [player_name(track, number) for track in TRACKS for number in range(players)]
        self._books = {name: Book(name) for name in names}

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """The status and the JSON of an answer. `headers`: their names in lower case."""
        path, _, query = target.partition("?")
        track = next((track for track in TRACKS if path.startswith(f"/{track}/")), "")
        if track:
            path = path[len(track) + 1 :]
        if path == "/auth/login":
            return self._login(body)
        if path == "/ping":
            return 200, b'{"ok":true}'
        if path == "/healthz":
            return 200, _json({"cell": track, "track": track, "version": "2.4.0"})
        if path.startswith("/office/players/"):
            return (200, _PROVEN) if path.rpartition("/")[2] in self._books else (404, b'{"error":"not_found"}')
        book = self._books.get(headers.get("authorization", "").removeprefix(f"Bearer {TOKEN}"))
        if book is None:
            return 401, b'{"error":"unauthorized"}'
        if path == "/wallet/balance":
            return 200, book.balance()
        if path == "/wallet/ledger":
            return 200, book.ledger()
        try:
            return _cashier(book, method, path, query, headers, body)
        except (ValueError, KeyError, TypeError):
            return 422, b'{"error":"invalid"}'

    def _login(self, body: bytes) -> tuple[int, bytes]:
        try:
            told = json.loads(body)
            name, password = told["username"], told["password"]
            book = self._books.get(name) if password == PASSWORD else None
        except (ValueError, KeyError, TypeError):
            return 422, b'{"error":"invalid"}'
        if book is None:
            return 401, b'{"error":"wrong_credentials"}'
        book.fold()
        return 200, _json({"token": TOKEN + name, "player_id": name, "expires_at": "2036-01-01T01:00:00Z"})


def _cashier(book: Book, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    found = _PAYMENT.fullmatch(path)
    if found is None:
        return 404, b'{"error":"not_found"}'
    kind, name, act = found.groups()
    if name is None:
        return _pay(book, kind, headers, body) if method == "POST" else _by_key(book, kind, query)
    payment = book.refund(name) if act == "refund" else book.named(name)
    if payment is None:
        return 404, b'{"error":"not_found"}'
    if act == "cancel":
        return 409, b'{"error":"already_paid"}'
    more = {"refunded_minor": payment.amount_minor} if act == "refund" else {}
    return 200, _json(payment.told() | more)


def _pay(book: Book, kind: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    asked = json.loads(body)
    amount_minor, psp, key = int(asked["amount_minor"]), str(asked["psp"]), headers["idempotency-key"]
    made = book.deposit(key, amount_minor, psp) if kind == "deposits" else book.withdraw(key, amount_minor, psp)
    return (202, _json(made.told())) if made is not None else (409, b'{"error":"insufficient_funds"}')


def _by_key(book: Book, kind: str, query: str) -> tuple[int, bytes]:
    payment = book.payments.get(parse_qs(query)["key"][0])
    if payment is None:
        return 200, b'{"found":false}'
    return 200, _json({"found": True, kind.removesuffix("s"): payment.told()})


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Head:
    """The bytes before a body: all but the true delay are the same for a status within one second."""

    def __init__(self) -> None:
        self._second = 0
        self._date = b""

    def bytes_of(self, status: int, length: int, truth: tuple[int, int], now_ns: int) -> bytes:
        """Status line and headers. `truth`: the delay in nanoseconds that this answer really had, and its number."""
        if now_ns // 1_000_000_000 != self._second:
            self._second = now_ns // 1_000_000_000
            self._date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self._second)).encode()
        return b"HTTP/1.1 %d %s\r\nDate: %s\r\n%sContent-Length: %d\r\nX-True-Delay-Ns: %d\r\nX-Answer: %d\r\n\r\n" % (
            status,
            _STATUS[status],
            self._date,
            _LABELS,
            length,
            *truth,
        )
