"""WebSockets that answer with what nobody can read, too much of it, or nothing: the bet is unknown, looked up, and taken back."""

from __future__ import annotations

import json
import socket
import struct
from pathlib import Path

import pytest

from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.tests.bad_input.cases import Case
from synthetic.tests.bad_input.hostile import HostilePlatform, for_ever, reset, saying, silence, typed
from synthetic.tests.bad_input.playing import (
    BET,
    JOIN,
    Play,
    assert_money_looked_up,
    assert_one_clear_finding,
    each_driver,
    play_blocking,
    played,
)
from synthetic.tests.drivers.servers import Behaviour
from synthetic.tests.representative import one_in

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

TEXT, BINARY, CONTINUED, CLOSE, PING = 1, 2, 0, 8, 9
WAITING = r"waiting on the WebSocket 'table' for `frame\.type == 'ack' && frame\.req == key`: "
WELCOME = b'{"type": "welcome"}'


def frame(data: bytes, opcode: int = TEXT, *, fin: bool = True, length: int | None = None) -> bytes:
    """A frame as a server sends it; `length` is what its head says, where that is not the truth."""
    size = len(data) if length is None else length
    first = (0x80 if fin else 0) | opcode
    if size < 126:
        return bytes([first, size]) + data
    if size < 1 << 16:
        return bytes([first, 126]) + struct.pack("!H", size) + data
    return bytes([first, 127]) + struct.pack("!Q", size) + data


def read_frame(sock: socket.socket) -> bytes:
    """One short frame of the client, which masks it."""
    head = sock.recv(2, socket.MSG_WAITALL)
    size = head[1] & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", sock.recv(2, socket.MSG_WAITALL))
    mask = sock.recv(4, socket.MSG_WAITALL)
    return bytes(
        byte ^ mask[index % 4] for index, byte in enumerate(sock.recv(size, socket.MSG_WAITALL) if size else b"")
    )


def quiet(sock: socket.socket) -> None:
    """Say nothing more, but end with the client's close frame, so that no test waits for its closing handshake."""
    while (data := sock.recv(65536)) and data[0] != 0x80 | CLOSE:
        pass


def after_the_bet(spoilt: Behaviour) -> Behaviour:
    """Welcome the player, take the bet, and then be hostile."""

    def behave(sock: socket.socket) -> None:
        read_frame(sock)
        sock.sendall(frame(WELCOME))
        read_frame(sock)
        spoilt(sock)

    return behave


