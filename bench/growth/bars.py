"""The tables and the bars of growth: what a journey costs must not depend on how many others there are."""

from __future__ import annotations

from collections.abc import Sequence

from bench.charts import Chart, Panel
from bench.growth.journeys import Crowd
from bench.growth.probes import Configured
from bench.results import Bar, Grid, Result
from bench.tables import ratio

FLAT_WITHIN = 0.20
CROWD_COLUMNS = ("journeys at once", "journeys", "CPU ms", "x", "core", "MiB")
PROBE_COLUMNS = ("probes", "journeys", "missed", "CPU ms", "x", "core", "MiB", "metrics KiB", "start s")


def result_of(crowds: Sequence[Crowd], services: Sequence[Configured], rates: tuple[float, float]) -> Result:
    """What is shown and kept. `rates`: journeys that begin in a second, in crowds and in services."""
    grids, bars, panels = [], [], []
    if crowds:
        remark = f"CPU, all threads, of one journey; {rates[0]:g} begin in a second\n"
        remark += _each(crowds[0].at_once, crowds[-1].at_once, crowds[0].rss_mib, crowds[-1].rss_mib, "running journey")
        grids.append(
            Grid("growth: journeys at once", CROWD_COLUMNS, [_crowd(one, crowds[0]) for one in crowds], remark)
        )
        bars.append(_flat("journeys at once", {one.at_once: one.cpu_ms for one in crowds}))
        panels.append(_panel("journeys at once", {one.at_once: one.cpu_ms for one in crowds}))
    if services:
        remark = f"`synthetic serve` on SQLite: CPU, all threads, of one journey; {rates[1]:g} begin in a second\n"
        remark += _each(services[0].probes, services[-1].probes, services[0].rss_mib, services[-1].rss_mib, "probe")
        grids.append(
            Grid("growth: configured probes", PROBE_COLUMNS, [_service(one, services[0]) for one in services], remark)
        )
        bars.append(_flat("probes", {one.probes: one.cpu_ms for one in services}))
        missed = {f"{count} {word} of {one.probes}": count for one in services for word, count in one.missed.items()}
        bars.append(Bar("every slot was played, and well", not missed, ", ".join(missed) or "all were"))
        panels.append(_panel("probes", {one.probes: one.cpu_ms for one in services}))
    chart = Chart("growth: CPU of one journey", "how many", "milliseconds", tuple(panels), log_x=True)
    figures = {
        "crowds": {
            str(one.at_once): {"cpu_ms": round(one.cpu_ms, 3), "rss_mib": round(one.rss_mib, 1)} for one in crowds
        },
        "probes": {
            str(one.probes): {"cpu_ms": round(one.cpu_ms, 3), "rss_mib": round(one.rss_mib, 1)} for one in services
        },
        "kib_a_running_journey": _kib(crowds[0].at_once, crowds[-1].at_once, crowds[0].rss_mib, crowds[-1].rss_mib)
        if crowds
        else 0,
        "kib_a_probe": _kib(services[0].probes, services[-1].probes, services[0].rss_mib, services[-1].rss_mib)
        if services
        else 0,
    }
    return Result("growth", "CPU and memory by how many there are", tuple(grids), tuple(bars), chart, figures)


def _flat(what: str, cpu_ms: dict[int, float]) -> Bar:
    """CPU of a journey, the most against the least."""
    low, high = min(cpu_ms.values()), max(cpu_ms.values())
    counts = ", ".join(f"{count:,}".replace(",", " ") for count in cpu_ms)
    text = f"CPU of a journey flat within {FLAT_WITHIN:.0%} at {counts} {what}"
    return Bar(text, 0 < high <= low * (1 + FLAT_WITHIN), f"{low:.2f} to {high:.2f} ms, {ratio(high, low)}")


def _kib(few: int, many: int, few_mib: float, many_mib: float) -> float:
    return round((many_mib - few_mib) * 1024 / (many - few), 1) if many > few else 0.0


def _each(few: int, many: int, few_mib: float, many_mib: float, what: str) -> str:
    return f"memory of one {what}: {_kib(few, many, few_mib, many_mib):g} KiB ({few} to {many})"


def _crowd(one: Crowd, first: Crowd) -> tuple[str, ...]:
    return (
        str(one.at_once),
        f"{one.journeys:.0f}",
        f"{one.cpu_ms:.2f}",
        ratio(one.cpu_ms, first.cpu_ms),
        f"{one.core_share:.0%}",
        f"{one.rss_mib:.0f}",
    )


def _service(one: Configured, first: Configured) -> tuple[str, ...]:
    return (
        str(one.probes),
        f"{one.journeys:.0f}",
        str(sum(one.missed.values())),
        f"{one.cpu_ms:.2f}",
        ratio(one.cpu_ms, first.cpu_ms),
        f"{one.core_share:.0%}",
        f"{one.rss_mib:.0f}",
        f"{one.metrics_kib:.0f}",
        f"{one.start_s:.1f}",
    )


def _panel(title: str, cpu_ms: dict[int, float]) -> Panel:
    line = [(float(count), cost) for count, cost in cpu_ms.items()]
    limit = line[0][1] * (1 + FLAT_WITHIN) if line else 0.0
    return Panel(title, {"ours": line}, limits={f"{FLAT_WITHIN:.0%} above the first": limit, "0": 0.0})
