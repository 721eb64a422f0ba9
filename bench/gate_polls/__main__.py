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

from bench.cores import on_cores, two_cores
from bench.gate_polls.phases import LAG_MORE_MS_MAX, Measured, Phase, Round, difference, lag_ms
from bench.schedule.measuring import lags_ms, percentile, sample, slots_between
from bench.schedule.project import write_project
from bench.served import Served, served
from bench.tables import table_of
from synthetic.cli.screen import answers, say
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
    _show(measured, options)
    return 0 if all(measured.bars.values()) else 1


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
    arrivals, (its_core, others) = folder / "arrivals", two_cores()
    command = [sys.executable, "-m", "bench.schedule.target", str(arrivals)]
    with ExitStack() as stack:
        with on_cores(others):
            target = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))  # noqa: S603 - our own module
        stack.callback(target.send_signal, signal.SIGTERM)
        assert target.stdout is not None
        port = int(target.stdout.readline())
        serving = write_project(folder, port, options.probes, options.every, paired=True)
        with on_cores(its_core):
            service = stack.enter_context(served(serving, "bench"))
        say(
            f"{options.probes} pairs every {options.every:g} s, {options.rounds} phases of {options.seconds:g} s with polls "
            "and as many without, in turn"
        )
        _begin(service.address)
        plan = _plan(_now_s() + SETTLE_S, options)
        with on_cores(others), _polling(service.address, plan, options.polls) as polling:
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


def _show(measured: Measured, options: argparse.Namespace) -> None:
    silent, polled = measured.silent, measured.polled
    rows = [
        ("slots due", *(str(sum(phase.due for phase in phases)) for phases in (silent, polled)), ""),
        ("missed", *(str(sum(phase.missed for phase in phases)) for phases in (silent, polled)), ""),
        *(_lag_row(measured, share) for share in (0.5, 0.9, 0.99, 1.0)),
        (
            "CPU of one core",
            *(f"{sum(phase.cpu_share for phase in phases) / len(phases):.1%}" for phases in (silent, polled)),
            "",
        ),
        ("polls", "", str(len(measured.polls_ms)), ""),
        *(
            (f"poll p{share * 100:g}", "", f"{percentile(measured.polls_ms, share):.1f} ms", "")
            for share in (0.5, 0.99, 0.999, 1.0)
        ),
    ]
    rows += [(f"answered {kind}", "", str(count), "") for kind, count in sorted(measured.answers.items())]
    remark = "lag: from the slot to the arrival of its request; a poll's time runs from the instant at which it was due"
    title = f"{options.polls:g} polls a second on a verdict"
    answers().print(table_of(title, ("", "without", "polled", "more (95 % at least, at most)"), rows, remark))
    for bar, met in measured.bars.items():
        say(f"{'met   ' if met else 'MISSED'} {bar}", style="" if met else "red")
    if measured.restless:
        say(
            f"too restless to tell: nothing and more than {LAG_MORE_MS_MAX:g} ms are both possible. "
            "More --rounds, or a machine that does nothing else"
        )


def _lag_row(measured: Measured, share: float) -> tuple[str, ...]:
    more = difference(measured.rounds, share)
    told = f"{more.ms:+.1f} ms ({more.at_least_ms:+.1f} to {more.at_most_ms:+.1f})"
    both = (f"{lag_ms(phases, share):.1f} ms" for phases in (measured.silent, measured.polled))
    return (f"lag p{share * 100:g}", *both, told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
