"""The crash storm: what its reckoning calls wrong, that every point of the journal gets its turn, and a small storm."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.crash_storm.__main__ import NUMBERS, is_told, mishaps, was_a_storm
from bench.crash_storm.databases import Trouble
from bench.crash_storm.dying import CALLS, POINTS, RARE, Doom
from bench.crash_storm.reckoning import Books, Reckoning, compare
from bench.crash_storm.second_opinion import Opinion
from bench.crash_storm.storm import SOUGHT_MAX, Deaths, Fate, fates
from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book
from synthetic.journal.entry import JournalEntry
from synthetic.tests.representative import combination

ROOT = Path(__file__).parents[2]


def effect(state: IntentState, kind: str = "deposit", key: str = "key") -> JournalEntry:
    """An effect of 1.00 EUR."""
    return JournalEntry(
        Intent("r1", "step", "op", kind, Money(100, "EUR"), key, "psp", "wallet", "canary"), state, 0, 0
    )


def reckoned(entry: JournalEntry, ledger: list[int], psp: list[int], key: str = "key") -> Reckoning:
    """Its reckoning, where the ledger and the PSP hold these movements of the key."""
    books = Books()
    for minor in ledger:
        books.ledger[key].add(minor, again=minor > 0)
    for minor in psp:
        books.psp[key].add(minor, again=minor > 0)
    return compare([entry], books)


@pytest.mark.parametrize(
    ("state", "ledger", "psp"),
    [
        (IntentState.SETTLED, [100], [100]),
        (IntentState.COMPENSATED, [100, -100], [100, -100]),
        (IntentState.COMPENSATED, [], [100, -100]),
        (IntentState.REFUSED, [], []),
    ],
)
def test_three_books_that_agree_are_clean(state: IntentState, ledger: list[int], psp: list[int]) -> None:
    """What is settled is there once; what was undone or refused is not there any more."""
    assert reckoned(effect(state), ledger, psp).is_clean


@pytest.mark.parametrize(
    ("state", "ledger", "psp"),
    [
        (IntentState.SETTLED, [], [100]),
        (IntentState.SETTLED, [100], []),
        (IntentState.SETTLED, [100], [99]),
        (IntentState.SETTLED, [100, 100], [100]),
        (IntentState.SETTLED, [100], [100, 100]),
        (IntentState.COMPENSATED, [100], [100]),
        (IntentState.COMPENSATED, [100, -100], [100]),
        (IntentState.COMPENSATED, [100, 100, -200], [100, -100]),
        (IntentState.REFUSED, [100], [100]),
        (IntentState.STUCK, [100], [100]),
        (IntentState.UNKNOWN, [], []),
        (IntentState.INTENT, [], []),
        (IntentState.DONE, [100], [100]),
    ],
)
def test_each_way_to_differis_told(state: IntentState, ledger: list[int], psp: list[int]) -> None:
    """Lost, kept, doubled, of another amount, or not settled at all."""
    found = reckoned(effect(state), ledger, psp)
    assert not found.is_clean
    assert found.differences + found.doubled


def test_an_effect_without_an_intent_is_the_worst() -> None:
    """The platform has moved something that no journal knows."""
    found = reckoned(effect(IntentState.REFUSED), [100], [100], key="nobody's")
    assert (found.is_clean, found.unjournaled) == (False, ("nobody's",))


def test_a_bet_is_no_business_of_a_psp() -> None:
    """It is compared with the ledger alone."""
    assert reckoned(effect(IntentState.SETTLED, "stake"), [100], []).is_clean
    assert not reckoned(effect(IntentState.SETTLED, "stake"), [], []).is_clean


def test_every_point_of_the_journal_gets_its_turn() -> None:
    """Half of 200 deaths are at points, and each of them has at least three; the same seed draws the same deaths."""
    drawn = fates(200, 1)
    assert drawn == fates(200, 1) != fates(200, 2)
    points = [fate.point for fate in drawn if fate.point]
    assert len(points) == 100
    assert {point: points.count(point) >= 3 for point in POINTS} == dict.fromkeys(POINTS, True)


@pytest.mark.parametrize("seed", range(5))
def test_a_short_storm_comes_by_every_call_that_is_not_rare(seed: int) -> None:
    """One death at each of them, on whichever side; the seed draws which, and in which order."""
    usual = [call for call in (*CALLS, "commit") if call not in RARE]
    drawn = [fate.point.partition(":")[0] for fate in fates(2 * len(usual), seed) if fate.point]
    assert len(usual) == 11
    assert sorted(drawn) == sorted(usual)
    assert drawn != usual


EVERYWHERE = Counter(dict.fromkeys(POINTS, 2))


@pytest.mark.parametrize(
    ("deaths", "times", "kills", "holds"),
    [
        (Deaths(EVERYWHERE, 200), [1, 3], 200, True),
        (Deaths(EVERYWHERE, 200), [1, 0], 200, False),  # a trouble that was asked for did not happen
        (Deaths(EVERYWHERE - Counter({POINTS[3]: 2}), 200), [], 200, False),  # nobody died there
        (Deaths(Counter({POINTS[3]: 2}), 2), [], 4, True),  # too short for every point
        (Deaths(EVERYWHERE, 200 - 2 * len(POINTS) - 1, idle=9), [], 200, False),  # who had no run does not count
    ],
)
def test_a_storm_that_did_not_happen_is_not_passed(
    deaths: Deaths, times: list[int], kills: int, *, holds: bool
) -> None:
    """That nothing was lost in it would say nothing."""
    troubles = [Trouble("a trouble", lambda: None, lambda: None, times=number) for number in times]
    assert was_a_storm(deaths, troubles, kills) is holds


def test_a_worker_dies_at_its_point_only_once_it_has_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes before is not counted either."""
    killed: list[int] = []
    monkeypatch.setattr("os.kill", lambda pid, _signal: killed.append(pid))
    doom = Doom("beat:after", 2)
    for _ in range(3):
        doom.pass_by("beat:after")
    doom.begun()
    doom.pass_by("beat:after")
    assert killed == []
    doom.pass_by("beat:after")
    assert len(killed) == 1


