"""`python -m bench.transport_fuzz --minutes 10`: answers that nobody should send, to the probe transport and to httpx's own.

Every input is made of the seed and its number alone, and what is found is printed with the command that plays it again.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.results import FOLDER, Bar, Grid, Result, finish
from bench.transport_fuzz.exchanging import HANG_S, httpx_own, ours
from bench.transport_fuzz.inputs import Input, made
from bench.transport_fuzz.judging import BAD, Judgement, Kind, judged
from bench.transport_fuzz.playing import GOOD_ANSWER, PATIENCE_S, Played, Trust, play
from synthetic.cli.screen import say

FINDINGS_SHOWN_MAX = 20
FILES_MORE_MAX = 8
TELL_EVERY_S = 60.0


@dataclass(slots=True)
class Tally:
    """What has been seen so far."""

    seed: int
    inputs: int = 0
    valid: int = 0
    secure: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    stricter: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[int, Judgement]] = field(default_factory=list)
    httpx_left_over: int = 0
    """How often httpx's own transport handed what was left over to the next request."""
    slowest: tuple[float, int] = (0.0, 0)
    files_more: int = 0

    def replay(self, number: int) -> str:
        """The command that plays one input again."""
        return f"python -m bench.transport_fuzz --seed {self.seed} --only {number}"


def main(arguments: Sequence[str]) -> int:
    """Play until time is up. Answers 0 where every bar is met, else 1."""
    options = _parser().parse_args(arguments)
    seed = int.from_bytes(os.urandom(4), "big") if options.seed is None else options.seed
    tally = Tally(seed)
    if options.only is not None:
        return asyncio.run(_one(tally, options.only))
    say(f"seed {seed}: {options.minutes:g} minutes")
    asyncio.run(_many(tally, options.minutes * 60, options.inputs))
    return finish(result_of(tally), options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.transport_fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, metavar="M", help="how long (1)")
    parser.add_argument("--inputs", type=int, metavar="N", help="end after so many inputs, should that be sooner")
    parser.add_argument("--seed", type=int, metavar="N", help="what the inputs are made of (another one each time)")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="FOLDER", help="where the JSON is kept")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="play this input alone, and say all of it")
    return parser


async def _one(tally: Tally, number: int) -> int:
    given, trust = made(tally.seed, number), Trust.fresh()
    theirs, mine, judgement = await _both(given, trust)
    for name, value in (("input", given), ("httpx", theirs), ("ours", mine), ("judged", judgement)):
        print(f"{name}: {value!r}")
    return 1 if judgement.kind in BAD else 0


async def _many(tally: Tally, for_s: float, inputs_max: int | None) -> None:
    trust = Trust.fresh()
    files_before = _open_files()
    until = time.monotonic() + for_s
    tell_at = time.monotonic() + TELL_EVERY_S
    while time.monotonic() < until and tally.inputs != inputs_max:
        number = tally.inputs
        given = made(tally.seed, number)
        theirs, mine, judgement = await _both(given, trust)
        tally.inputs += 1
        tally.valid += given.meant is not None
        tally.secure += given.secure
        tally.kinds[judgement.kind] += 1
        tally.httpx_left_over += theirs.second != GOOD_ANSWER
        tally.slowest = max(tally.slowest, (mine.took_s, number))
        if judgement.kind is Kind.KNOWN:
            tally.known[judgement.why] += 1
        if judgement.kind is Kind.STRICTER:
            tally.stricter[judgement.why] += 1
        if judgement.kind in BAD:
            tally.findings.append((number, judgement))
            if len(tally.findings) <= FINDINGS_SHOWN_MAX:
                say(f"{judgement.kind.value}: {judgement.why}\n  {tally.replay(number)}", style="red")
        if time.monotonic() > tell_at:
            tell_at += TELL_EVERY_S
            say(f"{tally.inputs} inputs, {len(tally.findings)} findings")
    gc.collect()
    tally.files_more = _open_files() - files_before


async def _both(given: Input, trust: Trust) -> tuple[Played, Played, Judgement]:
    theirs, mine = await play(httpx_own, given, trust), await play(ours, given, trust)
    judgement = judged(given, theirs, mine)
    if judgement.kind in BAD and given.ending == "silence":  # one of them may have had no time to read what had come
        theirs, mine = [await play(make, given, trust, silence_s=PATIENCE_S) for make in (httpx_own, ours)]
        judgement = judged(given, theirs, mine)
    return theirs, mine, judgement


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _counted(reasons: Counter[str]) -> list[tuple[str, str]]:
    return [(why.removeprefix("the server "), str(count)) for why, count in reasons.most_common()]


def result_of(tally: Tally) -> Result:
    """What a run came to, with its bars."""
    bad = {kind: tally.kinds[kind] for kind in BAD}
    memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took_s, slowest = tally.slowest
    rows = [
        ("inputs tried", str(tally.inputs)),
        ("  valid ones, of which the meaning is known", str(tally.valid)),
        ("  over TLS", str(tally.secure)),
        *((kind.value, str(tally.kinds[kind])) for kind in Kind if kind not in BAD),
        ("hangs", str(bad[Kind.HANG])),
        ("differences", str(sum(bad.values()) - bad[Kind.HANG])),
        ("slowest", f"{took_s:.2f} s: --only {slowest}"),
        ("most memory of the whole process", f"{memory_mib:.0f} MiB"),
        ("files left open", str(max(0, tally.files_more))),
        ("httpx took what was left over for the next answer", str(tally.httpx_left_over)),
    ]
    return Result(
        "transport_fuzz",
        f"hostile answers, seed {tally.seed}",
        (
            Grid(f"Answers that nobody should send, seed {tally.seed}", ("", ""), rows),
            Grid("Known differences to httpx", ("what", "inputs"), _counted(tally.known)),
            Grid("Refused by ours alone", ("why", "inputs"), _counted(tally.stricter)),
        ),
        (
            Bar("something was tried", tally.inputs > 0, f"{tally.inputs} inputs"),
            Bar(f"no exchange takes {HANG_S:g} s", not bad[Kind.HANG], f"{bad[Kind.HANG]} hangs"),
            *(Bar(f"never {kind.value}", not bad[kind], str(bad[kind])) for kind in BAD if kind is not Kind.HANG),
            Bar("no file stays open", tally.files_more <= FILES_MORE_MAX, f"{tally.files_more} more than before"),
        ),
        figures={
            "seed": tally.seed,
            "inputs": tally.inputs,
            "kinds": {kind.name: count for kind, count in tally.kinds.items()},
            "slowest_s": took_s,
            "memory_mib": memory_mib,
            "findings": [tally.replay(number) for number, _ in tally.findings],
        },
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
