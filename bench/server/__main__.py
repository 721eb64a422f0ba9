"""`python -m bench.server --delay-ms 50,120 --core 1`: prints the port that it listens on, and serves until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench.server.cells import TRACKS, write_cells
from bench.server.connection import Connection, Shared, stamp_arrivals
from bench.server.starting import PLAYERS
from synthetic.runner.quiet import quiet_collector

_PR_SET_PDEATHSIG = 1
_BACKLOG = 4096


def main(arguments: Sequence[str]) -> int:
    """Serve."""
    options = _parser().parse_args(arguments)
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    if options.exit_with_parent is not None:
        _end_with(options.exit_with_parent)
    delays = [float(delay) for delay in options.delay_ms.split(",")]
    with quiet_collector():
        uvloop.run(_serve(Shared.of(options.players, delays), options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1 (a free one)")
    parser.add_argument(
        "--delay-ms", default="0", metavar="MS[,MS]", help="how long a request is kept; several take turns (0)"
    )
    parser.add_argument("--core", type=int, metavar="N", help="the core to stay on (any)")
    parser.add_argument(
        "--players", type=int, default=PLAYERS, metavar="N", help=f"of each of the two cells ({PLAYERS})"
    )
    parser.add_argument("--write-cells", type=Path, metavar="FOLDER", help="write cells.yaml into an empty folder")
    parser.add_argument("--exit-with-parent", type=int, metavar="PID", help=argparse.SUPPRESS)
    return parser


def _end_with(parent: int) -> None:
    """Whoever started us may be killed; then nobody else ends us."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)


async def _serve(shared: Shared, options: argparse.Namespace) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGINT, ended.set)
    listener = socket.create_server(("127.0.0.1", options.port), backlog=_BACKLOG)
    listener.setblocking(False)  # noqa: FBT003 - the name is the argument's meaning
    stamp_arrivals(listener)
    port = listener.getsockname()[1]
    if options.write_cells is not None:
        await asyncio.to_thread(write_cells, options.write_cells, port, options.players, TRACKS)

    def accept() -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = listener.accept()
                sock.setblocking(False)  # noqa: FBT003 - as above
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Connection(sock, loop, shared)

    loop.add_reader(listener.fileno(), accept)
    print(port, flush=True)
    await ended.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
