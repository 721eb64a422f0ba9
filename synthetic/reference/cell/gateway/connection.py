"""One WebSocket: frames go out in order through one writer, and a socket that can be closed from elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from starlette.websockets import WebSocket, WebSocketDisconnect

from synthetic.reference.cell.gateway.conversation import Frame

FRAMES_WAITING_MAX = 1000


class CloseCode(IntEnum):
    """Why the gateway closes a socket (RFC 6455, 7.4: 4000-4999 are the application's)."""

    NORMAL = 1000
    TRY_AGAIN_LATER = 1013
    UNAUTHORISED = 4401
    NO_HELLO = 4408
    REPLACED = 4409


@dataclass(frozen=True, slots=True)
class _Close:
    code: CloseCode
    reason: str


class Connection:
    """A client's socket. `is_mute`: it takes and gives nothing any more (closing, or by the switch `stops_answering_ws`)."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._outbox: asyncio.Queue[Frame | _Close] = asyncio.Queue()
        self.is_mute = False

    async def receive(self) -> str | None:
        """The next message: its text, or None for a binary one. Raises WebSocketDisconnect."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or CloseCode.NORMAL, message.get("reason"))
        text = message.get("text")
        return text if isinstance(text, str) else None

    def push(self, frames: Iterable[Frame]) -> None:
        """Send frames, as soon as the client takes them; one who takes none for too long is let go."""
        if self.is_mute:
            return
        if self._outbox.qsize() > FRAMES_WAITING_MAX:
            self.close(CloseCode.TRY_AGAIN_LATER, "the client does not read")
            return
        for frame in frames:
            self._outbox.put_nowait(frame)

    def close(self, code: CloseCode, reason: str) -> None:
        """Close, after what was pushed before; from now on nothing is taken or given."""
        self.is_mute = True
        self._outbox.put_nowait(_Close(code, reason))

    async def write(self) -> None:
        """Write the outbox until the socket is closed by either side."""
        try:
            while True:
                item = await self._outbox.get()
                if isinstance(item, _Close):
                    await self._websocket.close(item.code, item.reason)
                    return
                await self._websocket.send_text(json.dumps(item))
        except WebSocketDisconnect:
            return
