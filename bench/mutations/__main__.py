"""`python -m bench.mutations`: mutates every provider and third party in every way, and prints what the contract suites kill."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from bench.mutations.catalogue import contracts, mutants_of
from bench.mutations.judging import Said
from bench.mutations.lawful import has_laws, judge
from bench.mutations.playing import Boundary, play, with_laws
from bench.mutations.scoring import score
from bench.mutations.serving import serve
from bench.mutations.telling import keep, lines, show
from synthetic.cli.screen import answers, say, write
from synthetic.cli.telling import tell_error
from synthetic.config.names import pick
from synthetic.contracts.messages import pact_for
from synthetic.core.errors import SyntheticError
from synthetic.runner.identity import fresh_seed


def main(arguments: Sequence[str]) -> int:
    """Play, score, print. Answers 0 where the bar is met, else 1."""
    options = _parser().parse_args(arguments)
    known = contracts()
    try:
        if options.serve:
            return serve(options.serve, options.mutation)
        names = [pick(known, name, "boundary").name for name in options.boundary] or list(known)
    except SyntheticError as error:
        return tell_error(error)
    if options.list:
        write("\n".join(_listed(names, options.mutation)))
        return 0
    began_s = time.monotonic()
    seed = fresh_seed() if options.seed is None else options.seed
    say(f"seed {seed}; {len(names)} boundaries, {options.jobs} processes")
    boundaries = _play(names, options.mutation, options.jobs, options.laws, seed)
    took_s = time.monotonic() - began_s
    keep(options.out, boundaries, took_s)
    show(answers(), boundaries)
    write("\n".join(lines(boundaries, took_s)))
    return 0 if score(boundaries).passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.mutations", description=__doc__)
    parser.add_argument("--boundary", action="append", default=[], metavar="NAME", help="only this boundary (all)")
    parser.add_argument(
        "--mutation",
        action="append",
        default=[],
        metavar="NAME",
        help="only this kind or this mutant; * and ? are wild cards (all)",
    )
    parser.add_argument(
        "--laws",
        type=int,
        default=1,
        metavar="N",
        help="how many mutants of each kind and boundary the laws get, too (1)",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="which mutants the laws get, and their plays (a fresh one)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (one a core)")
    parser.add_argument("--list", action="store_true", help="print the mutants, and play none")
    parser.add_argument("--serve", metavar="PROVIDER", help="run a simulator, mutated by --mutation, until Ctrl-C")
    parser.add_argument("--out", type=Path, default=Path("reports/out/mutations.json"), metavar="FILE")
    return parser


def _listed(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    known = contracts()
    return [
        f"{name}: {mutant.name}: {mutant.kind.title}{' (harmless)' if mutant.kind.harmless else ''}"
        for name in names
        for mutant in mutants_of(known[name], pact_for(known[name]), wanted)
    ]


def _play(names: Sequence[str], wanted: Sequence[str], jobs: int, each_kind: int, seed: int) -> list[Boundary]:
    """Each boundary in a process of its own, and its laws in another: providers and Pact's verifier share nothing."""
    began_s = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, jobs), mp_context=context, max_tasks_per_child=1) as pool:
        pacts: dict[Future[Any], str] = {pool.submit(play, name, wanted): name for name in names}
        lawful = [name for name in names if each_kind and has_laws(name)]
        laws: dict[Future[Any], str] = {pool.submit(judge, name, wanted, each_kind, seed): name for name in lawful}
        for done in as_completed([*pacts, *laws]):
            what = f"{pacts[done]}, Pact" if done in pacts else f"{laws[done]}, laws"
            say(f"{time.monotonic() - began_s:.0f} s: {what}: {_counted(done.result())}")
    said = {name: done.result() for done, name in laws.items()}
    return [with_laws(done.result(), said.get(name, {})) for done, name in pacts.items()]


def _counted(result: Boundary | dict[str, Said]) -> str:
    if isinstance(result, Boundary):
        return f"{len(result.played)} played, {sum(bool(one.by_pact) for one in result.played)} killed"
    return f"{len(result)} played, {sum(one.killed for one in result.values())} killed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
