"""The project that a schedule is measured with: so many probes of one cheap HTTP step, spread over their interval.

On a canary alone, or (`paired`) on a canary and its baseline with a gate over both.
"""

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
  ping: {sli: {name: ping}, http: GET /ping, out: {ok: body.ok}}
"""
CELLS = """\
allow: ["127.0.0.1:*"]
cells:
"""
CELL = """\
  %(track)s:
    environment: bench
    brand: bench
    market: MT
    track: %(track)s
    version: 1.0.0
    currency: EUR
    platform: canned
    endpoints: {api: "http://127.0.0.1:%(port)d"}
"""
SCENARIO = """\
scenario: ping-%d
tags: [ping]
matrix: {number: [%s]}
lease: {player: "pool:bench"}
steps:
  - {id: ping, call: ping, expect: ["out.ok == true"]}
"""
SLO = """\
slo: bench
objectives:
  - {name: pings, sli: ping, at_least: 99.9 %}
  - {name: p95_ping, sli: ping, p95_at_most: 400 ms}
  - {name: runs_good, sli: run, at_least: 99.9 %}
"""
SERVING = """\
serve: bench
cells: cells.yaml
database: runner.db
listen: 127.0.0.1:0
probes:
  - {tags: [ping], cells: [canary], every: %gs, jitter: %gs, deadline: 10s}
"""
GATE = "gate: {slo: slo.yaml}\n"


def write_project(folder: Path, port: int, probes: int, every_s: float, *, paired: bool = False) -> Path:
    """Write everything that `synthetic serve` needs. Answers the serve file."""
    for name in ("platforms", "scenarios"):
        (folder / name).mkdir()
    (folder / "platforms" / "canned.yaml").write_text(PLATFORM)
    cells = _cell("canary", port, "baseline: baseline") + _cell("baseline", port) if paired else _cell("canary", port)
    (folder / "cells.yaml").write_text(CELLS + cells)
    for index, first in enumerate(range(0, probes, ROWS_MAX)):
        numbers = ", ".join(f'"{number}"' for number in range(first, min(first + ROWS_MAX, probes)))
        (folder / "scenarios" / f"ping_{index}.yaml").write_text(SCENARIO % (index, numbers))
    (folder / "slo.yaml").write_text(SLO)
    serving = folder / "runner.yaml"
    serving.write_text(SERVING % (every_s, every_s * JITTER_SHARE) + (GATE if paired else ""))
    return serving


def _cell(track: str, port: int, more: str = "") -> str:
    players = "".join(f"      - {{id: {track}-{number}, pool: bench}}\n" for number in range(PLAYERS))
    return CELL % {"track": track, "port": port} + (f"    {more}\n" if more else "") + "    players:\n" + players
