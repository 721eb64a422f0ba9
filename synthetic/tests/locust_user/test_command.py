"""What ends a load test, and from when on no user of it begins a run: in our own process, without Locust."""

from __future__ import annotations

import time
from pathlib import Path

import gevent
import pytest

from synthetic.journal.book import open_book
from synthetic.journal.model import Kill
from synthetic.locust_user.asked import Paths, read_asked
from synthetic.locust_user.command import Command
from synthetic.tests.locust_user.test_asked import PLAYS

KILL = Kill("ops", "stop everything", 0)


@pytest.fixture
def said() -> list[str]:
    """Why the test has to end, as the process that judges hears it."""
    return []


@pytest.fixture
def command(shipped_cells: Path, tmp_path: Path, said: list[str]) -> Command:
    """A load test that nobody plays yet."""
    asked = read_asked(Paths(shipped_cells), {"Player": PLAYS})
    return Command(asked, str(tmp_path / "load.db"), said.append, lambda: 0.0)


def test_a_kill_switch_that_was_thrown_while_users_waited_is_noticed_before_a_run(
    command: Command, said: list[str]
) -> None:
    """Who comes back from a long think time does not play once more; it is said once, and holds."""
    assert not command.must_end()
    command.hard_stop.killed(KILL)
    assert [command.must_end() for _ in range(3)] == [True, True, True]
    assert said == ["the kill switch was thrown by ops: stop everything"]


def test_a_test_that_begins_anew_knows_nothing_of_what_ended_the_last_one(command: Command, said: list[str]) -> None:
    """Neither of what was said, nor of what came after it."""
    command.note("the budget is used up")
    command.hard_stop.killed(KILL)
    command.forget()
    assert (command.must_end(), said) == (False, ["the budget is used up"])


@pytest.mark.parametrize(
    ("planned_s", "told"),
    [
        (60.0, "the test was interrupted after 11 of 60 s"),
        (None, "the test was interrupted after 11 s"),
        (0.0, ""),
    ],
)
def test_a_signal_before_the_end_is_told_and_one_that_is_the_only_end_is_not(
    command: Command, planned_s: float | None, told: str
) -> None:
    """Without `-t`, Ctrl-C is how a test ends."""
    now = [100.0]
    command.now_s = lambda: now[0]
    command.forget()
    now[0] = 111.2
    command.interrupt(planned_s)
    assert command.interrupted == told


def test_a_process_that_ends_begins_no_run_even_where_a_test_is_begun_in_it(command: Command) -> None:
    """A master that does not know yet that its worker leaves may send it users."""
    command.leave()
    command.forget()
    assert command.must_end()


def test_a_signal_while_the_last_runs_end_interrupts_no_test(command: Command) -> None:
    """Its time was over."""
    command.interrupt(60.0)  # nor before it began
    command.forget()
    command.stopping()
    command.interrupt(60.0)
    assert command.interrupted == ""


def test_a_kill_switch_is_looked_at_while_nobody_plays(command: Command, said: list[str]) -> None:
    """No run has asked the journal, and the next one does not begin."""
    assert command.session.asked is command.asked  # a user has come
    try:
        with open_book(command.journal) as book:
            book.kill("ops", "stop everything")
        deadline_s = time.monotonic() + 30
        while not command.must_end() and time.monotonic() < deadline_s:
            gevent.sleep(0.05)
    finally:
        command.close()
    assert said == ["the kill switch was thrown by ops: stop everything"]
