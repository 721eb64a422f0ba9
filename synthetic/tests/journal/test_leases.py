"""Leases: one worker an account, fencing by epoch, and what becomes of runs whose worker is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthetic.core.errors import FencedOff, HarnessError, Killed
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book, open_book
from synthetic.tests.journal.conftest import S, WallClock, admitted, intent, new_run


def test_an_account_is_given_to_one_run_at_a_time(book: Book) -> None:
    """The second run gets the second account, the third none, until one of them is closed."""
    candidates = [("p1", "wallet/p1"), ("p2", "wallet/p2")]
    leases = [book.admit(new_run(f"run-{number}"), candidates=candidates, worker="w1", ttl_s=10) for number in range(3)]
    assert [lease and lease.account for lease in leases] == ["wallet/p1", "wallet/p2", None]
    assert leases[1] is not None
    book.close_run(leases[1], "ok")
    again = book.admit(new_run("run-3"), candidates=candidates, worker="w1", ttl_s=10)
    assert again is not None
    assert (again.account, again.epoch) == ("wallet/p2", 2)


def test_an_admitted_run_is_kept_whole(book: Book, clock: WallClock) -> None:
    """Another process finds everything that it needs to bring its money home."""
    lease = admitted(book)
    (row,) = book.open_runs()
    assert (row.run, row.player, row.lease, row.started_ns) == (new_run(), "p1", lease, clock())
    assert (row.ended_ns, row.outcome, row.reason, row.tries, row.next_try_ns) == (0, "", "", 0, 0)
    assert lease.expires_ns == clock() + 10 * S


def test_a_run_is_admitted_once(book: Book) -> None:
    """What was begun is recovered, never played again under its name."""
    book.close_run(admitted(book), "ok")
    with pytest.raises(HarnessError, match="run-1 was admitted before"):
        admitted(book)


def test_an_account_rests_before_its_next_run(book: Book, clock: WallClock) -> None:
    """A one-time code serves once, so the account is given out when the next one begins."""
    book.close_run(admitted(book), "ok", rest_s=30)
    clock.pass_s(29.9)
    assert book.admit(new_run("run-2"), candidates=[("p1", "wallet/p1")], worker="w1", ttl_s=10) is None
    clock.pass_s(0.1)
    admitted(book, "run-2")


def test_the_kill_switch_admits_nobody_and_lets_what_runs_go_on(book: Book) -> None:
    """No new run; effects, renewals and the end of a run that was admitted before are as they were."""
    lease = admitted(book)
    book.kill("operator", "too many tickets")
    book.kill("another", "later reason")
    with pytest.raises(Killed, match="by operator: too many tickets"):
        admitted(book, "run-2", "p2")
    book.intend(intent(), lease)
    assert book.renew([lease], 10)
    book.resolve("key-1", IntentState.SETTLED, lease)
    book.close_run(lease, "ok")
    book.resume("operator")
    assert book.killed() is None
    admitted(book, "run-2", "p2")


def test_a_lease_that_is_over_sends_nothing(book: Book, clock: WallClock) -> None:
    """By the wall clock, to the instant, before anybody has taken it over."""
    lease = admitted(book, ttl_s=10)
    clock.pass_s(9.999)
    book.intend(intent("in time"), lease)
    clock.pass_s(0.001)
    with pytest.raises(FencedOff, match=r"the lease on wallet/p1 is over since 0\.0 s"):
        book.intend(intent("late"), lease)
    assert [entry.intent.key for entry in book.entries()] == ["in time"]


def test_a_renewed_lease_goes_on(book: Book, clock: WallClock) -> None:
    """The journal's row counts, not the copy that the driver of the run holds."""
    lease = admitted(book, ttl_s=10)
    clock.pass_s(9)
    (renewed,) = book.renew([lease], 10)
    assert renewed == replace(lease, expires_ns=clock() + 10 * S)
    clock.pass_s(9)
    book.intend(intent(), lease)


