"""A law: whatever happens in whatever order, the book does what a book in plain Python does, over restarts and clock jumps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from synthetic.core.errors import SyntheticError
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.book import open_book
from synthetic.journal.model import Caps, Lease
from synthetic.tests.journal.conftest import S, WallClock, intent, new_run
from synthetic.tests.journal.laws import counters, summed
from synthetic.tests.journal.plain_book import PlainBook

ACCOUNTS = ["wallet/p1", "wallet/p2"]
RUNS = st.sampled_from(["run-1", "run-2", "run-3", "run-4"])
WORKERS = st.sampled_from(["w1", "w2"])
KEYS = st.sampled_from(["a", "b", "c", "d"])
AMOUNTS = st.sampled_from([100, 250])
SECONDS = st.sampled_from([1.0, 10.0, 40_000.0, -5.0, -40_000.0])
CAPS = st.builds(
    lambda run, account, day, outstanding: Caps(
        *(None if minor is None else Money(minor, "EUR") for minor in (run, account, day, outstanding))
    ),
    *[st.sampled_from([None, 250, 400])] * 4,
)


class Books(RuleBasedStateMachine):
    """The two do the same, and refuse the same for the same reason."""

    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "book.db"
        self.clock = WallClock()
        self.book = open_book(self.path, wall_ns=self.clock)
        self.plain = PlainBook(self.clock)
        self.given: list[Lease] = []

    def agree(self, real: Callable[[], object], plain: Callable[[], object]) -> object:
        """What both answer, or the error that both raise."""
        ends = []
        for act in (real, plain):
            try:
                ends.append(act())
            except SyntheticError as error:
                ends.append(type(error))
        assert ends[0] == ends[1]
        return ends[0]

    @rule(target=leases, run_id=RUNS, worker=WORKERS, ttl_s=st.sampled_from([5.0, 50_000.0]))
    def admit(self, run_id: str, worker: str, ttl_s: float) -> object:
        """On the first account that is free."""
        run, candidates = new_run(run_id), [(account, account) for account in ACCOUNTS]
        return self.leased(
            self.agree(
                lambda: self.book.admit(run, candidates=candidates, worker=worker, ttl_s=ttl_s),
                lambda: self.plain.admit(run, ACCOUNTS, worker, ttl_s),
            )
        )

    @rule(target=leases, run_id=RUNS, worker=WORKERS)
    def take_over(self, run_id: str, worker: str) -> object:
        """Of a run whose lease may live."""
        return self.leased(
            self.agree(lambda: self.book.take_over(run_id, worker, 5), lambda: self.plain.take_over(run_id, worker, 5))
        )

    def leased(self, answer: object) -> object:
        """A lease that was given out; never again under the same epoch."""
        if not isinstance(answer, Lease):
            return multiple()
        assert all(answer.epoch > earlier.epoch for earlier in self.given if earlier.account == answer.account), (
            "an epoch came twice"
        )
        self.given.append(answer)
        return answer

    @rule(lease=leases, ttl_s=st.sampled_from([5.0, 50_000.0]))
    def renew(self, lease: Lease, ttl_s: float) -> None:
        """Any lease that was ever given out."""
        self.agree(lambda: self.book.renew([lease], ttl_s), lambda: self.plain.renew(lease, ttl_s))

    @rule(lease=leases, key=KEYS, minor=AMOUNTS, caps=CAPS)
    def intend(self, lease: Lease, key: str, minor: int, caps: Caps) -> None:
        """Under a lease that may be over, of a key that may be known, against a budget that may be spent."""
        one = replace(intent(f"{lease.run_id}:{key}", minor), run_id=lease.run_id)
        self.agree(lambda: self.book.intend(one, lease, [caps]), lambda: self.plain.intend(one, lease, caps))

    @rule(lease=leases, key=KEYS, state=st.sampled_from(IntentState))
    def resolve(self, lease: Lease, key: str, state: IntentState) -> None:
        """To any state."""
        name = f"{lease.run_id}:{key}"
        self.agree(lambda: self.book.resolve(name, state, lease), lambda: self.plain.resolve(name, state, lease))

    @rule(lease=leases, outcome=st.sampled_from(["ok", "aborted"]), rest_s=st.sampled_from([0.0, 30.0]))
    def close_run(self, lease: Lease, outcome: str, rest_s: float) -> None:
        """Once, twice, late."""
        self.agree(
            lambda: self.book.close_run(lease, outcome, "why", rest_s=rest_s),
            lambda: self.plain.close_run(lease, outcome, rest_s),
        )

    @rule(lease=leases, wait_s=st.sampled_from([0, 15]))
    def postpone(self, lease: Lease, wait_s: int) -> None:
        """Now, or for a while."""
        due = self.clock() + wait_s * S
        self.agree(lambda: self.book.postpone(lease, "later", next_try_ns=due), lambda: self.plain.postpone(lease, due))

    @rule(on=st.booleans())
    def kill(self, *, on: bool) -> None:
        """The switch."""
        if on:
            self.book.kill("operator", "why")
        else:
            self.book.resume("operator")
        self.plain.killed = on

    @rule(seconds=SECONDS)
    def jump(self, seconds: float) -> None:
        """The clock, in either direction, also over midnight."""
        self.clock.pass_s(seconds)

    @rule()
    def restart(self) -> None:
        """The file outlives its book."""
        self.book.close()
        self.book = open_book(self.path, wall_ns=self.clock)

    @invariant()
    def hold_the_same(self) -> None:
        """Every run and every effect; and the counters are the sums."""
        rows = [row for row in (self.book.run(run_id) for run_id in sorted(self.plain.runs)) if row is not None]
        assert rows == [self.plain.runs[run_id] for run_id in sorted(self.plain.runs)]
        assert [(entry.intent, entry.state, entry.epoch) for entry in self.book.entries()] == [
            (effect.intent, effect.state, effect.epoch) for effect in self.plain.effects.values()
        ]
        assert counters(self.book) == summed(self.book)

    @invariant()
    def spend_the_same(self) -> None:
        """In all, by day and account, by run, and what is outstanding."""
        held = counters(self.book)
        expected: dict[tuple[str, str, str], int] = {}
        for effect in self.plain.effects.values():
            for scope, name, minor in (
                ("run", effect.intent.run_id, effect.spent),
                ("account_day", f"{effect.account} {effect.day}", effect.spent),
                ("day", str(effect.day), effect.spent),
                ("outstanding", "", effect.outstanding),
            ):
                expected[scope, name, "EUR"] = expected.get((scope, name, "EUR"), 0) + minor
        assert held == {name: minor for name, minor in expected.items() if minor}

    @invariant()
    def give_an_account_to_one(self) -> None:
        """Never two open runs on it."""
        accounts = [row.lease.account for row in self.book.open_runs()]
        assert len(accounts) == len(set(accounts))

    def teardown(self) -> None:
        """Remove the file."""
        self.book.close()
        self.folder.cleanup()


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
