"""Budgets: never passed, whoever asks at once, and released by what became of the money."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.core.errors import OverBudget
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Caps
from synthetic.tests.journal.conftest import WallClock, admitted, intent, own_schema
from synthetic.tests.journal.laws import counters, summed


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.mark.parametrize(
    ("caps", "left"),
    [
        (Caps(run=eur(250)), r"the cap 2.50 EUR \(run run-1\) only 0.50 EUR is left"),
        (Caps(account_day=eur(299)), r"the cap 2.99 EUR \(account-day wallet/p1 20000\) only 0.99 EUR is left"),
        (Caps(day=eur(200)), r"the cap 2.00 EUR \(day 20000\) only 0.00 EUR is left"),
        (Caps(outstanding=eur(250)), r"the cap 2.50 EUR \(outstanding\) only 0.50 EUR is left"),
    ],
)
def test_each_cap_is_kept_and_told(book: Book, caps: Caps, left: str) -> None:
    """Two of three deposits fit; the third is refused with the cap and what is left of it, and leaves no trace."""
    lease = admitted(book)
    for key in ("a", "b"):
        book.intend(intent(key), lease, [caps])
    with pytest.raises(OverBudget, match=left):
        book.intend(intent("c"), lease, [caps])
    assert [entry.intent.key for entry in book.entries()] == ["a", "b"]
    assert counters(book) == summed(book)


@pytest.mark.parametrize("scope", ["run", "account_day", "day", "outstanding"])
def test_a_first_deposit_above_a_cap_is_refused(book: Book, scope: str) -> None:
    """Also where nothing was counted before."""
    lease = admitted(book)
    with pytest.raises(OverBudget, match=r"only 0.99 EUR is left"):
        book.intend(intent(), lease, [Caps(**{scope: eur(99)})])
    assert counters(book) == {}


def test_the_lowest_cap_of_its_own_currency_counts(book: Book) -> None:
    """A cap of another currency covers nothing here."""
    lease = admitted(book)
    with pytest.raises(OverBudget, match=r"the cap 0.50 EUR"):
        book.intend(intent(), lease, [Caps(day=eur(50)), Caps(day=eur(5000)), Caps(day=Money(1, "SEK"))])
    book.intend(intent(), lease, [Caps(day=eur(5000)), Caps(day=Money(1, "SEK"))])


def test_only_what_goes_into_a_wallet_is_counted(book: Book) -> None:
    """A withdrawal or a refund brings money home, and is never held back by a budget."""
    lease = admitted(book)
    home = replace(intent(), source="wallet", target="psp")
    book.intend(home, lease, [Caps(run=eur(0), day=eur(0), outstanding=eur(0))])
    assert counters(book) == {}


def test_the_same_key_reserves_once(book: Book) -> None:
    """Another attempt is the same effect, whatever was learnt of it meanwhile."""
    lease = admitted(book)
    caps = [Caps(day=eur(100))]
    for state in (IntentState.UNKNOWN, IntentState.DONE, IntentState.COMPENSATED, IntentState.SETTLED):
        book.intend(intent(), lease, caps)
        book.resolve("key-1", state, lease)
    assert counters(book)["day", "20000", "EUR"] == 100
    assert counters(book) == summed(book)


def test_a_cap_that_was_lowered_holds_back_only_what_is_new(book: Book) -> None:
    """What was spent before stays counted; another attempt under its key adds nothing to the day."""
    lease = admitted(book)
    book.intend(intent(), lease, [Caps(day=eur(100))])
    book.resolve("key-1", IntentState.SETTLED, lease)
    book.intend(intent(), lease, [Caps(day=eur(10), outstanding=eur(100))])
    with pytest.raises(OverBudget):
        book.intend(intent("new", 1), lease, [Caps(day=eur(10))])
    assert counters(book) == summed(book)


@pytest.mark.parametrize(
    ("state", "day", "outstanding"),
    [
        (IntentState.REFUSED, 100, 100),
        (IntentState.COMPENSATED, 0, 100),
        (IntentState.SETTLED, 0, 100),
        (IntentState.DONE, 0, 0),
        (IntentState.UNKNOWN, 0, 0),
        (IntentState.STUCK, 0, 0),
    ],
)
def test_what_became_of_money_releases_its_reservation(
    book: Book, state: IntentState, day: int, outstanding: int
) -> None:
    """Refused: all of it. Undone or settled: what is outstanding, but it was spent today. Unknown or stuck: nothing."""
    lease = admitted(book)
    caps = Caps(day=eur(100), outstanding=eur(100))
    book.intend(intent(), lease, [caps])
    book.resolve("key-1", state, lease)
    assert book.remaining(caps, "wallet/p1") == {"day": eur(day), "outstanding": eur(outstanding)}
    assert counters(book) == summed(book)


def test_a_refused_effect_that_is_tried_again_must_fit_again(book: Book) -> None:
    """Its reservation went to others meanwhile."""
    lease = admitted(book)
    caps = [Caps(day=eur(100))]
    book.intend(intent("a"), lease, caps)
    book.resolve("a", IntentState.REFUSED, lease)
    book.intend(intent("b"), lease, caps)
    with pytest.raises(OverBudget):
        book.intend(intent("a"), lease, caps)
    assert counters(book) == summed(book)


def test_a_day_is_a_utc_day_and_an_intent_belongs_to_its_own(book: Book, clock: WallClock) -> None:
    """At midnight the day's budget is whole again; what is refused later goes back to the day that it was taken from."""
    lease = admitted(book, ttl_s=7 * 86_400)
    caps = Caps(account_day=eur(100), day=eur(100), outstanding=eur(1000))
    book.intend(intent("today"), lease, [caps])
    clock.pass_s(43_200 - 1e-6)
    assert book.remaining(caps, "wallet/p1")["account_day"] == eur(0)
    clock.pass_s(1e-6)
    assert book.remaining(caps, "wallet/p1")["account_day"] == eur(100)
    book.intend(intent("tomorrow"), lease, [caps])
    book.resolve("today", IntentState.REFUSED, lease)
    assert book.remaining(caps, "wallet/p1") == {"day": eur(0), "account_day": eur(0), "outstanding": eur(900)}
    assert counters(book) == summed(book)


