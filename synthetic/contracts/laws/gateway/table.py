"""A player's seat at a game socket: frames that were sent and that came, numbered as the server numbers them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from synthetic.conformance.stories import Exchange
from synthetic.core.effects import Http, HttpReply, Times

WITHIN_S = 3.0

Frame = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Came:
    """A frame that the server sent, and when it was read (monotonic ns). `after` is the frame that was sent last before."""

    frame: Frame
    at_ns: int
    after: Frame

    @property
    def exchange(self) -> Exchange:
        """As an exchange, for a person."""
        asked, told = (json.dumps(dict(one)).encode() for one in (self.after, self.frame))
        times = Times(self.at_ns, self.at_ns, self.at_ns, self.at_ns)
        return Exchange(
            str(self.frame.get("type", "frame")), Http("FRAME", "/ws/game", (), asked), HttpReply(101, (), told, times)
        )


@dataclass
class Table:
    """One socket. `came` has all frames of it, in order."""

    socket: ClientConnection
    leaving: ExitStack
    came: list[Came] = field(default_factory=list)
    sent: Frame = field(default_factory=dict)

    @classmethod
    def at(cls, url: str) -> Table:
        """Sit down at an address."""
        with ExitStack() as stack:
            socket = stack.enter_context(connect(url, proxy=None, open_timeout=WITHIN_S, close_timeout=1.0))
            return cls(socket, stack.pop_all())

    def say(self, **frame: Any) -> str:
        """Send a frame; its `req_id`, made where it is not given."""
        told = {"req_id": uuid.uuid4().hex} | frame
        self.sent = told
        with suppress(ConnectionClosed):  # then nothing comes, which is seen when it is waited for
            self.socket.send(json.dumps(told))
        return str(told["req_id"])

    def next(
        self, *, req_id: str = "", kinds: tuple[str, ...] = (), seen: int = 0, within_s: float = WITHIN_S
    ) -> Came | None:
        """The first frame behind the first `seen` with this `req_id` and of one of these types; None where none comes."""
        deadline_s = time.monotonic() + within_s
        index = seen
        while True:
            while index < len(self.came):
                one = self.came[index]
                index += 1
                is_asked_for = not req_id or one.frame.get("req_id") == req_id
                if is_asked_for and (not kinds or one.frame.get("type") in kinds):
                    return one
            if not self._read(deadline_s - time.monotonic()):
                return None

    def closed_with(self) -> int | None:
        """The code that the server closes this socket with, whatever it says before; None where it leaves it open."""
        deadline_s = time.monotonic() + WITHIN_S
        while self._read(deadline_s - time.monotonic()):
            pass
        return self.socket.close_code

    def close(self) -> None:
        """Leave."""
        self.leaving.close()

    def _read(self, within_s: float) -> bool:
        try:
            text = self.socket.recv(timeout=max(0.0, within_s))
        except (TimeoutError, ConnectionClosed):
            return False
        try:
            frame = json.loads(text)
        except ValueError:
            frame = {"type": "not JSON"}
        told = frame if isinstance(frame, dict) else {"type": "no object"}
        self.came.append(Came(told, time.monotonic_ns(), self.sent))
        return True
