"""No new run begins within a second of a kill, by whichever door; what can't be read counts as on."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from synthetic.core.errors import JournalUnavailable, Killed
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.memory import VirtualClock
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Claimed, Kill
from synthetic.runner.killswitch import REASON_MAX, STALE_S, UNREADABLE, KillSwitch

WITHIN_NS = 10**9
LOOK_ON_S = 0.2  # behind the second in which it has to take effect


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """The worker's own book."""
    with open_book(tmp_path / "book.db") as opened:
        yield opened


def told(kill: Kill | None) -> tuple[str, str] | None:
    """Who and why."""
    return (kill.by, kill.reason) if kill else None


def by_another_process(tmp_path: Path, _switch: KillSwitch) -> None:
    """As `synthetic kill` does it."""
    with open_book(tmp_path / "book.db") as other:
        other.kill("user:anna", "psp-a pays twice")


def by_file(tmp_path: Path, _switch: KillSwitch) -> None:
    """As somebody with a shell does it."""
    (tmp_path / "kill").write_text("psp-a pays twice\n")


def by_call(_tmp_path: Path, switch: KillSwitch) -> None:
    """As the web page does it."""
    switch.throw("user:anna", "psp-a pays twice")


def by_signal(_tmp_path: Path, switch: KillSwitch) -> None:
    """As SIGTERM does it."""
    switch.end("signal SIGTERM", "this worker ends")


@pytest.mark.parametrize("door", [by_another_process, by_file])
def test_nothing_begins_within_a_second_of_a_kill(
    tmp_path: Path, book: Book, door: Callable[[Path, KillSwitch], None]
) -> None:
    """A worker that begins a run whenever it may: it began many before, and none later than a second after."""
    switch = KillSwitch(book, SystemClock(), file=tmp_path / "kill")
    begun: list[int] = []
    several = asyncio.Event()

    async def begin_runs() -> None:
        while True:
            if switch.killed is None:
                assert await asyncio.to_thread(book.claim_slot, "probe", len(begun), "w1") == Claimed()
                begun.append(time.monotonic_ns())
                if len(begun) == 5:
                    several.set()
            await asyncio.sleep(0.01)

    async def worker() -> int:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(switch.watch()), group.create_task(begin_runs())]
            await several.wait()
            killed_ns = time.monotonic_ns()
            await asyncio.to_thread(door, tmp_path, switch)
            await asyncio.sleep(WITHIN_NS / 1e9 + LOOK_ON_S)  # what is looked for is that nothing happens
            for task in tasks:
                task.cancel()
        return killed_ns

    killed_ns = asyncio.run(asyncio.wait_for(worker(), 60))
    assert begun[-1] < killed_ns + WITHIN_NS
    assert switch.killed is not None


@pytest.mark.parametrize("door", [by_call, by_signal])
def test_what_a_worker_is_told_itself_counts_at_once(
    tmp_path: Path, book: Book, door: Callable[[Path, KillSwitch], None]
) -> None:
    """Without another look."""
    switch = KillSwitch(book, SystemClock())
    assert switch.look() is None
    door(tmp_path, switch)
    with pytest.raises(Killed, match=r"the kill switch is on, by (user:anna|signal SIGTERM): "):
        switch.require_off()


def test_every_door_says_who_and_why(tmp_path: Path, book: Book) -> None:
    """The first line of a file; a row; and off again once both are gone."""
    switch = KillSwitch(book, SystemClock(), file=tmp_path / "kill")
    assert switch.look() is None
    by_file(tmp_path, switch)
    assert told(switch.look()) == (f"file {tmp_path / 'kill'}", "psp-a pays twice")
    by_another_process(tmp_path, switch)
    (tmp_path / "kill").unlink()
    assert told(switch.look()) == ("user:anna", "psp-a pays twice")
    assert switch.release("user:ben") is None
    assert switch.killed is None


def test_a_release_says_what_still_stops_the_runs(tmp_path: Path, book: Book) -> None:
    """The file is not the worker's to remove; nor does a worker that ends begin anything."""
    switch = KillSwitch(book, SystemClock(), file=tmp_path / "kill")
    switch.throw("user:anna", "x")
    by_file(tmp_path, switch)
    assert told(switch.release("user:anna")) == (f"file {tmp_path / 'kill'}", "psp-a pays twice")
    (tmp_path / "kill").unlink()
    by_signal(tmp_path, switch)
    assert told(switch.release("user:anna")) == ("signal SIGTERM", "this worker ends")


def test_a_call_stops_all_workers_and_a_signal_only_one(tmp_path: Path, book: Book) -> None:
    """Through the journal they share."""
    with open_book(tmp_path / "book.db") as second:
        own, other = KillSwitch(book, SystemClock()), KillSwitch(second, SystemClock())
        own.end("signal SIGTERM", "this worker ends")
        assert (own.look() is None, other.look() is None) == (False, True)
        own.throw("user:anna", "x")
        assert told(other.look()) == ("user:anna", "x")


def test_a_call_ends_with_its_row_whoever_takes_that_back(tmp_path: Path, book: Book) -> None:
    """A command line or another worker resumes all of them, also the one that was called; and it can be called again."""
    with open_book(tmp_path / "book.db") as second:
        called, other = KillSwitch(book, SystemClock()), KillSwitch(second, SystemClock())
        for _ in range(2):
            called.throw("user:anna", "psp-a pays twice")
            assert told(called.look()) == ("user:anna", "psp-a pays twice")
            second.resume("user:ben")
            assert called.look() is None
        called.throw("user:anna", "x")
        assert other.release("user:ben") is None
        assert called.look() is None


