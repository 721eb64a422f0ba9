"""`python -m bench.gate_power [--runs 6000]`: how often, and how soon, gates roll back: Argo, Flagger, Kayenta and ours.

All look at the same traces. The first table holds the rules of others against what `reference/rollout-gates.md` has measured of
them, the next ones have ours beside them, and then come the bars; exit 1 where one is missed. Everything is kept in
`reports/out/gate_power.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.gate_power.anchors import ANCHORS, agrees
from bench.gate_power.anchors import SCENARIOS as ANCHORED
from bench.gate_power.bars import Bar, bars_of, still_better
from bench.gate_power.measuring import RULES, VARIANTS, Measured, measure
from bench.gate_power.traces import SCENARIOS, Scenario
from synthetic.cli.screen import answers, write

A_TABLE = 6
OUT = Path("reports") / "out" / "gate_power.json"


def main(arguments: Sequence[str]) -> int:
    """Measure and tell. Answers 0 where every bar is met, 1 where one is not."""
    options = _parser().parse_args(arguments)
    found = measure(options.runs, options.seed)
    table = {(one.rule, one.scenario): one for one in found}
    bars = bars_of(table)
    console = answers()
    console.print(_anchors_table(table))
    agreed = [_agrees(table[key], horizon) for key in ANCHORS for horizon in (15, 60)]
    write(f"{sum(agreed)} of {len(agreed)} figures are the page's, within chance; others are marked with !")
    for begun in range(0, len(SCENARIOS), A_TABLE):
        console.print(_ours_table(table, SCENARIOS[begun : begun + A_TABLE]))
    write("share rolled back within 15 / 60 min (median minutes to rollback, of those that are)")
    for bar in bars:
        write(f"{'met   ' if bar.met else 'MISSED'} {bar.told}: {bar.measured:.4g}")
    write("where another rule still detects more:")
    for line in still_better(table, RULES):
        write(f"  {line}")
    _keep(found, bars, options)
    return 0 if all(bar.met for bar in bars) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.gate_power", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=6000, help="how many runs of each scenario (default 6000)")
    parser.add_argument("--seed", type=int, default=4711, help="of all randomness (default 4711)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"where the figures go as JSON (default {OUT})")
    return parser


def _agrees(measured: Measured, horizon: int) -> bool:
    anchor = ANCHORS[measured.rule, measured.scenario]
    told = anchor.at_15 if horizon == 15 else anchor.at_60
    return agrees(measured.rolled_back[horizon], measured.runs, told)


def _anchors_table(table: dict[tuple[str, str], Measured]) -> Table:
    shown = Table(title="the reference page (page -> measured), 15 / 60 min", box=SIMPLE_HEAD)
    for column in ("rule", *ANCHORED):
        shown.add_column(column)
    for rule in RULES:
        cells = []
        for scenario in ANCHORED:
            measured, anchor = table[rule, scenario], ANCHORS[rule, scenario]
            marks = ["" if _agrees(measured, horizon) else "!" for horizon in (15, 60)]
            cells.append(
                f"{_share(anchor.at_15)}/{_share(anchor.at_60)}\n"
                f"{_share(measured.rolled_back[15])}{marks[0]}/{_share(measured.rolled_back[60])}{marks[1]}"
            )
        shown.add_row(rule, *cells)
    return shown


def _ours_table(table: dict[tuple[str, str], Measured], scenarios: Sequence[Scenario]) -> Table:
    shown = Table(title="ours beside them, on the same traces", box=SIMPLE_HEAD)
    for column in ("rule", *(scenario.title for scenario in scenarios)):
        shown.add_column(column)
    for rule in (*RULES, *VARIANTS):
        shown.add_row(rule, *(_cell(table.get((rule, scenario.name))) for scenario in scenarios))
    return shown


def _cell(measured: Measured | None) -> str:
    if measured is None:
        return "-"
    shares = "/".join(_share(share) for share in measured.rolled_back.values())
    return shares if measured.median_min is None else f"{shares} ({measured.median_min:.1f})"


def _share(share: float) -> str:
    text = f"{share:.4f}" if 0 < share < 0.01 else f"{share:.3f}"
    return text.rstrip("0").rstrip(".").removeprefix("0") or "0"


def _keep(found: list[Measured], bars: list[Bar], options: argparse.Namespace) -> None:
    document = {
        "runs": options.runs,
        "seed": options.seed,
        "measured": [asdict(one) for one in found],
        "bars": [asdict(bar) for bar in bars],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
