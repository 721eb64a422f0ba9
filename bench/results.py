"""What a benchmark came to: tables, bars and a chart; shown, and kept in `reports/out/bench` as JSON and a picture."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.charts import Chart, draw
from bench.machine import Machine
from bench.tables import table_of
from synthetic.cli.screen import answers, say

FOLDER = Path(__file__).parents[1] / "reports" / "out" / "bench"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the first column names the row, all others are figures as they are printed."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, whether it is met, and the figure that says so."""

    text: str
    met: bool
    measured: str

    @property
    def verdict(self) -> str:
        """As it is printed."""
        return "PASSED" if self.met else "MISSED"


@dataclass(frozen=True, slots=True)
class Result:
    """A benchmark's. `figures`: what it measured, for whoever reads the JSON; nothing but JSON values."""

    name: str
    title: str
    grids: tuple[Grid, ...]
    bars: tuple[Bar, ...] = ()
    chart: Chart | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """1 where a bar was missed."""
        return 0 if all(bar.met for bar in self.bars) else 1

    def show(self) -> None:
        """Print the tables to standard output, and how the bars were met to standard error."""
        for grid in self.grids:
            answers().print(table_of(grid.title, grid.columns, grid.rows, grid.remark))
        for bar in self.bars:
            say(f"{bar.verdict} {bar.text}: {bar.measured}", style="" if bar.met else "red")

    def keep(self, folder: Path = FOLDER) -> Path:
        """Write the JSON and the chart. Answers the JSON's file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.json"
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        told = {
            "name": self.name,
            "title": self.title,
            "at": at,
            "machine": asdict(Machine.here()),
            "tables": [asdict(grid) for grid in self.grids],
            "bars": [asdict(bar) | {"verdict": bar.verdict} for bar in self.bars],
            "figures": self.figures,
        }
        file.write_text(json.dumps(told, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        if self.chart is not None:
            draw(self.chart, file.with_suffix(".png"))
        return file


def finish(result: Result, folder: Path = FOLDER) -> int:
    """Show and keep a result. Answers the exit code."""
    result.show()
    say(f"kept in {result.keep(folder)}")
    return result.exit_code