def test_a_death_that_does_not_count_is_tried_again_and_so_is_a_point_that_never_came() -> None:
    """The one as often as needed, the other some times, and at its first time."""
    deaths, fate = Deaths(), Fate("postpone:after", 3, 1.0)
    assert deaths.once_more(fate, counted=False) == fate
    assert [deaths.once_more(fate, counted=True) for _ in range(SOUGHT_MAX + 1)] == [
        *[Fate("postpone:after", 1, 1.0)] * SOUGHT_MAX,
        None,
    ]
    deaths = Deaths(Counter({"postpone:after": 1}))
    assert deaths.once_more(fate, counted=True) is None
    assert deaths.once_more(Fate("", 1, 1.0), counted=True) is None


def test_every_call_that_changes_the_journal_is_a_point() -> None:
    """Those of people (the kill switch, a sweep by hand) and of a worker's orderly end are not."""
    calls = {name: call for name, call in inspect.getmembers(Book, inspect.isfunction) if not name.startswith("_")}
    changes = {name for name, call in calls.items() if {"_do", "_group"} & set(call.__code__.co_names)}
    assert changes - {point.partition(":")[0] for point in POINTS} == {
        "adopt",
        "kill",
        "resume",
        "forget",
        "forget_worker",
        "seed",
        "set_residue",  # what a sweep could not take: a platform that is well may never leave any
        "strand",
    }


def test_the_mishaps_are_those_of_the_five_faults() -> None:
    """Without the bugs of the platform that would move money by themselves."""
    assert {fault.number for fault in mishaps()} == set(NUMBERS)
    assert all(len(fault.throws) == 1 for fault in mishaps())
    assert all(len(fault.throws) == 2 for fault in mishaps(their_bugs=True))


@pytest.mark.parametrize(("named", "told"), [({"key"}, True), ({"d-1"}, True), ({"other"}, False), (set(), False)])
def test_what_is_wrong_has_to_be_named_by_the_command(named: set[str], *, told: bool) -> None:
    """By its key, or by the platform's own reference."""
    books = Books(references={"key": "d-1"})
    books.psp["key"].add(100)
    found = compare([effect(IntentState.REFUSED)], books)
    assert is_told(found, Opinion(holds=False, names=frozenset(named), differences=len(named), unread=0)) is told


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("database", [combination("sqlite", played=False), "postgres"])
def test_nothing_is_lost_or_doubled_in_a_small_storm(database: str, tmp_path: Path) -> None:
    """Four deaths of two workers, and everything is home afterwards."""
    command = [sys.executable, "-m", "bench.crash_storm", "--db", database, "--kills", "4", "--workers", "2"]
    command += ["--cells", "2", "--seed", "2"]  # drawn: after a commit of several calls, and after any commit
    run = subprocess.run(
        [*command, "--log", str(tmp_path / "log")], cwd=ROOT, capture_output=True, text=True, timeout=390, check=False
    )
    assert run.stdout.endswith("PASSED\n"), run.stdout + run.stderr
    assert run.returncode == 0
    assert "stranded minor units 0" in run.stdout
