"""`python -m synthetic.tests.contracts.broker_standin --write-url FILE`: serve until somebody ends it, or its parent is gone."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
from pathlib import Path

import uvicorn

from synthetic.tests.contracts.broker_standin.app import Broker

_LOOK_EVERY_S = 0.5


class AnnouncingServer(uvicorn.Server):
    """Says where it listens once it does, in a file that appears whole."""

    def __init__(self, config: uvicorn.Config, write_url: Path) -> None:
        super().__init__(config)
        self._write_url = write_url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        ready = self._write_url.with_suffix(".part")
        ready.write_text(f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}", encoding="utf-8")
        ready.rename(self._write_url)


async def serve(write_url: Path, parent: int, authorization: str) -> None:
    """Listen on a free loopback port until somebody ends it, or the parent is gone."""
    config = uvicorn.Config(
        Broker(authorization).app(), host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none"
    )
    server = AnnouncingServer(config, write_url)
    serving = asyncio.create_task(server.serve())
    while not serving.done():
        server.should_exit |= os.getppid() != parent
        await asyncio.wait([serving], timeout=_LOOK_EVERY_S)
    serving.result()


def main() -> None:
    """Read the command line, and serve. Who is let in comes by the environment, as secrets do."""
    parser = argparse.ArgumentParser(prog="broker_standin")
    parser.add_argument("--write-url", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.write_url, given.parent, os.environ.get("STANDIN_AUTHORIZATION", "")))


if __name__ == "__main__":
    main()
