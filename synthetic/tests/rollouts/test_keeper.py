"""Claims about the keeper: it writes what runs have shown, and what it can't write holds up nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from synthetic.core.events import Event, RunEnded, RunStarted
from synthetic.core.outcome import RunOutcome
from synthetic.gate.observed import Observation
from synthetic.gate.observing import ObservationFold
from synthetic.rollouts import keeper as keeper_module
from synthetic.rollouts.keeper import ObservationKeeper
from synthetic.rollouts.store import OBSERVATIONS_FOR_NS, Store, open_store
from synthetic.tests.rollouts.evidence import S, TestClock, run


class EachEnd:
    """A fold for which each end is the run of that number."""

    def take(self, event: Event) -> Observation | None:
        return run(int(event.run_id)) if isinstance(event, RunEnded) else None


def ended(number: int) -> RunEnded:
    return RunEnded(str(number), RunOutcome.OK, None, "", "", "", (), 0)


def begun(name: str) -> RunStarted:
    return RunStarted(
        name, 1, "deposit-bet", "", (), {}, "canary", "canary", "test", "MT", "acme", "2.0", "EUR", "p1", "", 0, 0, 0
    )


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds; a minute at most."""
    deadline_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def kept(store: Store) -> set[str]:
    return {one.run_id for one in store.seen("canary", "baseline", since_ns=0).observations}


def test_what_runs_have_shown_is_kept_while_they_go_on(store: Store, clock: TestClock) -> None:
    """Soon, and all of it at the end."""
    with ObservationKeeper(store, EachEnd(), clock, lambda _: None) as keeper:
        keeper(ended(1))
        until(lambda: kept(store) == {"canary-1"})
        keeper(ended(2))
    assert kept(store) == {"canary-1", "canary-2"}


def test_a_write_that_fails_is_told_once_and_tried_again(tmp_path: Path, clock: TestClock) -> None:
    """Runs go on meanwhile; once the store is back nothing is missing."""
    path, told = tmp_path / "gate.db", list[str]()
    with open_store(str(path)) as store, ObservationKeeper(store, EachEnd(), clock, told.append) as keeper:
        aside = path.rename(tmp_path / "aside.db")
        path.write_bytes(b"")
        keeper(ended(1))
        until(lambda: len(told) == 1)
        keeper(ended(2))
        path.unlink()
        aside.rename(path)
        until(lambda: told[1:] == [""])
        assert "another file" in told[0]
        assert kept(store) == {"canary-1", "canary-2"}


def test_what_waits_for_the_store_is_bounded(tmp_path: Path, clock: TestClock) -> None:
    """A store that stays away must not fill the memory of a runner that moves money: the oldest are lost."""
    path, told = tmp_path / "gate.db", list[str]()
    with open_store(str(path)) as store:
        path.rename(tmp_path / "aside.db")
        path.write_bytes(b"")
        keeper = ObservationKeeper(store, EachEnd(), clock, told.append, pending_max=3)
        for number in range(5):
            keeper(ended(number))
        with keeper:
            until(lambda: len(told) == 1)
            path.unlink()
            (tmp_path / "aside.db").rename(path)
        assert kept(store) == {"canary-2", "canary-3", "canary-4"}


class Poison(EachEnd):
    """A fold of which run 2 has a text that no database takes (and no JSON)."""

    def take(self, event: Event) -> Observation | None:
        seen = super().take(event)
        return replace(seen, reason="\ud800") if seen is not None and seen.run_id == "canary-2" else seen


def test_a_run_that_cannot_be_written_is_told_and_costs_no_other_one(store: Store, clock: TestClock) -> None:
    """The thread goes on: one that has ended would cost all evidence from then on, and nobody would hear of it."""
    told = list[str]()
    with ObservationKeeper(store, Poison(), clock, told.append) as keeper:
        for number in range(1, 4):
            keeper(ended(number))
        until(lambda: len(kept(store)) == 2)
        keeper(ended(4))
    assert kept(store) == {"canary-1", "canary-3", "canary-4"}
    assert len(told) == 1
    assert "'canary-2' could not be kept" in told[0]


class Broken(EachEnd):
    """A fold that has a bug for run 2."""

    def take(self, event: Event) -> Observation | None:
        if event.run_id == "2":
            raise KeyError("deposit")
        return super().take(event)


def test_a_run_that_cannot_be_read_is_told_and_costs_no_other_one(store: Store, clock: TestClock) -> None:
    """As for one that can't be written."""
    told = list[str]()
    with ObservationKeeper(store, Broken(), clock, told.append) as keeper:
        for number in range(1, 4):
            keeper(ended(number))
    assert kept(store) == {"canary-1", "canary-3"}
    assert len(told) == 1
    assert "run '2' could not be read" in told[0]


def test_what_waits_for_a_store_that_does_not_answer_is_bounded(store: Store, clock: TestClock) -> None:
    """Whole runs are left out, and told once; those that began before end as they should."""
    told = list[str]()
    keeper = ObservationKeeper(store, ObservationFold(), clock, told.append, events_max=2)
    for name in "abc":
        keeper(begun(name))
    for name in "abc":
        keeper(replace(ended(0), run_id=name))
    with keeper:
        until(lambda: kept(store) == {"a", "b"})
        keeper(begun("d"))
        keeper(replace(ended(0), run_id="d"))
    assert kept(store) == {"a", "b", "d"}
    assert ["left out" in problem for problem in told] == [True, False]


def test_the_old_is_forgotten_while_the_new_is_kept(store: Store, clock: TestClock) -> None:
    """Without anybody who has to clear up."""
    store.observe([run(7, at_s=-OBSERVATIONS_FOR_NS / S - 1)])
    with ObservationKeeper(store, EachEnd(), clock, lambda _: None) as keeper:
        keeper(ended(1))
        clock.advance(2 * keeper_module.FORGET_EVERY_S)
        until(lambda: kept(store) == {"canary-1"})
