"""`python -m bench.journal_mutants`: breaks one promise about money at a time, and prints how many seeds it takes to see it."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from bench.journal_mutants.catalogue import MUTANTS
from bench.journal_mutants.hunting import FIRST_SEED, SEEDS_MAX, Caught, clean, hunt
from bench.journal_mutants.patching import Mutant
from bench.journal_mutants.table import table
from synthetic.cli.screen import say, write


def main(arguments: Sequence[str]) -> int:
    """Hunt all of them. Answers 0 where each was caught and the unbroken code breaks no law on the same seeds, else 1."""
    options = _parser().parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if not options.mutant or mutant.name in options.mutant]
    if options.list:
        write("\n".join(f"{mutant.name}: {mutant.breaks}" for mutant in chosen))
        return 0
    began_s = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, options.jobs), mp_context=context) as pool:
        caught = _hunt_all(pool, chosen, options.seeds, options.seed)
        used = max((one.seeds or options.seeds for one in caught), default=0)
        say(f"the unbroken code on the same {used} seeds")
        broken = [laws for laws in pool.map(clean, range(options.seed, options.seed + used), chunksize=10) if laws]
    write("\n".join(table(caught, used, len(broken), time.monotonic() - began_s)))
    return 0 if caught and all(one.seeds for one in caught) and not broken else 1


def _hunt_all(pool: ProcessPoolExecutor, chosen: Sequence[Mutant], seeds_max: int, first: int) -> list[Caught]:
    caught = []
    for one in pool.map(partial(hunt, seeds_max=seeds_max, first=first), [mutant.name for mutant in chosen]):
        say(f"{one.name}: {f'{one.seeds} seeds' if one.seeds else 'SURVIVES'}")
        caught.append(one)
    return caught


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.journal_mutants", description=__doc__)
    parser.add_argument("--mutant", action="append", default=[], metavar="NAME", help="only this one (all)")
    parser.add_argument(
        "--seeds", type=int, default=SEEDS_MAX, metavar="N", help=f"give a mutant up after so many ({SEEDS_MAX})"
    )
    parser.add_argument("--seed", type=int, default=FIRST_SEED, metavar="N", help=f"the first seed ({FIRST_SEED})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (one a core)")
    parser.add_argument("--list", action="store_true", help="print the mutants, and hunt none")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