def test_whoever_takes_a_lease_over_fences_the_earlier_holder_off(book: Book, clock: WallClock) -> None:
    """Under a higher epoch: the earlier one may not intend, resolve, renew, close or postpone, whatever its clock says."""
    earlier = admitted(book, ttl_s=10)
    book.intend(intent(), earlier)
    clock.pass_s(10)
    later = book.take_over("run-1", "w2", 10)
    assert later is not None
    assert (later.worker, later.epoch) == ("w2", earlier.epoch + 1)
    clock.pass_s(-5)
    with pytest.raises(FencedOff, match=r"w2 has taken the lease on wallet/p1 over \(epoch 2, ours was 1\)"):
        book.intend(intent("other"), earlier)
    with pytest.raises(FencedOff):
        book.resolve("key-1", IntentState.DONE, earlier)
    with pytest.raises(FencedOff):
        book.close_run(earlier, "ok")
    with pytest.raises(FencedOff):
        book.postpone(earlier, "later", next_try_ns=0)
    assert book.renew([earlier, later], 10) == [replace(later, expires_ns=clock() + 10 * S)]
    book.resolve("key-1", IntentState.COMPENSATED, later)
    book.close_run(later, "aborted", "recovered")
    assert [(entry.state, entry.epoch) for entry in book.entries()] == [(IntentState.COMPENSATED, 1)]


def test_only_one_takes_over(book: Book, clock: WallClock) -> None:
    """A lease that lives is nobody else's; one that is over goes to the first, and lives again."""
    admitted(book, ttl_s=10)
    assert book.take_over("run-1", "w2", 10) is None
    clock.pass_s(10)
    assert book.take_over("run-1", "w2", 10) is not None
    assert book.take_over("run-1", "w3", 10) is None
    assert book.take_over("unknown", "w3", 10) is None


def test_an_epoch_is_never_given_out_twice(book: Book, clock: WallClock) -> None:
    """Across runs, takeovers and clocks that jump back and forth, each lease on an account has a higher one."""
    epochs = []
    for number in range(3):
        lease = admitted(book, f"run-{number}")
        epochs.append(lease.epoch)
        for jump_s in (20, -15, 20):
            clock.pass_s(jump_s)
            taken = book.take_over(f"run-{number}", f"w{jump_s}", 10)
            if taken is not None:
                lease = taken
                epochs.append(lease.epoch)
        book.close_run(lease, "aborted")
        clock.pass_s(-30)
    assert epochs == sorted(set(epochs))
    assert len(epochs) == 6


def test_a_lost_worker_is_found_by_its_runs(book: Book, clock: WallClock) -> None:
    """A run is recoverable when its lease is over, its holder's own first; not before, and not when it is closed."""
    admitted(book, "run-1", "p1", "w1")
    admitted(book, "run-2", "p2", "w2")
    book.close_run(admitted(book, "run-3", "p3", "w3"), "ok")
    assert book.recoverable("w2", clock()) == []
    clock.pass_s(10)
    assert [row.run.run_id for row in book.recoverable("w2")] == ["run-2", "run-1"]
    assert [row.run.run_id for row in book.recoverable("w1")] == ["run-1", "run-2"]


def test_a_postponed_run_waits_for_its_time_and_keeps_its_account(book: Book, clock: WallClock) -> None:
    """Nobody recovers it earlier unless asked to, its last holder is out, and no new run plays on the account."""
    lease = admitted(book)
    book.postpone(lease, "the PSP is silent", next_try_ns=clock() + 60 * S)
    assert book.renew([lease], 10) == []
    with pytest.raises(FencedOff, match="w1 has given the lease on wallet/p1 back"):
        book.intend(intent(), lease)
    assert book.admit(new_run("run-2"), candidates=[("p1", "wallet/p1")], worker="w1", ttl_s=10) is None
    clock.pass_s(59)
    assert book.recoverable("w1") == []
    assert book.take_over("run-1", "w1", 10) is None
    clock.pass_s(1)
    assert [row.reason for row in book.recoverable("w1")] == ["the PSP is silent"]
    again = book.take_over("run-1", "w1", 10)
    assert again is not None
    assert [row.tries for row in book.open_runs()] == [1]
    book.close_run(again, "aborted", rest_s=0)
    admitted(book, "run-2")


