"""`python -m bench [NAME ...] [-n ROUNDS] [--list]`, from the root of the checkout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench import expressions, journal, journeys
from bench.benchmark import Benchmark
from synthetic.cli.screen import answers, write
from synthetic.cli.telling import tell_error
from synthetic.config.names import NOWHERE, pick
from synthetic.core.errors import AuthorError, SyntheticError

BENCHMARKS = {benchmark.name: benchmark for benchmark in (journeys.BENCHMARK, expressions.BENCHMARK, journal.BENCHMARK)}


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, all where none is named. Answers the exit code."""
    options = _parser().parse_args(arguments)
    try:
        chosen = [pick(BENCHMARKS, name, "benchmark") for name in options.names] or list(BENCHMARKS.values())
        if options.list:
            write("\n".join(_line(benchmark) for benchmark in chosen))
            return 0
        planned = [(benchmark, _rounds(benchmark, options.rounds)) for benchmark in chosen]
        for benchmark, rounds in planned:
            answers().print(benchmark.run(rounds))
    except SyntheticError as error:
        return tell_error(error)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Benchmarks that print ratios against a peer.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    parser.add_argument("-n", type=int, dest="rounds", metavar="ROUNDS", help="how many rounds; --list says of what")
    parser.add_argument("--list", action="store_true", help="what there is")
    return parser


def _line(benchmark: Benchmark) -> str:
    return f"{benchmark.name:<12} {benchmark.title} (-n {benchmark.rounds} {benchmark.counts})"


def _rounds(benchmark: Benchmark, wanted: int | None) -> int:
    if wanted is None:
        return benchmark.rounds
    if not 1 <= wanted <= benchmark.rounds_max:
        raise AuthorError.at(NOWHERE, f"-n {wanted}: '{benchmark.name}' plays 1 to {benchmark.rounds_max} rounds")
    return wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