class SlowBook:
    """A book whose look at the row takes so long that somebody throws the switch meanwhile."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.meanwhile: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._book, name)

    def killed(self) -> Kill | None:
        seen = self._book.killed()
        self.meanwhile()
        return seen


def test_a_look_that_began_before_a_call_does_not_end_it(book: Book) -> None:
    """It has seen the journal as it was before; neither after the first call nor after a second one."""
    slow = SlowBook(book)
    switch = KillSwitch(cast("Book", slow), SystemClock())
    slow.meanwhile = lambda: switch.throw("user:anna", "x")
    assert told(switch.look()) == ("user:anna", "x")
    book.resume("user:ben")
    assert told(switch.look()) == ("user:anna", "x")


def test_a_call_that_the_journal_does_not_have_ends_here_only(tmp_path: Path, book: Book) -> None:
    """There is no row that anybody could take back, and that there is none says nothing."""
    switch = KillSwitch(book, SystemClock())
    moved = [(path, path.with_name(f"gone-{path.name}")) for path in tmp_path.glob("book.db*")]
    for path, gone in moved:
        path.rename(gone)
    with pytest.raises(JournalUnavailable):
        switch.throw("user:anna", "x")
    for path, gone in moved:
        gone.rename(path)
    assert told(switch.look()) == ("user:anna", "x")
    assert switch.release("user:anna") is None


def test_before_the_first_look_it_is_on(book: Book) -> None:
    """A worker that starts while the switch is on must not begin one run first."""
    switch = KillSwitch(book, SystemClock())
    with pytest.raises(Killed, match="nobody has looked at the kill switch yet"):
        switch.require_off()
    switch.look()
    switch.require_off()


def test_a_look_that_hangs_counts_as_on(book: Book) -> None:
    """By the age of the last look that came to its end."""
    clock = VirtualClock()
    switch = KillSwitch(book, clock)
    switch.look()
    assert switch.killed is None
    clock.advance(STALE_S + 0.1)
    assert told(switch.killed) == (UNREADABLE, "the kill switch could not be read for 1.1 s")
    switch.look()
    assert switch.killed is None


def test_a_journal_that_can_not_be_read_counts_as_on(tmp_path: Path, book: Book) -> None:
    """It may be the one in which somebody has just thrown it."""
    switch = KillSwitch(book, SystemClock())
    assert switch.look() is None
    for path in tmp_path.glob("book.db*"):
        path.rename(path.with_suffix(".gone"))
    found = told(switch.look())
    assert found is not None
    assert found[0] == UNREADABLE
    assert found[1].startswith("the kill switch in the journal can't be read: ")
    with pytest.raises(JournalUnavailable):
        switch.throw("user:anna", "x")
    assert told(switch.killed) == ("user:anna", "x"), "this worker is stopped though the others can't be told"


def test_a_file_that_can_not_be_looked_for_counts_as_on(tmp_path: Path, book: Book) -> None:
    """A volume that is not mounted, or a path through a file."""
    (tmp_path / "file").touch()
    for path, why in (
        (tmp_path / "none" / "kill", "is not there"),
        (tmp_path / "file" / "kill", "can't be looked for"),
    ):
        found = told(KillSwitch(book, SystemClock(), file=path).look())
        assert found is not None
        assert found[0] == UNREADABLE
        assert why in found[1]


def make_empty(path: Path) -> None:
    """`touch kill`."""
    path.touch()


def make_link(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to("nothing")


def make_pipe(path: Path) -> None:
    """Reading it would wait for ever."""
    os.mkfifo(path)


@pytest.mark.parametrize("make", [make_empty, make_link, make_pipe, Path.mkdir])
def test_whatever_lies_there_is_a_kill(tmp_path: Path, book: Book, make: Callable[[Path], None]) -> None:
    """Under that name; its content is only the reason."""
    make(tmp_path / "kill")
    found = told(KillSwitch(book, SystemClock(), file=tmp_path / "kill").look())
    assert found == (f"file {tmp_path / 'kill'}", "the kill file is there")


def test_a_reason_is_one_line_of_bounded_length(tmp_path: Path, book: Book) -> None:
    """It goes into logs, records and pages."""
    (tmp_path / "kill").write_bytes(b"\xff" * 10_000)
    found = KillSwitch(book, SystemClock(), file=tmp_path / "kill").look()
    assert found is not None
    assert len(found.reason) == REASON_MAX
    switch = KillSwitch(book, SystemClock())
    switch.throw("user:anna", "one\n two\x1b" + "x" * 10_000)
    (kill,) = [kill for kill in (book.killed(),) if kill]
    assert kill.reason.startswith("one two xxx")
    assert len(kill.reason) == REASON_MAX


def test_each_change_is_told_once(tmp_path: Path, book: Book) -> None:
    """To the audit and the log; a worker that looks four times a second must not fill them."""
    changes: list[tuple[str, str] | None] = []
    switch = KillSwitch(book, SystemClock(), file=tmp_path / "kill", changed=lambda kill: changes.append(told(kill)))
    switch.look()
    by_file(tmp_path, switch)
    for _ in range(3):
        switch.look()
    (tmp_path / "kill").unlink()
    for _ in range(3):
        switch.look()
    assert changes == [(f"file {tmp_path / 'kill'}", "psp-a pays twice"), None]
