"""`python -m bench.gate_polls`: 200 polls a second on the verdict of a rollout, while its probes are played by the same process.

Phases with polls and without take turns, so that whatever else the machine does hits both alike. The service has one core for
itself; its target and whoever polls it are on the other ones.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx

from bench.charts import Chart, Panel
from bench.gate_polls.phases import Measured, Phase, Round, difference, lag_ms
from bench.machine import on_core, two_cores
from bench.results import Grid, Result, finish
from bench.schedule.measuring import lags_ms, percentile, sample, slots_between
from bench.schedule.project import write_project
from bench.served import Served, served
from synthetic.cli.screen import say
from synthetic.cli.telling import tell_error
from synthetic.core.errors import HarnessError, SyntheticError

ROLLOUT = "bench"
SETTLE_S = 5.0
BEFORE_S = 1.0
EDGE_S = 0.5
"""What is due so soon after a phase has begun may still feel the one before."""
UP_WITHIN_S = 30.0


def main(arguments: Sequence[str]) -> int:
    """Measure and print. Answers 0 where every bar is met, else 1."""
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="synthetic-gate-polls-") as folder:
            measured = _measure(Path(folder), options)
    except SyntheticError as error:
        return tell_error(error)
    return finish(_result(measured, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.gate_polls", description=__doc__)
    parser.add_argument(
        "--probes", type=int, default=500, metavar="N", help="how many probes, each a pair of runs (500)"
    )
    parser.add_argument("--every", type=float, default=60.0, metavar="S", help="the seconds between their slots (60)")
    parser.add_argument("--polls", type=float, default=200.0, metavar="N", help="polls a second (200)")
    parser.add_argument("--seconds", type=float, default=6.0, metavar="S", help="how long each phase is (6)")
    parser.add_argument(
        "--rounds", type=int, default=12, metavar="N", help="how many phases with polls, and as many without (12)"
    )
    return parser


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was seen while a phase went on; its slots are told by the journal afterwards."""

    polled: bool
    since_s: float
    until_s: float
    cpu_s: float

    def phase(self, serving: Path, database: Path, arrivals: Path) -> Phase:
        """With what became of its slots."""
        since_ns, until_ns = round((self.since_s + EDGE_S) * 1e9), round(self.until_s * 1e9)
        slots = slots_between(serving, database, since_ns, until_ns)
        lags = lags_ms(database, arrivals, since_ns, until_ns)
        return Phase(lags, slots.due, sum(slots.missed.values()), self.cpu_s / (self.until_s - self.since_s))


def _measure(folder: Path, options: argparse.Namespace) -> Measured:
    arrivals, (its_core, other) = folder / "arrivals", two_cores()
    command = [sys.executable, "-m", "bench.schedule.target", str(arrivals)]
    with ExitStack() as stack:
        with on_core(other):
            target = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))  # noqa: S603 - our own module
        stack.callback(target.send_signal, signal.SIGTERM)
        assert target.stdout is not None
        port = int(target.stdout.readline())
        serving = write_project(folder, port, options.probes, options.every, paired=True)
        with on_core(its_core):
            service = stack.enter_context(served(serving, "bench"))
        say(
            f"{options.probes} pairs every {options.every:g} s, {options.rounds} phases of {options.seconds:g} s with polls "
            "and as many without, in turn"
        )
        _begin(service.address)
        plan = _plan(_now_s() + SETTLE_S, options)
        with on_core(other), _polling(service.address, plan, options.polls) as polling:
            stretches = _watch(service, plan)
            asked = _asked(polling)
        time.sleep(SETTLE_S)  # what began last comes to its end
        service.terminate()
    phases = [(one.polled, one.phase(serving, folder / "runner.db", arrivals)) for one in stretches]
    rounds = [
        Round(*(phase for _, phase in sorted(pair, key=lambda one: one[0])))
        for pair in zip(phases[::2], phases[1::2], strict=True)
    ]
    return Measured(rounds, sorted(ms for _, ms in asked["asked"]), asked["answers"])


def _begin(address: str) -> None:
    rollout = {"id": ROLLOUT, "cell": "canary", "baseline": "baseline", "weight": 5}
    answer = httpx.post(f"{address}/v1/rollouts", json=rollout, timeout=UP_WITHIN_S)
    if answer.status_code != httpx.codes.CREATED:
        raise HarnessError(f"the rollout was not begun: {answer.status_code} {answer.text}")


