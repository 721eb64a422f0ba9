"""`python -m bench.peers`: the CPU of one journey and journeys a second, on one core, ours beside k6, Locust, Artillery and Tavern.

Each tool plays the same eight calls against the same server, with the same checks: statuses, states and the law of the balances.
Ours is the engine, without the lease, the caps and the audit of `synthetic serve`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.charts import Chart, Panel
from bench.machine import two_cores
from bench.peers.spending import Spending, spend
from bench.peers.tools import OURS, PEERS
from bench.results import FOLDER, Bar, Grid, Result, finish
from bench.server.starting import bench_server
from synthetic.cli.screen import say
from synthetic.cli.telling import tell_error
from synthetic.core.errors import SyntheticError

BARS = {"k6": 1.2, "Locust FastHttpUser": 0.5, "Artillery": 0.25, "Tavern": 0.03}
"""CPU of one of our journeys, in the engine, is at most so many times that of one of theirs."""
WITHOUT = "the engine without lease, caps and audit"
COLUMNS = ("tool", "CPU ms a journey", "ours / theirs", "journeys a second", "start: CPU s")
REMARK = (
    "CPU: of the whole process tree (user + system), by what many journeys cost more than few; the start is not in it\n"
    f"ours: {WITHOUT}"
)


def main(arguments: Sequence[str]) -> int:
    """Measure all, or those that are named. Answers the exit code: 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TOOL", help="which, beside ours (default: all)")
    parser.add_argument("--scratch", type=Path, default=FOLDER / "scratch", help="where tools are fetched to, and kept")
    options = parser.parse_args(arguments)
    try:
        return finish(result_of(_measured(options.names, options.scratch)))
    except SyntheticError as error:
        return tell_error(error)


def _measured(names: Sequence[str], scratch: Path) -> dict[str, Spending]:
    client, server_core = two_cores()
    wanted = [peer for peer in PEERS if not names or peer.name == OURS or peer.name in names]
    spendings = {}
    with (
        bench_server(core=server_core, tracks=("canary",)) as server,
        tempfile.TemporaryDirectory(prefix="synthetic-bench-peers-") as folder,
    ):
        for peer in wanted:
            say(f"{peer.name}: {peer.few} and {peer.many} journeys")
            spendings[peer.name] = spend(peer, scratch, server, Path(folder), client)
    return spendings


def result_of(spendings: Mapping[str, Spending]) -> Result:
    """The table, the bars and the chart."""
    ours = spendings[OURS]
    grid = Grid(
        "one money journey of eight calls, on one core",
        COLUMNS,
        [_row(one, ours) for one in spendings.values()],
        REMARK,
    )
    bars = tuple(_bar(name, times, spendings.get(name), ours) for name, times in BARS.items() if name in spendings)
    measured = {one.name: one for one in spendings.values() if not one.problem}
    panels = (
        Panel("CPU of a journey, ms", columns={name: one.cpu_ms for name, one in measured.items()}),
        Panel("journeys a second", columns={name: one.per_s for name, one in measured.items() if one.per_s}),
    )
    figures = {one.name: _figures(one) for one in spendings.values()}
    chart = Chart("one money journey of eight calls, on one core", "", "", panels, log_y=True)
    return Result("peers", "the same journey in other tools", (grid,), bars, chart, figures)


def _figures(one: Spending) -> dict[str, object]:
    """With the version of what was fetched or installed: figures of two versions are figures of two tools."""
    versions = {peer.name: peer.version for peer in PEERS if peer.version}
    of: dict[str, object] = {"version": versions[one.name]} if one.name in versions else {}
    if one.problem:
        return {**of, "problem": one.problem}
    return {
        **of,
        "cpu_ms": round(one.cpu_ms, 4),
        "per_s": round(one.per_s, 1),
        "start_cpu_s": round(one.start_cpu_s, 3),
    }


def _row(one: Spending, ours: Spending) -> tuple[str, ...]:
    if one.problem:
        return (one.name, one.problem, "-", "-", "-")
    ratio = "-" if ours.problem else f"{ours.cpu_ms / one.cpu_ms:.3f}x"
    return (one.name, f"{one.cpu_ms:.2f}", ratio, f"{one.per_s:.0f}" if one.per_s else "-", f"{one.start_cpu_s:.2f}")


def _bar(name: str, times: float, peer: Spending | None, ours: Spending) -> Bar:
    text = f"CPU of a journey ({WITHOUT}) at most {times:g} x {name}"
    if peer is None or peer.problem or ours.problem:
        return Bar(text, met=False, measured=f"not measured: {ours.problem or (peer.problem if peer else '')}")
    ratio = ours.cpu_ms / peer.cpu_ms
    return Bar(text, ratio <= times, f"{ratio:.3f} x ({ours.cpu_ms:.2f} ms and {peer.cpu_ms:.2f} ms)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
