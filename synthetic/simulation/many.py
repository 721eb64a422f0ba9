"""Many seeds, in several processes, and what they add up to."""

from __future__ import annotations

import gc
import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from synthetic.simulation.playing import Story, play_seed

SEEDS_AT_ONCE = 50


@dataclass(slots=True)
class Tally:
    """What the seeds so far came to. `violated`: the stories of those in which a law was broken, by their seed."""

    seeds: int = 0
    runs: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    violated: dict[int, Story] = field(default_factory=dict)

    def add(self, story: Story) -> None:
        """One seed more."""
        self.seeds += 1
        self.runs += story.runs
        self.counts.update(story.counts)
        if story.violations:
            self.violated[story.seed] = story

    @property
    def violations(self) -> int:
        """How many there are in all."""
        return sum(len(story.violations) for story in self.violated.values())


def play_many(seeds: Iterable[int], *, jobs: int = 1, workers: int = 0) -> Iterator[Story]:
    """Play the seeds, in their order, in so many processes. `workers`: how many there are in each (0: the seed decides)."""
    play = partial(play_seed, workers=workers)
    if jobs <= 1:
        yield from map(play, seeds)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_settle_down) as pool:
        yield from pool.map(play, seeds, chunksize=SEEDS_AT_ONCE)


def _settle_down() -> None:
    """What is loaded stays, so it need not be looked through again and again."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
