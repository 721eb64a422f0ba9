"""The project that the schedule is measured with: so many probes of one cheap HTTP step, spread over their interval."""

from __future__ import annotations

from pathlib import Path

PLAYERS = 100
ROWS_MAX = 1000  # of one scenario's matrix
JITTER_SHARE = 0.98  # of the interval: so the slots are spread over all of it
PLATFORM = """\
platform: canned
base: "${{ cell.endpoints.api }}"
defaults: {headers: {X-Synthetic-Run: "${{ run.id }}"}}
operations:
  ping: {http: GET /ping, out: {ok: body.ok}}
"""
CELLS = """\
allow: ["127.0.0.1:*"]
cells:
  canary:
    environment: bench
    brand: bench
    market: MT
    track: canary
    version: 1.0.0
    currency: EUR
    platform: canned
    endpoints: {api: "http://127.0.0.1:%d"}
    players:
"""
SCENARIO = """\
scenario: ping-%d
tags: [ping]
matrix: {number: [%s]}
lease: {player: "pool:bench"}
steps:
  - {id: ping, call: ping, expect: ["out.ok == true"]}
"""
SERVING = """\
serve: bench
cells: cells.yaml
database: runner.db
listen: 127.0.0.1:0
probes:
  - {tags: [ping], cells: [canary], every: %gs, jitter: %gs, deadline: 10s}
"""


def write_project(folder: Path, port: int, probes: int, every_s: float) -> Path:
    """Write everything that `synthetic serve` needs. Answers the serve file."""
    for name in ("platforms", "scenarios"):
        (folder / name).mkdir()
    (folder / "platforms" / "canned.yaml").write_text(PLATFORM)
    players = "".join(f"      - {{id: p{number}, pool: bench}}\n" for number in range(PLAYERS))
    (folder / "cells.yaml").write_text(CELLS % port + players)
    for index, first in enumerate(range(0, probes, ROWS_MAX)):
        numbers = ", ".join(f'"{number}"' for number in range(first, min(first + ROWS_MAX, probes)))
        (folder / "scenarios" / f"ping_{index}.yaml").write_text(SCENARIO % (index, numbers))
    serving = folder / "runner.yaml"
    serving.write_text(SERVING % (every_s, every_s * JITTER_SHARE))
    return serving
