"""The chart of a benchmark: panels of lines, or of bars, with the limits that the bars set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PANEL_INCHES = (5.2, 3.8)


@dataclass(frozen=True, slots=True)
class Panel:
    """One coordinate system: a line for each name of `lines` (pairs of x and y), or a bar for each name of `columns`.

    `limits`: horizontal lines by what they mean.
    """

    title: str
    lines: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    columns: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels beside each other, with the same axes."""

    title: str
    x: str
    y: str
    panels: tuple[Panel, ...]
    log_x: bool = False
    log_y: bool = False


def draw(chart: Chart, file: Path) -> None:
    """Write the chart as a picture; the file's suffix says which kind."""
    wide = max(1, len(chart.panels))
    figure = Figure(figsize=(PANEL_INCHES[0] * wide, PANEL_INCHES[1]), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(chart.title)
    for index, panel in enumerate(chart.panels, start=1):
        axes = figure.add_subplot(1, wide, index)
        _draw_panel(axes, chart, panel)
        if index == 1:
            axes.set_ylabel(chart.y)
    figure.savefig(file, dpi=110)


def _draw_panel(axes: Axes, chart: Chart, panel: Panel) -> None:
    axes.set_title(panel.title, fontsize="medium")
    for name, points in panel.lines.items():
        axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name)
    if panel.columns:
        drawn = axes.bar(list(panel.columns), list(panel.columns.values()))
        axes.bar_label(drawn, fmt="%.3g", fontsize="small")
        axes.tick_params("x", rotation=25)
    for name, limit in panel.limits.items():
        axes.axhline(limit, color="grey", linestyle="--", linewidth=1)
        axes.annotate(name, (0.01, limit), xycoords=("axes fraction", "data"), fontsize="x-small", va="bottom")
    if chart.log_x and panel.lines:
        axes.set_xscale("log")
        ticks = sorted({x for points in panel.lines.values() for x, _ in points})
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    if chart.log_y:
        axes.set_yscale("log")
    axes.set_xlabel(chart.x)
    axes.grid(visible=True, alpha=0.3)
    if panel.lines:  # below the axes: within them it would cover points
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
