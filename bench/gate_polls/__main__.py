"""`python -m bench.gate_polls`: 200 polls a second on the verdict of a rollout, while its probes are played by the same process.

The same service is measured three times: without polls, with them, and without them again; what differs is theirs.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.gate_polls.project import ROLLOUT, write_project
from bench.schedule.measuring import lags_ms, percentile, sample, slots_between
from bench.served import Served, served
from bench.tables import table_of
from synthetic.cli.screen import answers, say
from synthetic.cli.telling import tell_error
from synthetic.core.errors import HarnessError, SyntheticError

SETTLE_S = 5.0
UP_WITHIN_S = 30.0
POLL_P99_MS_MAX = 50.0
LAG_MORE_MS_MAX = 5.0
"""What the p99 of the lag may differ between two phases without any polls, too, on a machine that does nothing else."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch: the lag of its slots, how many of them were due and missed, and the CPU of the service (all threads)."""

    polls_a_second: float
    lags_ms: list[float]
    due: int
    missed: int
    cpu_share: float
    polls_ms: list[float]
    answers: dict[str, int]


@dataclass(frozen=True, slots=True)
class Measured:
    """The three phases."""

    before: Phase
    polled: Phase
    after: Phase

    @property
    def lag_without_ms(self) -> float:
        """p99 of the lag where nobody polled."""
        return percentile(sorted(self.before.lags_ms + self.after.lags_ms), 0.99)

    @property
    def bars(self) -> dict[str, bool]:
        """Each bar, and whether it is met."""
        polled = self.polled
        with_ms = percentile(polled.lags_ms, 0.99)
        return {
            f"p99 of a poll below {POLL_P99_MS_MAX:g} ms": percentile(polled.polls_ms, 0.99) < POLL_P99_MS_MAX,
            "every poll was answered with a verdict": bool(polled.answers)
            and all(_is_verdict(kind) for kind in polled.answers),
            f"p99 of the lag at most {LAG_MORE_MS_MAX:g} ms above that without polls": with_ms
            <= self.lag_without_ms + LAG_MORE_MS_MAX,
            "no missed slot": polled.due > 0 and not polled.missed,
        }


def _is_verdict(kind: str) -> bool:
    status, _, verdict = kind.partition(" ")
    return status == "200" and verdict in ("pass", "fail", "inconclusive")


def main(arguments: Sequence[str]) -> int:
    """Measure and print. Answers 0 where every bar is met, else 1."""
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="synthetic-gate-polls-") as folder:
            measured = _measure(Path(folder), options)
    except SyntheticError as error:
        return tell_error(error)
    _show(measured)
    return 0 if all(measured.bars.values()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.gate_polls", description=__doc__)
    parser.add_argument(
        "--probes", type=int, default=500, metavar="N", help="how many probes, each a pair of runs (500)"
    )
    parser.add_argument("--every", type=float, default=60.0, metavar="S", help="the seconds between their slots (60)")
    parser.add_argument("--polls", type=float, default=200.0, metavar="N", help="polls a second (200)")
    parser.add_argument(
        "--seconds", type=float, default=75.0, metavar="S", help="how long each of three phases is (75)"
    )
    return parser


def _measure(folder: Path, options: argparse.Namespace) -> Measured:
    arrivals = folder / "arrivals"
    command = [sys.executable, "-m", "bench.schedule.target", str(arrivals)]
    with ExitStack() as stack:
        target = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))  # noqa: S603 - our own module
        stack.callback(target.send_signal, signal.SIGTERM)
        assert target.stdout is not None
        serving = write_project(folder, int(target.stdout.readline()), options.probes, options.every)
        service = stack.enter_context(served(serving, "bench"))
        say(f"{options.probes} pairs every {options.every:g} s, three phases of {options.seconds:g} s")
        _begin(service.address)
        settle_s = min(SETTLE_S, options.seconds)
        time.sleep(settle_s)
        stretches = [_stretch(service, polls, options.seconds) for polls in (0.0, options.polls, 0.0)]
        time.sleep(settle_s)  # what began last comes to its end
        service.terminate()
    return Measured(*(stretch.phase(serving, folder / "runner.db", arrivals) for stretch in stretches))


def _begin(address: str) -> None:
    rollout = {"id": ROLLOUT, "cell": "canary", "baseline": "baseline", "weight": 5}
    answer = httpx.post(f"{address}/v1/rollouts", json=rollout, timeout=UP_WITHIN_S)
    if answer.status_code != httpx.codes.CREATED:
        raise HarnessError(f"the rollout was not begun: {answer.status_code} {answer.text}")


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was seen while a phase went on; its slots are told by the journal afterwards."""

    polls_a_second: float
    since_ns: int
    until_ns: int
    cpu_share: float
    asked: dict[str, object]

    def phase(self, serving: Path, database: Path, arrivals: Path) -> Phase:
        """With what became of its slots."""
        slots = slots_between(serving, database, self.since_ns, self.until_ns)
        ms, kinds = self.asked.get("ms", []), self.asked.get("answers", {})
        assert isinstance(ms, list)
        assert isinstance(kinds, dict)
        lags = lags_ms(database, arrivals, self.since_ns, self.until_ns)
        return Phase(self.polls_a_second, lags, slots.due, sum(slots.missed.values()), self.cpu_share, ms, kinds)


def _stretch(service: Served, polls_a_second: float, for_s: float) -> Stretch:
    before, since_ns = sample(service.process.pid), time.time_ns()
    asked: dict[str, object] = {}
    if polls_a_second:
        where = service.address.removeprefix("http://")
        path = f"/v1/verdict?rollout={ROLLOUT}"
        command = [sys.executable, "-m", "bench.gate_polls.polling", where, path, str(polls_a_second), str(for_s)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
        if done.returncode:
            raise HarnessError(f"the polls broke off: {done.stderr[-1000:]}")
        asked = json.loads(done.stdout)
    else:
        time.sleep(for_s)
    until_ns = time.time_ns()
    cpu_s = sample(service.process.pid).cpu_s - before.cpu_s
    return Stretch(polls_a_second, since_ns, until_ns, cpu_s / ((until_ns - since_ns) / 1e9), asked)


def _show(measured: Measured) -> None:
    phases = (measured.before, measured.polled, measured.after)
    rows = [
        ("slots due", *(str(phase.due) for phase in phases)),
        ("missed", *(str(phase.missed) for phase in phases)),
        *(
            (f"lag p{share:g}", *(f"{percentile(phase.lags_ms, share / 100):.1f} ms" for phase in phases))
            for share in (50, 99, 100)
        ),
        ("CPU of one core", *(f"{phase.cpu_share:.0%}" for phase in phases)),
        ("polls", *(str(len(phase.polls_ms)) for phase in phases)),
        *((f"poll p{share:g}", *(_ms(phase.polls_ms, share) for phase in phases)) for share in (50, 99, 99.9, 100)),
        ("answers", *(", ".join(f"{n} {kind}" for kind, n in sorted(phase.answers.items())) for phase in phases)),
    ]
    remark = "lag: from the slot to the arrival of its request; a poll's time runs from the instant at which it was due"
    title = f"{measured.polled.polls_a_second:g} polls a second on a verdict"
    answers().print(table_of(title, ("", "without", "polled", "without"), rows, remark))
    for bar, met in measured.bars.items():
        say(f"{'met   ' if met else 'MISSED'} {bar}", style="" if met else "red")


def _ms(values: list[float], share: float) -> str:
    return f"{percentile(values, share / 100):.1f} ms" if values else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
