"""`python -m bench.gate_polls.polling HOST:PORT PATH A_SECOND`: asks at fixed instants, within spans that come on standard input.

An open loop: each question has its instant, and its time runs from there, so that a gate that is slow is asked no less. In a
process of its own that lives as long as the benchmark, with its connections open in between, so that a phase begins with nothing
but its questions; and as cheap as a client can be, so that what is measured is the gate.

Standard input: a JSON list of spans `[since, until]` (Unix time in seconds). Prints JSON: `asked`, a list of `[instant, ms]`, and
`answers` by kind.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

CONNECTIONS = 32
ANSWER_WITHIN_S = 10.0


@dataclass(slots=True)
class Asked:
    """What came of all questions: when each was due (Unix time, seconds) and how long after that it was answered."""

    asked: list[tuple[float, float]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)


async def ask(host: str, port: int, path: str, a_second: float, spans: Sequence[tuple[float, float]]) -> Asked:
    """Ask from several connections in turn."""
    asked = Asked()
    due_s = [
        since_s + (number + 0.5) / a_second
        for since_s, until_s in spans
        for number in range(round((until_s - since_s) * a_second))
    ]
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    async with asyncio.TaskGroup() as group:
        for connection in range(CONNECTIONS):
            group.create_task(_ask_in_turn(host, port, request, due_s[connection::CONNECTIONS], asked))
    return asked


async def _ask_in_turn(host: str, port: int, request: bytes, due_s: Sequence[float], asked: Asked) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for instant_s in due_s:
        await asyncio.sleep(max(instant_s - _now_s(), 0.0))
        writer.write(request)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            status, body = await _answer(reader)
        asked.asked.append((instant_s, (_now_s() - instant_s) * 1e3))
        asked.answers[_kind(status, body)] += 1
    writer.close()
    await writer.wait_closed()


def _now_s() -> float:
    return time.time_ns() / 1e9


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in head if line.lower().startswith(b"content-length"))
    return int(head[0].split()[1]), await reader.readexactly(length)


def _kind(status: int, body: bytes) -> str:
    return f"{status} {json.loads(body).get('verdict', '')}".strip()


def main(where: str, path: str, a_second: str) -> None:
    """Ask, and print."""
    host, _, port = where.rpartition(":")
    spans = [(float(since_s), float(until_s)) for since_s, until_s in json.loads(sys.stdin.read())]
    asked = asyncio.run(ask(host, int(port), path, float(a_second), spans))
    sys.stdout.write(json.dumps({"asked": sorted(asked.asked), "answers": dict(asked.answers)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
