"""`python -m bench.gate_polls.polling HOST:PORT PATH A_SECOND SECONDS`: asks at fixed instants; prints how long each answer took.

An open loop: each question has its instant, and its time runs from there, so that a gate that is slow is asked no less. In a
process of its own, and as cheap as a client can be, so that what is measured is the gate. Prints JSON: `ms` (sorted) and
`answers` by kind.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass, field

CONNECTIONS = 32
ANSWER_WITHIN_S = 10.0


@dataclass(slots=True)
class Asked:
    """What came of all questions."""

    ms: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)


async def ask(host: str, port: int, path: str, a_second: float, for_s: float) -> Asked:
    """Ask from several connections in turn."""
    asked, loop = Asked(), asyncio.get_running_loop()
    start_s, every_s, count = loop.time() + 0.2, 1 / a_second, round(a_second * for_s)
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    async with asyncio.TaskGroup() as group:
        for connection in range(CONNECTIONS):
            instants = [start_s + number * every_s for number in range(connection, count, CONNECTIONS)]
            group.create_task(_ask_in_turn(host, port, request, instants, asked))
    return asked


async def _ask_in_turn(host: str, port: int, request: bytes, instants: list[float], asked: Asked) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    loop = asyncio.get_running_loop()
    for instant in instants:
        await asyncio.sleep(max(instant - loop.time(), 0.0))
        writer.write(request)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            status, body = await _answer(reader)
        asked.ms.append((loop.time() - instant) * 1e3)
        asked.answers[_kind(status, body)] += 1
    writer.close()
    await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in head if line.lower().startswith(b"content-length"))
    return int(head[0].split()[1]), await reader.readexactly(length)


def _kind(status: int, body: bytes) -> str:
    return f"{status} {json.loads(body).get('verdict', '')}".strip()


def main(where: str, path: str, a_second: str, for_s: str) -> None:
    """Ask, and print."""
    host, _, port = where.rpartition(":")
    asked = asyncio.run(ask(host, int(port), path, float(a_second), float(for_s)))
    sys.stdout.write(json.dumps({"ms": sorted(asked.ms), "answers": dict(asked.answers)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
