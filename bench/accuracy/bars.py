"""The table and the bars of what clients add to a latency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.accuracy.sampling import Told
from bench.charts import Chart, Panel
from bench.results import Bar, Grid, Result
from bench.schedule.measuring import percentile

OURS = "ours"
LIMITS_MS = {50: 1.0, 200: 2.0}
"""What the error of ours may be, by the number of journeys."""
TAINTED_SHARE_MAX = 0.05
"""Above it the runner calls itself unhealthy. With hogs it may well be; that is what its marks are for."""
SAMPLES_MIN = 200
"""So many samples have to be left once the tainted ones are out: a percentile of fewer says nothing of the worst hundredth."""
COLUMNS = ("client", "journeys", "samples", "p50 ms", "p99 ms", "most ms", "p99 all", "tainted", "beyond", "failed")


@dataclass(frozen=True, slots=True)
class Case:
    """How many journeys at once, and how many hogs on the client's core."""

    at_once: int
    hogs: int

    def __str__(self) -> str:
        return f"{self.at_once} journeys, {f'{self.hogs} hogs' if self.hogs else 'quiet'}"

    @property
    def limit_ms(self) -> float | None:
        """The bar of this case."""
        return LIMITS_MS.get(self.at_once)


@dataclass(frozen=True, slots=True)
class Measured:
    """One client in one case. `sends_us`: how long the server's sends took; `server_share`: of its core, what it used."""

    client: str
    case: Case
    told: Told
    sends_us: tuple[float, ...]
    server_share: float

    def p(self, share: float) -> float:
        """A percentile of the errors that are not tainted, in milliseconds."""
        return _percentile(self.told.errors_ms, share)

    @property
    def p99_of_all_ms(self) -> float:
        """With those that are tainted, in milliseconds: what the client would say if it took nothing back."""
        return _percentile([*self.told.errors_ms, *self.told.tainted_ms], 0.99)


def _percentile(errors_ms: Sequence[float], share: float) -> float:
    return percentile(sorted(abs(error) for error in errors_ms) or [0.0], share)


def result_of(measured: Sequence[Measured], delays_ms: Sequence[float]) -> Result:
    """What is shown and kept."""
    delays = ", ".join(f"{delay:g}" for delay in delays_ms)
    sends = [percentile(list(one.sends_us), 0.99) for one in measured]
    left_out = sum(one.told.doubtful for one in measured)
    remark = (
        f"error: the latency as the client reports it, minus what the server kept the request for ({delays} ms)\n"
        f"journeys: at once, on one core; +2: with two hogs on that core\n"
        f"tainted: what the client itself takes back, so that it is in no column but `p99 all`, in ms; "
        f"beyond: what it does not, though off by more than the bar\n"
        f"the server's own error is below its send: p99 {max(sends, default=0.0):.0f} us, in each case; "
        f"{left_out} answers whose send was interrupted are left out; "
        f"its core was at most {max((one.server_share for one in measured), default=0.0):.0%} busy"
    )
    grid = Grid("accuracy: what clients add to a latency", COLUMNS, [_row(one) for one in measured], remark)
    ours = [one for one in measured if one.client == OURS and one.case.limit_ms is not None]
    bars = tuple(bar for one in ours for bar in _bars(one))
    title = "accuracy: error of a latency, p99 over untainted samples"
    return Result(
        "accuracy", "what clients add to a latency", (grid,), bars, _chart(title, measured), _figures(measured)
    )


def _row(one: Measured) -> tuple[str, ...]:
    told, limit_ms = one.told, one.case.limit_ms
    errors = [abs(error) for error in told.errors_ms]
    return (
        one.client,
        f"{one.case.at_once}{f' +{one.case.hogs}' if one.case.hogs else ''}",
        str(len(errors)),
        *(f"{one.p(share):.2f}" for share in (0.5, 0.99, 1.0)),
        f"{one.p99_of_all_ms:.2f}",
        f"{told.tainted_share:.1%}" if one.client == OURS else "-",
        "" if limit_ms is None else str(told.beyond(limit_ms)),
        str(told.failed),
    )


def _bars(one: Measured) -> list[Bar]:
    assert one.case.limit_ms is not None
    limit_ms, beyond, share = one.case.limit_ms, one.told.beyond(one.case.limit_ms), one.told.tainted_share
    p99_ms, samples = one.p(0.99), len(one.told.errors_ms)
    held = samples > 0 and p99_ms < limit_ms
    bars = [
        Bar(f"{one.case}: at least {SAMPLES_MIN} samples are untainted", samples >= SAMPLES_MIN, str(samples)),
        Bar(
            f"{one.case}: error p99 below {limit_ms:g} ms", held, f"{p99_ms:.2f} ms" if samples else "no sample is left"
        ),
        Bar(f"{one.case}: every sample beyond {limit_ms:g} ms is tainted", not beyond, f"{beyond} are not"),
        Bar(f"{one.case}: no journey failed", not one.told.failed, f"{one.told.failed} of {one.told.journeys}"),
    ]
    if not one.case.hogs:
        text = f"{one.case}: at most {TAINTED_SHARE_MAX:.0%} tainted"
        bars.append(Bar(text, share <= TAINTED_SHARE_MAX, f"{share:.1%}"))
    return bars


def _chart(title: str, measured: Sequence[Measured]) -> Chart:
    panels = []
    for hogs in sorted({one.case.hogs for one in measured}):
        some = [one for one in measured if one.case.hogs == hogs]
        lines = {
            client: [(float(one.case.at_once), max(one.p(0.99), 1e-3)) for one in some if one.client == client]
            for client in dict.fromkeys(one.client for one in some)
        }
        limits = {f"{limit:g} ms at {at_once}": limit for at_once, limit in LIMITS_MS.items()}
        panels.append(Panel(f"{hogs} hogs" if hogs else "quiet", lines, limits=limits))
    return Chart(title, "journeys at once", "milliseconds", tuple(panels), log_x=True, log_y=True)


def _figures(measured: Sequence[Measured]) -> dict[str, object]:
    return {
        f"{one.client}, {one.case}": {
            "samples": len(one.told.errors_ms),
            "p50_ms": round(one.p(0.5), 4),
            "p99_ms": round(one.p(0.99), 4),
            "most_ms": round(one.p(1.0), 4),
            "p99_of_all_ms": round(one.p99_of_all_ms, 4),
            "tainted_share": round(one.told.tainted_share, 5),
            "server_send_p99_us": round(percentile(list(one.sends_us), 0.99), 1),
            "server_share": round(one.server_share, 3),
        }
        for one in measured
    }
