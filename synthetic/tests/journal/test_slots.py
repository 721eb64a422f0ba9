"""Slots, workers: what several workers agree on through the book."""

from __future__ import annotations

import threading

from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Busy, Claimed, Slot, Taken
from synthetic.tests.journal.conftest import WallClock


def test_a_slot_is_taken_once(address: str, clock: WallClock) -> None:
    """Of sixteen that ask at once, in two openers of one database, one gets it."""
    barrier, got = threading.Barrier(16), list[str]()
    with open_book(address, wall_ns=clock) as one, open_book(address, wall_ns=clock) as other:

        def claim(number: int) -> None:
            barrier.wait(30)
            if (one, other)[number % 2].claim_slot("probe", 60, f"w{number}") == Claimed():
                got.append(f"w{number}")

        threads = [threading.Thread(target=claim, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(got) == 1
        assert [slot.worker for slot in one.slots("probe")] == got


def test_a_missed_slot_is_counted_with_its_reason_and_a_taken_one_stays_taken(book: Book, clock: WallClock) -> None:
    """Whoever comes first decides; the last slot is the latest of either."""
    assert book.last_slots(["probe"]) == {}
    assert book.claim_slot("probe", 60, "w1") == Claimed()
    clock.pass_s(1)
    book.miss_slots("probe", {60: "overlap", 120: "down"})
    assert book.claim_slot("probe", 120, "w1") == Taken()
    book.end_slot("probe", 60, "ok")
    now = clock()
    assert book.slots("probe") == [
        Slot("probe", 60, "w1", now - 10**9, now, "ok"),
        Slot("probe", 120, "", now, now, "missed", "down"),
    ]
    assert book.last_slots(["probe", "another"]) == {"probe": 120}


def test_a_slot_is_not_taken_while_somebody_is_at_one_before_it(book: Book) -> None:
    """Who that is, is told; slots of other probes, later ones, those that have ended and those long before are nobody's matter."""
    for probe, slot_ns, worker in (
        ("probe", 10, "gone"),
        ("other", 100, "w3"),
        ("probe", 300, "w4"),
        ("probe", 100, "w2"),
    ):
        assert book.claim_slot(probe, slot_ns, worker) == Claimed()
    assert book.claim_slot("probe", 200, "w1", alone_since_ns=50) == Busy("w2")
    assert [slot.slot_ns for slot in book.slots("probe")] == [10, 100, 300]
    book.end_slot("probe", 100, "ok")
    assert book.claim_slot("probe", 200, "w1", alone_since_ns=50) == Claimed()
    assert book.claim_slot("probe", 200, "w1", alone_since_ns=50) == Taken()
    assert book.claim_slot("probe", 200, "w1", alone_since_ns=0) == Busy("gone")


def test_a_slot_is_settled_by_whoever_has_it_and_missed_where_nobody_has(book: Book, clock: WallClock) -> None:
    """Once more is no mistake; what another worker has, or what was missed before, stays as it is."""
    now = clock()
    assert book.claim_slot("probe", 60, "w1") == Claimed()
    assert book.claim_slot("probe", 120, "w2") == Claimed()
    book.miss_slots("probe", {180: "down"})
    for slot_ns in (60, 60, 120, 180, 240):
        book.settle_slot("probe", slot_ns, "w1", "ok")
    assert book.slots("probe") == [
        Slot("probe", 60, "w1", now, now, "ok"),
        Slot("probe", 120, "w2", now, 0, ""),
        Slot("probe", 180, "", now, now, "missed", "down"),
        Slot("probe", 240, "", now, now, "missed", "ok"),
    ]


def test_the_last_slots_of_many_probes_are_each_their_own(book: Book) -> None:
    """However many are asked for at once, and whoever of them has none."""
    names = [f"probe-{number}" for number in range(450)]
    for number, name in enumerate(names[::2]):
        book.claim_slot(name, 60 + number, "w1")
        book.claim_slot(name, 30, "w1")
    assert book.last_slots(names) == {name: 60 + number for number, name in enumerate(names[::2])}


def test_slots_are_listed_from_an_instant_on_of_one_probe_or_all(book: Book) -> None:
    """In their order."""
    for probe, slot_ns in (("b", 60), ("a", 60), ("a", 30), ("a", 90)):
        book.claim_slot(probe, slot_ns, "w1")
    assert [(slot.probe, slot.slot_ns) for slot in book.slots(since_ns=60)] == [("a", 60), ("b", 60), ("a", 90)]
    assert [slot.slot_ns for slot in book.slots("a")] == [30, 60, 90]


def test_a_silent_worker_is_dead_until_it_is_forgotten(book: Book, clock: WallClock) -> None:
    """The longest silent first; a beat brings one back to life."""
    book.beat("w1")
    clock.pass_s(5)
    book.beat("w2")
    clock.pass_s(6)
    assert book.dead_workers(5) == ["w1", "w2"]
    assert book.dead_workers(6) == ["w1"]
    book.beat("w1")
    assert book.dead_workers(6) == []
    clock.pass_s(10)
    book.forget_worker("w1")
    assert book.dead_workers(5) == ["w2"]