FRAMES = [
    Case(
        "an oversized frame",
        for_ever(bytes(65536), first=frame(b"", length=10 << 20)),
        rf"{WAITING}a frame is over the size limit \(frame with 10485760 bytes exceeds limit of 1048576 bytes\)$",
        timeout_s=5.0,
    ),
    Case(
        "fragments without end",
        for_ever(frame(bytes(16384), CONTINUED, fin=False), first=frame(b"{", fin=False)),
        rf"{WAITING}a frame is over the size limit \(frame with 16384 bytes after reading \d+ bytes exceeds limit",
        timeout_s=5.0,
    ),
    Case(
        "empty fragments without end",
        for_ever(frame(b"", CONTINUED, fin=False) * 1000, first=frame(b"{", fin=False)),
        rf"{WAITING}the peer sent over 1000 pings or tiny fragments in a row$",
        took_s_max=8.0,
        timeout_s=5.0,
    ),
    Case(
        "a text frame that is not UTF-8",
        saying(frame(b'{"type": "\xff"}'), then=quiet),
        rf"{WAITING}a text frame is not UTF-8: invalid start byte at position 10$",
    ),
    Case(
        "a malformed frame",
        saying(b"\xf3\x00", then=quiet),
        rf"{WAITING}what came is not WebSocket: ",
    ),
    Case(
        "what is no frame at all",
        saying(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n" * 4, then=quiet),
        rf"{WAITING}what came is not WebSocket: ",
    ),
    Case(
        "a frame that is not JSON",
        saying(frame(b"<html>busy</html>"), then=quiet),
        rf"{WAITING}it did not come within 0\.\d\d s; 1 other frame had come, one of them text that is not JSON \(17 characters\)$",
    ),
    Case(
        "a frame of truncated JSON",
        saying(frame(b'{"type": "ack", "req": "'), then=quiet),
        rf"{WAITING}it did not come within 0\.\d\d s; 1 other frame had come, one of them JSON that is cut short \(24 char",
    ),
    Case(
        "a frame with NaN",
        saying(frame(b'{"type": "ack", "balance": NaN}'), then=quiet),
        rf"{WAITING}it did not come within 0\.\d\d s; 1 other frame had come, one of them JSON that holds NaN, which is no JSON",
    ),
    Case("a half-open WebSocket", silence, rf"{WAITING}it did not come within 0\.\d\d s$"),
    Case("a reset WebSocket", reset, rf"{WAITING}the connection ended without a close frame$"),
    Case(
        "a close frame with controls",
        saying(frame(struct.pack("!H", 1011) + "\x1b[2J\u202e sorry".encode(), CLOSE), then=quiet),
        rf"{WAITING}the peer closed with 1011 \ufffd\[2J\ufffd sorry$",
    ),
    Case(
        "a flood of other frames",
        for_ever(frame(b'{"type": "noise"}') * 50),
        rf"{WAITING}(it did not come within 0\.\d\d s; \d+ other frames had come|over 1000 frames are unread)",
    ),
    Case(
        "a flood of large frames",
        for_ever(frame(b'{"type": "noise", "data": "' + b"x" * 1_000_000 + b'"}')),
        rf"{WAITING}(it did not come, but over 4194304 characters of \d other frames|over 4194304 bytes of frames are unread)",
        timeout_s=5.0,
        peak_mb_max=32,
    ),
    Case(
        "a flood of pings",
        for_ever(frame(b"x" * 125, PING) * 500),
        rf"{WAITING}the peer sent over 1000 pings or tiny fragments in a row$",
        timeout_s=5.0,
        took_s_max=8.0,
    ),
    Case(
        "application pings that lack what is answered",
        saying(frame(b'{"type": "ping"}') * 20, then=quiet),
        rf"{WAITING}it did not come within 0\.\d\d s; 20 other frames had come$",
    ),
]


@each_driver
@pytest.mark.parametrize("case", one_in(2, FRAMES), ids=str)
def test_a_bet_that_is_answered_so_is_unknown_and_looked_up(play: Play, case: Case, tmp_path: Path) -> None:
    """The bet was sent; what comes back doesn't say whether it was taken."""
    assert not isinstance(case.does, bytes)
    platform = HostilePlatform(frames=after_the_bet(case.does))
    run = played(play, tmp_path, BET, platform, timeout_s=case.timeout_s)
    assert_one_clear_finding(run, "bet", f"^{case.says}", case, Blame.PLATFORM)
    assert_money_looked_up(run, platform)


OPENING = "opening the WebSocket 'table': 127\\.0\\.0\\.1:\\d+ "
HANDSHAKES = [
    Case(
        "a handshake that is answered with a page",
        typed(b"<html>busy</html>", "text/html"),
        rf"{OPENING}answered HTTP 200 instead of a WebSocket handshake$",
    ),
    Case("a handshake without an answer", silence, rf"{OPENING}did not answer within 0\.40 s$"),
    Case(
        "a handshake that drips",
        for_ever(b"x", first=b"HTTP/1.1 101 Switching Protocols\r\nX-Drip: ", every_s=0.1),
        rf"{OPENING}did not answer within 0\.40 s$",
    ),
    Case(
        "a handshake with headers without end",
        for_ever(b"X-Some: header\r\n" * 100, first=b"HTTP/1.1 101 Switching Protocols\r\n"),
        rf"{OPENING}sent what is not WebSocket: ",
        timeout_s=5.0,
    ),
    Case(
        "a handshake with a header without end",
        for_ever(b"x" * 4096, first=b"HTTP/1.1 101 Switching Protocols\r\nX-Long: "),
        rf"{OPENING}sent what is not WebSocket: ",
        timeout_s=5.0,
    ),
    Case(
        "a handshake for somebody else",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        rf"{OPENING}sent what is not WebSocket: ",
    ),
]


@each_driver
@pytest.mark.parametrize("case", HANDSHAKES, ids=str)
def test_a_handshake_that_is_answered_so_is_one_finding(play: Play, case: Case, tmp_path: Path) -> None:
    """No money is under way yet; the run ends there."""
    platform = HostilePlatform({"GET /table": case.does})
    run = played(play, tmp_path, JOIN, platform, timeout_s=case.timeout_s)
    assert_one_clear_finding(run, "join", f"^{case.says}", case, Blame.PLATFORM)


def test_frames_that_were_set_aside_are_still_found(tmp_path: Path) -> None:
    """The limits are on floods: an acknowledgement behind a hundred other frames counts."""

    def behave(sock: socket.socket) -> None:
        read_frame(sock)
        sock.sendall(frame(WELCOME))
        bet = json.loads(read_frame(sock))
        sock.sendall(frame(b'{"type": "noise"}') * 100)
        sock.sendall(frame(json.dumps({"type": "ack", "req": bet["req"], "round": "r1"}).encode()))
        quiet(sock)

    run = played(play_blocking, tmp_path, BET, HostilePlatform(frames=behave))
    assert run.ended.outcome is RunOutcome.OK, run.ended.reason
    assert StepOutcome.UNKNOWN not in {step.outcome for step in run.record.steps}
