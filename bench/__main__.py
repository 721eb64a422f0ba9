"""`python -m bench [NAME ...] [-n ROUNDS] [--list] [--table]`, from the root of the checkout."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from bench import expressions, journal, journeys
from bench.benchmark import Benchmark, Program
from bench.kept import kept_results, markdown, summary, write_docs
from synthetic.cli.screen import answers, say, write
from synthetic.cli.telling import tell_error
from synthetic.config.names import NOWHERE, pick
from synthetic.core.errors import AuthorError, SyntheticError

ALL: tuple[Benchmark | Program, ...] = (
    Program("peers", "a journey's CPU beside k6, Locust, Artillery and Tavern"),
    Program("line", "where the limit is: the cost of one request by wrk, raw sockets and clients"),
    Program("accuracy", "what clients add to a latency, by how many journeys there are"),
    Program("growth", "CPU and memory by how many journeys and probes there are"),
    journeys.BENCHMARK,
    expressions.BENCHMARK,
    journal.BENCHMARK,
)
BENCHMARKS = {benchmark.name: benchmark for benchmark in ALL}


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, all where none is named. Answers the exit code: 1 where a bar is missed."""
    options = _parser().parse_args(arguments)
    try:
        chosen = [pick(BENCHMARKS, name, "benchmark") for name in options.names] or list(BENCHMARKS.values())
        if options.list:
            write("\n".join(_line(benchmark) for benchmark in chosen))
            return 0
        if options.table or options.docs:
            return _tell_kept(into_docs=options.docs)
        planned = [(benchmark, _rounds(benchmark, options.rounds)) for benchmark in chosen]
        exits = [_run(benchmark, rounds) for benchmark, rounds in planned]
    except SyntheticError as error:
        return tell_error(error)
    answers().print(summary([benchmark.name for benchmark in chosen]))
    return max(exits)


def _tell_kept(*, into_docs: bool) -> int:
    if into_docs:
        say(f"written into {write_docs()}")
    else:
        write(markdown(kept_results()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Benchmarks that print ratios against a peer.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    parser.add_argument("-n", type=int, dest="rounds", metavar="ROUNDS", help="how many rounds; --list says of what")
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--table", action="store_true", help="run nothing: what was kept last, as Markdown")
    parser.add_argument("--docs", action="store_true", help="run nothing: write that into docs/performance.md")
    return parser


def _line(benchmark: Benchmark | Program) -> str:
    counted = f" (-n {benchmark.rounds} {benchmark.counts})" if isinstance(benchmark, Benchmark) else ""
    return f"{benchmark.name:<12} {benchmark.title}{counted}"


def _rounds(benchmark: Benchmark | Program, wanted: int | None) -> int:
    if isinstance(benchmark, Program):
        if wanted is not None:
            raise AuthorError.at(
                NOWHERE, f"'{benchmark.name}' has no rounds: see `python -m {benchmark.module} --help`"
            )
        return 0
    if wanted is None:
        return benchmark.rounds
    if not 1 <= wanted <= benchmark.rounds_max:
        raise AuthorError.at(NOWHERE, f"-n {wanted}: '{benchmark.name}' plays 1 to {benchmark.rounds_max} rounds")
    return wanted


def _run(benchmark: Benchmark | Program, rounds: int) -> int:
    """One, to its end. A program has a process of its own: pinned, with another event loop, with nothing left of the one before."""
    if isinstance(benchmark, Program):
        say(f"--- {benchmark.name}: {benchmark.title}")
        return subprocess.run([sys.executable, "-m", benchmark.module], check=False).returncode  # noqa: S603 - our own module
    result = benchmark.run(rounds)
    result.show()
    result.keep()
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