def test_a_sweep_by_hand_need_not_wait(book: Book, clock: WallClock) -> None:
    """`early` takes a postponed run before its time, but never from a holder whose lease lives."""
    lease = admitted(book)
    assert book.take_over("run-1", "by hand", 10, early=True) is None
    book.postpone(lease, "later", next_try_ns=clock() + 3600 * S)
    assert book.take_over("run-1", "by hand", 10, early=True) is not None


def test_closing_twice_is_no_mistake_and_another_outcome_is(book: Book) -> None:
    """A worker that lost the answer to its commit asks again."""
    lease = admitted(book)
    book.close_run(lease, "ok")
    book.close_run(lease, "ok")
    with pytest.raises(FencedOff, match=r"it is closed \(ok\)"):
        book.close_run(lease, "failed")
    with pytest.raises(FencedOff, match=r"it is closed \(ok\)"):
        book.intend(intent(), lease)


def test_what_is_left_is_what_no_living_lease_covers(book: Book, clock: WallClock) -> None:
    """Open effects of a run that goes on are nobody's worry; of a run that is over or closed they are stranded money."""
    lease = admitted(book)
    book.intend(intent("a", 100), lease)
    clock.pass_s(1)
    book.intend(intent("b", 250), lease)
    book.resolve("b", IntentState.UNKNOWN, lease)
    assert book.left().effects == 0
    clock.pass_s(10)
    left = book.left()
    assert (left.effects, left.minor, left.oldest_ns) == (2, {"EUR": 350}, clock() - 11 * S)
    assert {state: one.minor["EUR"] for state, one in book.left_by_state().items()} == {
        IntentState.INTENT: 100,
        IntentState.UNKNOWN: 250,
    }
    book.resolve("a", IntentState.COMPENSATED, lease)
    book.resolve("b", IntentState.STUCK, lease)
    book.close_run(lease, "aborted")
    assert {state: one.minor for state, one in book.left_by_state().items()} == {IntentState.STUCK: {"EUR": 250}}


def test_a_book_outlives_its_process(address: str, clock: WallClock) -> None:
    """Opened again: the same runs, effects and switch, and a second opener changes nothing."""
    with open_book(address, wall_ns=clock) as first, open_book(address, wall_ns=clock) as second:
        lease = admitted(first)
        first.intend(intent(), lease)
        assert second.effects_of("run-1") == first.effects_of("run-1") != []
        second.kill("operator", "why not")
    with open_book(address, wall_ns=clock) as again:
        assert again.killed() is not None
        assert again.runs_known(["run-1", "run-2"]) == {"run-1"}
        row = again.run("run-1")
        assert row is not None
        assert row.lease == lease


def test_a_stranded_run_frees_its_account_and_keeps_its_money_in_sight(book: Book, clock: WallClock) -> None:
    """The account plays on; the money is still told, and who tries again opens the run under a higher epoch."""
    lease = admitted(book)
    book.intend(intent(), lease)
    book.strand(lease, "the platform says no", next_try_ns=clock() + 60 * S)
    assert [row.outcome for row in book.stranded_runs()] == ["stranded"]
    assert (book.open_runs(), book.recoverable("w2")) == ([], [])
    assert book.left().effects == 1
    book.close_run(admitted(book, "run-2"), "ok")
    clock.pass_s(60)
    assert [row.run.run_id for row in book.recoverable("w2")] == ["run-1"]
    again = book.take_over("run-1", "w2", 10)
    assert again is not None
    assert book.left().effects == 1  # a gauge that fell during each try would reset the alert's five minutes
    assert again.epoch > lease.epoch + 1
    assert [row.run.run_id for row in book.open_runs()] == ["run-1"]
    assert book.admit(new_run("run-3"), candidates=[("p1", "wallet/p1")], worker="w1", ttl_s=10) is None
    book.resolve(intent().key, IntentState.COMPENSATED, again)
    book.close_run(again, "aborted")
    assert (book.stranded_runs(), book.left().effects) == ([], 0)


def test_a_stranded_run_waits_while_another_one_is_on_its_account(book: Book, clock: WallClock) -> None:
    """Two runs on one account would see each other's money."""
    book.strand(admitted(book), "no", next_try_ns=0)
    other = admitted(book, "run-2")
    assert book.take_over("run-1", "w2", 10) is None
    book.close_run(other, "ok")
    assert book.take_over("run-1", "w2", 10) is not None


