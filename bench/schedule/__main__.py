"""`python -m bench.schedule --probes 1000 --every 60`: one `synthetic serve`, and how well it keeps its schedule at which cost."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.schedule.measuring import Sample, Slots, lags_ms, percentile, sample, slots_between
from bench.schedule.project import write_project
from bench.tables import table_of
from synthetic.cli.screen import answers, say
from synthetic.cli.telling import tell_error
from synthetic.core.errors import HarnessError, SyntheticError

READY_WITHIN_S = 60.0
SETTLE_S = 5.0
STOPPED_WITHIN_S = 60.0
WATCH_EVERY_S = 1.0
LAG_P99_MS_MAX = 50.0
CPU_SHARE_MAX = 0.60
RSS_MIB_MAX = 300.0
GROWTH_MIB_MAX = 8.0  # what the allocator may keep for itself


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of the benchmark has seen.

    `timer_ms`: how late a bare timer was meanwhile; `steady`: the memory when every probe has been played once.
    """

    lags_ms: list[float]
    timer_ms: list[float]
    slots: Slots
    cpu_share: float
    steady: Sample
    end: Sample
    highest_rss_mib: float

    @property
    def bars(self) -> dict[str, bool]:
        """Each bar, and whether it is met."""
        return {
            f"p99 of the lag below {LAG_P99_MS_MAX:g} ms": percentile(self.lags_ms, 0.99) < LAG_P99_MS_MAX,
            "no missed slot": self.slots.due > 0 and not self.slots.missed,
            f"below {CPU_SHARE_MAX:.0%} of one core": self.cpu_share < CPU_SHARE_MAX,
            f"below {RSS_MIB_MAX:g} MiB": self.highest_rss_mib < RSS_MIB_MAX,
            "no growth of memory": self.end.rss_mib - self.steady.rss_mib < GROWTH_MIB_MAX,
        }


def main(arguments: Sequence[str]) -> int:
    """Measure and print. Answers 0 where every bar is met, else 1."""
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="synthetic-schedule-") as folder:
            measured = _measure(Path(folder), options.probes, options.every, options.minutes * 60.0)
    except SyntheticError as error:
        return tell_error(error)
    _show(measured, options)
    return 0 if all(measured.bars.values()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.schedule", description=__doc__)
    parser.add_argument("--probes", type=int, default=1000, metavar="N", help="how many probes (1000)")
    parser.add_argument("--every", type=float, default=60.0, metavar="S", help="the seconds between their slots (60)")
    parser.add_argument("--minutes", type=float, default=5.0, metavar="M", help="how long (5)")
    return parser


def _measure(folder: Path, probes: int, every_s: float, for_s: float) -> Measured:
    arrivals = folder / "arrivals"
    with _process([sys.executable, "-m", "bench.schedule.target", str(arrivals)], folder / "target.log") as target:
        serving = write_project(folder, _port(target, folder / "target.log"), probes, every_s)
        command = [sys.executable, "-m", "synthetic.cli", "serve", serving.name, "--worker", "bench"]
        with _process(command, folder / "serve.log", cwd=folder) as service:
            _await_start(service, folder / "serve.log")
            say(f"{probes} probes every {every_s:g} s, for {for_s:g} s")
            time.sleep(SETTLE_S)
            since_ns = time.time_ns()
            samples = _watch(service, for_s)
            until_ns = time.time_ns()
            time.sleep(SETTLE_S)  # what began last comes to its end
    slots = slots_between(serving, folder / "runner.db", since_ns, until_ns)
    steady = samples[min(len(samples) - 1, int(min(every_s + SETTLE_S, for_s / 3) / WATCH_EVERY_S))]
    return Measured(
        lags_ms(folder / "runner.db", arrivals, since_ns, until_ns),
        sorted(map(float, arrivals.with_suffix(".timer").read_text().split())),
        slots,
        (samples[-1].cpu_s - samples[0].cpu_s) / ((until_ns - since_ns) / 1e9),
        steady,
        samples[-1],
        max(one.rss_mib for one in samples),
    )


def _watch(service: subprocess.Popen[bytes], for_s: float) -> list[Sample]:
    samples = [sample(service.pid)]
    end_s = time.monotonic() + for_s
    while (left_s := end_s - time.monotonic()) > 0:
        time.sleep(min(WATCH_EVERY_S, left_s))
        if service.poll() is not None:
            raise HarnessError(f"the service ended by itself ({service.returncode})")
        samples.append(sample(service.pid))
    return samples


@contextmanager
def _process(command: Sequence[str], log: Path, cwd: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with us, as SIGTERM ends it. PYTHONPATH has to lead to this checkout."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd)  # noqa: S603
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(target: subprocess.Popen[bytes], log: Path) -> int:
    return int(_awaited(target, log, "\n").split()[0])


def _await_start(service: subprocess.Popen[bytes], log: Path) -> None:
    _awaited(service, log, '"event": "started"')


def _awaited(process: subprocess.Popen[bytes], log: Path, text: str) -> str:
    """What a process has written, once it has written a text. Raises HarnessError where it does not."""
    deadline_s = time.monotonic() + READY_WITHIN_S
    while text not in (written := log.read_text()):
        if process.poll() is not None or time.monotonic() > deadline_s:
            raise HarnessError(f"{log.stem} did not come up: {written[-2000:]}")
        time.sleep(0.05)
    return written


def _show(measured: Measured, options: argparse.Namespace) -> None:
    lags, slots = measured.lags_ms, measured.slots
    missed = ", ".join(f"{count} {word}" for word, count in sorted(slots.missed.items())) or "0"
    rows = [
        ("slots due", str(slots.due)),
        ("played", str(slots.played)),
        ("missed", missed),
        *((f"lag p{share:g}", f"{percentile(lags, share / 100):.1f} ms") for share in (50, 99, 99.9)),
        ("lag, longest", f"{percentile(lags, 1.0):.1f} ms"),
        ("a bare timer, p99", f"{percentile(measured.timer_ms, 0.99):.1f} ms"),
        ("CPU of one core", f"{measured.cpu_share:.0%}"),
        ("memory, steady", f"{measured.steady.rss_mib:.0f} MiB"),
        ("memory, end", f"{measured.end.rss_mib:.0f} MiB"),
        ("memory, highest", f"{measured.highest_rss_mib:.0f} MiB"),
    ]
    title = f"{options.probes} probes every {options.every:g} s for {options.minutes:g} min"
    remark = "lag: from the slot to the arrival of its request; a bare timer: how late this machine wakes anybody up meanwhile"
    answers().print(table_of(title, ("", "measured"), rows, remark))
    for bar, met in measured.bars.items():
        say(f"{'met   ' if met else 'MISSED'} {bar}", style="" if met else "red")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