def _plan(from_s: float, options: argparse.Namespace) -> list[tuple[bool, float, float]]:
    """Whether polls are sent, since when and until when: the order is turned over from round to round."""
    polled = [number % 2 == place for number in range(options.rounds) for place in (1, 0)]
    bounds = pairwise(from_s + number * options.seconds for number in range(len(polled) + 1))
    return [(one, *bound) for one, bound in zip(polled, bounds, strict=True)]


@contextmanager
def _polling(
    address: str, plan: Sequence[tuple[bool, float, float]], a_second: float
) -> Iterator[subprocess.Popen[str]]:
    """Whoever polls: it is there before the first phase begins."""
    where, path = address.removeprefix("http://"), f"/v1/verdict?rollout={ROLLOUT}"
    command = [sys.executable, "-m", "bench.gate_polls.polling", where, path, str(a_second)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 - our own module
        assert process.stdin is not None
        process.stdin.write(json.dumps([(since_s, until_s) for polled, since_s, until_s in plan if polled]))
        process.stdin.close()
        try:
            yield process
        finally:
            process.kill()


def _watch(service: Served, plan: Sequence[tuple[bool, float, float]]) -> list[Stretch]:
    stretches = []
    for polled, since_s, until_s in plan:
        time.sleep(max(since_s - _now_s(), 0.0))
        before_s = sample(service.process.pid).cpu_s
        time.sleep(max(until_s - _now_s(), 0.0))
        stretches.append(Stretch(polled, since_s, until_s, sample(service.process.pid).cpu_s - before_s))
    return stretches


def _now_s() -> float:
    return time.time_ns() / 1e9


def _asked(polling: subprocess.Popen[str]) -> dict[str, object]:
    assert polling.stdout is not None
    assert polling.stderr is not None
    written, said = polling.stdout.read(), polling.stderr.read()
    if polling.wait():
        raise HarnessError(f"the polls broke off: {said[-1000:]}")
    return json.loads(written)


def _result(measured: Measured, options: argparse.Namespace) -> Result:
    silent, polled = measured.silent, measured.polled
    rows = [
        ("slots due", *(str(sum(phase.due for phase in phases)) for phases in (silent, polled)), ""),
        ("missed", *(str(sum(phase.missed for phase in phases)) for phases in (silent, polled)), ""),
        *(_lag_row(measured, share) for share in (0.5, 0.9, 0.99, 1.0)),
        ("CPU of one core", f"{_cpu_share(silent):.1%}", f"{_cpu_share(polled):.1%}", ""),
        ("polls", "", str(len(measured.polls_ms)), ""),
        *(
            (f"poll p{share * 100:g}", "", f"{percentile(measured.polls_ms, share):.1f} ms", "")
            for share in (0.5, 0.99, 0.999, 1.0)
        ),
        *((f"answered {kind}", "", str(count), "") for kind, count in sorted(measured.answers.items())),
    ]
    title = f"{options.polls:g} polls a second on a verdict"
    remark = "lag: from the slot to the arrival of its request; a poll's time runs from the instant at which it was due"
    grid = Grid(title, ("", "without", "polled", "more (95 % at least, at most)"), rows, remark)
    return Result("gate_polls", f"{title}, beside the probes", (grid,), measured.bars, _chart(measured, title))


def _lag_row(measured: Measured, share: float) -> tuple[str, ...]:
    both = (f"{lag_ms(phases, share):.1f} ms" for phases in (measured.silent, measured.polled))
    return (f"lag p{share * 100:g}", *both, str(difference(measured.rounds, share)))


def _cpu_share(phases: Sequence[Phase]) -> float:
    return sum(phase.cpu_share for phase in phases) / len(phases)


def _chart(measured: Measured, title: str) -> Chart:
    shares = [number / 200 for number in range(200)]
    lines = {
        name: [(share * 100, lag_ms(phases, share)) for share in shares]
        for name, phases in (("without polls", measured.silent), ("with polls", measured.polled))
    }
    return Chart(title, "percentile", "lag of the schedule, ms", (Panel("", lines=lines),), log_y=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
