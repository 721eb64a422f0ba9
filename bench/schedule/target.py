"""`python -m bench.schedule.target FILE`: a canned HTTP target; prints its port, and writes down when each run's request arrived.

In a process of its own, and as cheap as a target can be, so that what is measured is the runner. It is the peer, too: a bare timer
that wakes up as often as the runner has slots, and writes down how much too late (`FILE.timer`).
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

BODY = b'{"ok": true}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
END = b"\r\n\r\n"
RUN = b"x-synthetic-run: "
TIMER_EVERY_S = 0.06


class Target(asyncio.Protocol):
    """One connection: answers every request (none has a body), and notes the instant and the run of each."""

    def __init__(self, arrivals: list[tuple[int, bytes]]) -> None:
        self._arrivals = arrivals
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where the answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        now_ns = time.time_ns()
        *requests, self._unread = (self._unread + data).split(END)
        for request in requests:
            lines = request.split(b"\r\n")
            run = next((line[len(RUN) :] for line in lines if line.lower().startswith(RUN)), b"")
            self._arrivals.append((now_ns, run))
            self._transport.write(ANSWER)


async def bare_timer(late_ms: list[float]) -> None:
    """Sleep for a while, for ever, and keep how much too late it ends."""
    while True:
        began_ns = time.monotonic_ns()
        await asyncio.sleep(TIMER_EVERY_S)
        late_ms.append((time.monotonic_ns() - began_ns) / 1e6 - TIMER_EVERY_S * 1e3)


async def main(file: Path) -> None:
    """Listen until SIGTERM, then write what arrived: a line of nanoseconds and run id for each request."""
    arrivals: list[tuple[int, bytes]] = []
    late_ms: list[float] = []
    timer = asyncio.ensure_future(bare_timer(late_ms))
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(lambda: Target(arrivals), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    timer.cancel()
    server.close()
    lines = (f"{at_ns} {run.decode()}\n" for at_ns, run in arrivals)
    await asyncio.to_thread(file.write_text, "".join(lines))
    await asyncio.to_thread(file.with_suffix(".timer").write_text, "".join(f"{late}\n" for late in late_ms))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
