"""Claims about the store: what it keeps, once, in which order, and what it forgets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.core.errors import HarnessError
from synthetic.gate.observed import Signal
from synthetic.journal.book import open_book
from synthetic.journal.sqlite_database import SqliteDatabase
from synthetic.rollouts import store as store_module
from synthetic.rollouts.model import Decided, Rollout, Step
from synthetic.rollouts.schema import beside
from synthetic.rollouts.store import OBSERVATIONS_FOR_NS, Store, open_store
from synthetic.tests.rollouts.evidence import NOON_NS, S, pairs, run

ROLLOUT = Rollout("r1", "canary", "baseline", "2.0", NOON_NS, "ann")


def test_what_runs_have_shown_is_read_as_it_was_written(any_store: Store) -> None:
    """Every field, in each database."""
    told = run(1, failed=True, breaches=("one_credit_per_deposit",), stranded_minor={"EUR": 100}, trace_id="ab" * 16)
    any_store.observe([told, run(1, "baseline")])
    seen = any_store.seen("canary", "baseline", since_ns=0)
    assert seen.observations == (told, run(1, "baseline"))


def test_a_run_counts_once_however_often_it_is_told(any_store: Store) -> None:
    """A write that was tried again after its answer was lost must not be another failure."""
    any_store.observe([run(1, failed=True)])
    any_store.observe([run(1, failed=True), run(2)])
    assert len(any_store.seen("canary", "baseline", since_ns=0).observations) == 2


def test_a_reader_goes_on_behind_what_it_has_read(any_store: Store) -> None:
    """Also where a run is written late: order is that of writing, not of starting."""
    any_store.observe([run(5, at_s=5)])
    first = any_store.seen("canary", "baseline", since_ns=0)
    any_store.observe([run(1, at_s=1)])
    second = any_store.seen("canary", "baseline", since_ns=0, after=first.last)
    assert [one.run_id for one in second.observations] == ["canary-1"]
    assert any_store.seen("canary", "baseline", since_ns=0, after=second.last).observations == ()


def test_many_are_read_in_parts(store: Store) -> None:
    """A look never takes more than it is told to, and says that there is more."""
    store.observe(pairs(range(6)))
    seen = store.seen("canary", "baseline", since_ns=0, at_most=10)
    assert (len(seen.observations), seen.more) == (10, True)
    rest = store.seen("canary", "baseline", since_ns=0, after=seen.last, at_most=10)
    assert (len(rest.observations), rest.more) == (2, False)


def test_other_cells_and_earlier_runs_are_left_out(store: Store) -> None:
    """A watch is of two cells since an instant."""
    store.observe([run(1, cell="other"), run(2, at_s=-1), run(3, at_s=1)])
    seen = store.seen("canary", "baseline", since_ns=NOON_NS)
    assert [one.run_id for one in seen.observations] == ["canary-3"]


def test_a_row_that_cannot_be_read_is_no_evidence(store: Store, tmp_path: Path) -> None:
    """It is counted, and the others are read."""
    store.observe([run(1), run(2)])
    other = SqliteDatabase(tmp_path / "runner.gate.db")
    with other.write() as transaction:
        transaction.change("UPDATE gate_observations SET body = '{\"outcome\": NaN}' WHERE number = 1")
    other.close()
    seen = store.seen("canary", "baseline", since_ns=0)
    assert (seen.unreadable, [one.run_id for one in seen.observations]) == (1, ["canary-2"])


def test_a_rollout_is_begun_once(any_store: Store) -> None:
    """A second start under the same id, as of a hook that is tried again, changes nothing."""
    assert any_store.begin(ROLLOUT) == ROLLOUT
    assert any_store.begin(replace(ROLLOUT, cell="other", started_ns=NOON_NS + S)) == ROLLOUT
    assert any_store.rollouts() == [ROLLOUT]


def test_steps_follow_each_other_and_the_same_share_is_none(any_store: Store) -> None:
    """A controller that repeats itself begins no new step."""
    any_store.begin(ROLLOUT)
    for weight, at_s in ((5, 1), (5, 2), (25, 3)):
        any_store.step("r1", Step(weight, NOON_NS + at_s * S))
    known = any_store.rollout("r1")
    assert known is not None
    assert known.steps == (Step(5, NOON_NS + S), Step(25, NOON_NS + 3 * S))
    assert any_store.step("r2", Step(5, NOON_NS)) is None


def test_the_first_ending_stays_and_no_step_follows_it(any_store: Store) -> None:
    """A rollback that is told after a promotion does not change what happened."""
    any_store.begin(ROLLOUT)
    any_store.end("r1", "promoted", NOON_NS + S)
    any_store.step("r1", Step(5, NOON_NS + 2 * S))
    ended = any_store.end("r1", "rolled_back", NOON_NS + 3 * S)
    assert ended == replace(ROLLOUT, ended_ns=NOON_NS + S, ending="promoted")
    assert any_store.rollouts(open_only=True) == []


def decided(verdict: str, reason: str = "clean", *, at_s: int = 0, weight: int = 5) -> Decided:
    return Decided("r1", NOON_NS + at_s * S, verdict, reason, f"{verdict} at {at_s}", weight, "[]")


def test_a_decision_is_kept_when_it_changes(any_store: Store) -> None:
    """Two gates that decide the same leave one record of it."""
    told = [
        decided("inconclusive", "insufficient", at_s=1),
        decided("inconclusive", "insufficient", at_s=2),
        decided("inconclusive", "insufficient", at_s=3, weight=25),
        decided("pass", at_s=4, weight=25),
    ]
    assert [any_store.decide(one) for one in told] == [True, False, True, True]
    assert any_store.decisions("r1") == [told[0], told[2], told[3]]


def test_the_decision_by_which_a_rollout_failed_is_found_again(store: Store) -> None:
    """Also after later ones."""
    for one in (decided("fail", "regression", at_s=1), decided("inconclusive", "stale", at_s=2)):
        store.decide(one)
    assert store.failed("r1") == decided("fail", "regression", at_s=1)
    assert store.failed("r2") is None


def test_signals_are_those_of_both_cells_since_an_instant(any_store: Store) -> None:
    """Oldest first, with their values as they were."""
    signals = [
        Signal("chargebacks", "canary", 0.1, NOON_NS + 2 * S, "psp-a"),
        Signal("chargebacks", "baseline", 3.0, NOON_NS + S),
        Signal("chargebacks", "other", 3.0, NOON_NS + S),
        Signal("chargebacks", "canary", 3.0, NOON_NS - S),
    ]
    assert any_store.signal(signals) == 4
    assert any_store.signals("canary", "baseline", since_ns=NOON_NS) == (signals[1], signals[0])


def test_a_signal_with_an_id_is_kept_once(any_store: Store) -> None:
    """Of one name and cell; the first one stands."""
    signals = [Signal("chargebacks", "canary", value, NOON_NS) for value in (3.0, 5.0)]
    assert any_store.signal(signals, ["cb-1", ""]) == 2
    assert any_store.signal(signals, ["cb-1", "cb-2"]) == 1
    assert [one.value for one in any_store.signals("canary", "baseline", since_ns=0)] == [3.0, 5.0, 5.0]


def test_what_is_old_is_forgotten(any_store: Store) -> None:
    """Fourteen days after a run nobody judges by it."""
    any_store.observe([run(1), run(2, at_s=2 * OBSERVATIONS_FOR_NS / S)])
    any_store.begin(ROLLOUT)
    assert any_store.forget(NOON_NS + OBSERVATIONS_FOR_NS + S) == 1
    assert [one.run_id for one in any_store.seen("canary", "baseline", since_ns=0).observations] == ["canary-2"]
    kept = any_store.rollout("r1")
    assert kept is not None
    assert kept.ending == "aborted"  # nobody has ended it, and what it was judged by is gone


def test_what_is_too_much_is_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is bounded in rows, whatever is played; the newest stay."""
    monkeypatch.setattr(store_module, "OBSERVATIONS_MAX", 4)
    store.observe(pairs(range(5)))
    store.forget(NOON_NS)
    assert [one.run_id for one in store.seen("canary", "canary", since_ns=0).observations] == ["canary-3", "canary-4"]


def test_the_file_lies_beside_the_journal() -> None:
    """And in Postgres the tables are in the same schema."""
    assert beside("sqlite:///data/runner.db") == "sqlite:///data/runner.gate.db"
    assert beside("runner.db") == "sqlite:///runner.gate.db"
    assert beside("postgresql://u@h/d") == "postgresql://u@h/d"


def test_a_store_of_a_newer_version_is_left_alone(store: Store, tmp_path: Path) -> None:
    """Nobody writes into tables that he does not know."""
    other = SqliteDatabase(tmp_path / "runner.gate.db")
    with other.write() as transaction:
        transaction.change("UPDATE gate_version SET version = 99")
    other.close()
    with pytest.raises(HarnessError, match="newer version"):
        open_store(f"sqlite:///{tmp_path / 'runner.gate.db'}")


def test_the_gate_shares_a_postgres_with_the_journal(postgres_server_url: str) -> None:
    """Its tables have names of their own, and opening it twice makes them once."""
    where = f"{postgres_server_url}&options=-csearch_path%3Dboth_of_them"
    with open_book(where), open_store(where) as first, open_store(where) as second:
        first.observe([run(1)])
        assert len(second.seen("canary", "baseline", since_ns=0).observations) == 1
