"""The tables and the bars of growth: what a journey costs must not depend on how many others there are."""

from __future__ import annotations

from collections.abc import Sequence

from bench.charts import Chart, Panel
from bench.growth.journeys import Crowd
from bench.growth.probes import Configured
from bench.results import Bar, Grid, Result
from bench.tables import ratio
from synthetic.drivers.guard import Limits

FLAT_WITHIN = 0.20
FLEET_CELLS = 1000
JOURNEY_S = 5.0  # what a journey takes with a PSP that answers within seconds
CROWD_COLUMNS = ("journeys at once", "journeys", "CPU ms", "x", "core", "MiB")
PROBE_COLUMNS = ("probes", "journeys", "missed", "CPU ms", "x", "core", "MiB", "metrics KiB", "start s")


def result_of(
    crowds: Sequence[Crowd], services: Sequence[Configured], rates: tuple[float, float], idle_share: float = 0.0
) -> Result:
    """What is shown and kept.

    `rates`: journeys that begin in a second, in crowds and in services; `idle_share`: of a core, for a worker that plays nothing.
    """
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
        grids.append(fleet(crowds[-1] if crowds else None, services[-1], rates[1], idle_share))
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
        "disk_kib_a_journey": round(services[-1].disk_kib, 1) if services else 0,
        "rows_a_journey": round(services[-1].rows, 1) if services else 0,
        "idle_share": round(idle_share, 3),
        "kib_a_probe": _kib(services[0].probes, services[-1].probes, services[0].rss_mib, services[-1].rss_mib)
        if services
        else 0,
    }
    return Result("growth", "CPU and memory by how many there are", tuple(grids), tuple(bars), chart, figures)


def fleet(crowd: Crowd | None, service: Configured, rate: float, idle_share: float) -> Grid:
    """What a fleet needs, out of what was measured: a journey a minute on each cell and on its baseline."""
    per_s = FLEET_CELLS * 2 / 60
    at_once = per_s * JOURNEY_S
    each_kib = _kib(0, crowd.at_once, service.rss_mib, crowd.rss_mib) if crowd else 0.0
    rows = [
        ("journeys a second", f"{per_s:.0f}"),
        ("of them at once", f"{at_once:.0f}"),
        ("cores", f"{idle_share + per_s * (service.core_share - idle_share) / rate:.2f}"),
        ("of them for an idle worker", f"{idle_share:.2f}"),
        ("memory MiB", f"{service.rss_mib + at_once * max(each_kib, 0.0) / 1024:.0f}"),
        ("connections, at most", f"{min(FLEET_CELLS * 2 * Limits().connections_max, at_once):.0f}"),
        ("journal rows a second", f"{per_s * service.rows:.0f}"),
        ("disk GiB a day", f"{per_s * 86_400 * service.disk_kib / 1024**2:.1f}"),
    ]
    remark = f"a journey of eight requests a minute on each cell and on its baseline, {JOURNEY_S:g} s long\n"
    remark += f"out of the row with {service.probes} probes"
    return Grid(f"growth: a fleet of {FLEET_CELLS} cells", ("all in all", "needs"), rows, remark)


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