def test_who_was_fenced_off_strands_nothing(book: Book, clock: WallClock) -> None:
    """Whoever has the lease now decides."""
    lease = admitted(book)
    clock.pass_s(11)
    assert book.take_over("run-1", "w2", 10) is not None
    with pytest.raises(FencedOff):
        book.strand(lease, "no", next_try_ns=0)
    assert book.stranded_runs() == []


def test_a_journal_keeps_a_seed_of_its_own(address: str) -> None:
    """Keys are made of it: the same for every worker and after a restart."""
    with open_book(address) as first:
        seed = first.seed()
    with open_book(address) as again:
        assert again.seed() == seed > 0


def test_a_run_without_a_row_is_adopted_whatever_the_kill_switch_says(book: Book) -> None:
    """Its money comes home under a lease like any other's; an account that is taken is waited for."""
    book.intend(intent(), None)
    book.kill("operator", "stop")
    lease = book.adopt(new_run(), player="p1", account="wallet/p1", worker="w1", ttl_s=10)
    assert lease is not None
    assert [row.player for row in book.open_runs()] == ["p1"]
    assert book.adopt(new_run("run-2"), player="p1", account="wallet/p1", worker="w1", ttl_s=10) is None
    with pytest.raises(HarnessError, match="admitted before"):
        book.adopt(new_run(), player="p2", account="wallet/p2", worker="w1", ttl_s=10)


def test_an_account_remembers_the_cash_of_its_last_clean_run(book: Book) -> None:
    """Also behind other runs; who was fenced off changes nothing."""
    assert book.baseline("wallet/p1") is None
    lease = admitted(book)
    book.set_baseline(lease, Money(5000, "EUR"))
    book.close_run(lease, "ok")
    book.close_run(admitted(book, "run-2"), "failed")
    assert book.baseline("wallet/p1") == Money(5000, "EUR")
    with pytest.raises(FencedOff):
        book.set_baseline(lease, Money(1, "EUR"))
    assert book.baseline("wallet/p1") == Money(5000, "EUR")


def test_a_baseline_follows_what_clean_runs_win_and_lose_and_nothing_else(book: Book) -> None:
    """Money that nobody can explain is a residue, told each time until it is gone; it never becomes the baseline."""
    lease = admitted(book)
    assert book.set_baseline(lease, Money(5000, "EUR"), Money(7, "EUR")) is None  # the first one is taken as it is
    assert book.set_baseline(lease, Money(5080, "EUR"), Money(-20, "EUR")) == Money(100, "EUR")
    assert book.baseline("wallet/p1") == Money(4980, "EUR")
    assert book.residues() == {"wallet/p1": Money(100, "EUR")}
    assert book.set_baseline(lease, Money(4950, "EUR"), Money(0, "EUR")) is None
    assert (book.baseline("wallet/p1"), book.residues()) == (Money(4950, "EUR"), {})


def test_cash_beside_another_runs_open_money_is_no_baseline(book: Book) -> None:
    """It may be that run's deposit: the baseline only follows what the clean run has won or lost, and no surplus is told."""
    first = admitted(book)
    book.set_baseline(first, Money(5000, "EUR"))
    book.intend(intent("a", 100), first)
    book.strand(first, "no answer", next_try_ns=0)
    second = admitted(book, "run-2")
    assert book.open_elsewhere("wallet/p1", "run-2") == ["run-1"]
    assert book.open_elsewhere("wallet/p1", "run-1") == book.open_elsewhere("wallet/p2", "run-2") == []
    assert book.set_baseline(second, Money(5080, "EUR"), Money(-20, "EUR")) is None
    assert (book.baseline("wallet/p1"), book.residues()) == (Money(4980, "EUR"), {})


def test_money_without_a_lease_is_open_for_all_who_share_its_player(book: Book) -> None:
    """Nobody knows then which wallet it is in."""
    book.intend(intent("a", 100), None)
    assert book.open_elsewhere("wallet/p1", "run-2") == ([] if intent().player != "p1" else ["run-1"])
    assert book.open_elsewhere(f"wallet/{intent().player}", "run-2") == [intent().run_id]