def test_64_threads_against_a_budget_for_10(book: Book) -> None:
    """Exactly 10 get through, each with a run and an account of its own; the other 54 know why."""
    leases = [admitted(book, f"run-{number}", f"p{number}") for number in range(64)]
    barrier, refused = threading.Barrier(64), list[OverBudget]()

    def deposit(number: int) -> None:
        barrier.wait(30)
        try:
            book.intend(intent(f"key-{number}", run_id=f"run-{number}"), leases[number], [Caps(day=eur(1000))])
        except OverBudget as error:
            refused.append(error)

    threads = [threading.Thread(target=deposit, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(book.entries()), len(refused)) == (10, 54)
    assert counters(book) == summed(book)


WORKER = """
import sys, threading
from synthetic.core.errors import OverBudget
from synthetic.core.money import Money
from synthetic.journal.book import open_book
from synthetic.journal.model import Caps
from synthetic.tests.journal.conftest import admitted, intent
address, name, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
through = []
with open_book(address) as book:
    leases = [admitted(book, f"{name}-{n}", f"{name}-{n}", ttl_s=60) for n in range(threads)]
    print("ready", flush=True)
    sys.stdin.readline()
    def deposit(lease):
        try:
            book.intend(intent(lease.run_id, run_id=lease.run_id), lease, [Caps(day=Money(1000, "EUR"))])
            through.append(lease)
        except OverBudget:
            pass
    crowd = [threading.Thread(target=deposit, args=(lease,)) for lease in leases]
    for thread in crowd: thread.start()
    for thread in crowd: thread.join()
print(len(through), flush=True)
"""


def through(address: str, workers: int) -> tuple[int, int]:
    """64 admissions from so many processes at once: how many say that they got through, and how many did."""
    command = [sys.executable, "-c", WORKER, address]
    children = [
        subprocess.Popen(
            [*command, f"w{number}", str(64 // workers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(workers)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = sum(int(child.communicate(timeout=30)[0]) for child in children)
    with open_book(address) as book:
        assert counters(book) == summed(book)
        return told, len(book.entries())


@pytest.mark.slow
def test_64_admissions_of_4_processes_on_sqlite_against_a_budget_for_10(tmp_path: Path) -> None:
    """Exactly 10 get through, across processes that share the file."""
    assert through(str(tmp_path / "book.db"), 4) == (10, 10)


def test_64_admissions_of_two_workers_on_postgres_against_a_budget_for_10(postgres_server_url: str) -> None:
    """Exactly 10 get through, across two processes that share the database."""
    assert through(own_schema(postgres_server_url), 2) == (10, 10)
