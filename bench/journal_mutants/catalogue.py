"""The mutants: each breaks one promise of DESIGN.md 5, in the way in which somebody might really get it wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from bench.journal_mutants.patching import Mutant, Patch
from synthetic.core.effects import Http, Intent, TransportFault
from synthetic.core.machine import Recovered, play, undo
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.core.plan import RunSpec
from synthetic.drivers import asyncio_driver
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.journal import budgets, intents, leases, runs, slots, switch
from synthetic.journal.group import GroupCommit
from synthetic.journal.run_journal import RunJournal
from synthetic.runner import compensator, worker
from synthetic.runner.first_sight import FirstSight
from synthetic.runner.worker import Worker

Anything = Callable[..., Any]


def _instead(value: Any) -> Callable[[Any], Any]:
    return lambda _before: value


def _sends_before_durable(before: Anything) -> Anything:
    """The intent is written while the request is on its way."""

    async def intended(journal: Any, intent: Any, attempt: Any) -> None:
        task = asyncio.ensure_future(before(journal, intent, attempt))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    return intended


def _writes_lazily(before: Anything) -> Anything:
    """`intend` answers at once, and writes 20 ms later."""

    def intend(self: RunJournal, intent: Intent) -> None:
        asyncio.get_running_loop().call_later(0.02, lambda: _swallowed(before, self, intent))

    return intend


def _promises_several(before: Anything) -> Anything:
    """Several calls in one transaction are answered as done, and nothing is committed."""

    def together(self: GroupCommit, calls: Sequence[Any]) -> list[Exception | None]:
        return before(self, calls) if len(calls) == 1 else [None for _ in calls]

    return together


def _swallowed(call: Anything, *args: Any) -> None:
    try:
        call(*args)
    except Exception:  # noqa: BLE001 - nobody is there any more to hear of it
        return


def _retries_under_a_new_key(before: Anything) -> Anything:
    """A money request without an answer goes out once more, as another one."""

    async def perform(self: AsyncDriver, effect: Any, sockets: Any, journal: Any) -> Any:
        result = await before(self, effect, sockets, journal)
        if isinstance(effect, Http) and effect.moves is not None and isinstance(result, TransportFault):
            return await before(self, _rekeyed(effect, effect.moves), sockets, journal)
        return result

    return perform


def _rekeyed(effect: Http, intent: Intent) -> Http:
    again = replace(intent, key=f"{intent.key}-2")
    headers = tuple((name, again.key if value == intent.key else value) for name, value in effect.headers)
    return replace(effect, headers=headers, moves=again)


def _undoes_twice(before: Anything) -> Anything:
    """A refund that was answered is sent once more, as another one."""

    async def perform(self: AsyncDriver, effect: Any, sockets: Any, journal: Any) -> Any:
        result = await before(self, effect, sockets, journal)
        if isinstance(effect, Http) and effect.url.endswith("/undo"):
            headers = tuple((n, f"{v}-2" if n == "Idempotency-Key" else v) for n, v in effect.headers)
            await before(self, replace(effect, headers=headers), sockets, journal)
        return result

    return perform


def _done_before_the_answer(before: Anything) -> Anything:
    def intend(self: RunJournal, intent: Intent) -> None:
        before(self, intent)
        self.resolve(intent.key, IntentState.DONE)

    return intend


def _records(wrong: IntentState, instead: IntentState) -> Callable[[Anything], Anything]:
    """Whoever records one state gets another one."""

    def make(before: Anything) -> Anything:
        def resolve(self: RunJournal, key: str, state: IntentState) -> None:
            before(self, key, instead if state is wrong else state)

        return resolve

    return make


def _forgets(forgotten: IntentState) -> Callable[[Anything], Anything]:
    """Whoever records this state is told that it is done, and it is not."""

    def make(before: Anything) -> Anything:
        def resolve(self: RunJournal, key: str, state: IntentState) -> None:
            if state is not forgotten:
                before(self, key, state)

        return resolve

    return make


def _without_caps(before: Anything) -> Anything:
    def intend(transaction: Any, intent: Any, lease: Any, _caps: Any, now_ns: int) -> None:
        before(transaction, intent, lease, (), now_ns)

    return intend


def _counts_nothing_in(state: IntentState) -> Callable[[Anything], Anything]:
    def make(before: Anything) -> Anything:
        def counted(amount: Any, target: str, now: IntentState) -> Any:
            return (0, 0) if now is state else before(amount, target, now)

        return counted

    return make


def _finds_without_asking(_before: Anything) -> Anything:
    def look_up(_state: Any, _movement: Any) -> Any:
        return True
        yield

    return look_up


def _never_happened_at_once(before: Anything) -> Anything:
    def not_found(movement: Any, *, answered: bool) -> Any:
        movement.too_late = "so it never happened"
        return before(movement, answered=answered)

    return not_found


def _unanswered_is_not_found(before: Anything) -> Anything:
    def not_found(movement: Any, *, answered: bool) -> Any:  # noqa: ARG001 - that is what it gets wrong
        movement.too_late = "so it never happened"
        return before(movement, answered=True)

    return not_found


def _closes_at_once(_before: Anything) -> Anything:
    """The run is closed while effects of it are open."""

    async def close(self: Worker, one: Any, outcome: Any, reason: str, *_: Any) -> None:
        await self.outside.off_loop(self.outside.book.close_run, one.lease, outcome, reason)
        self.let_go(one.lease)

    return close


def _text(old: str, new: str) -> Callable[[Any], Any]:
    def make(before: Any) -> Any:
        assert old in before, f"{old!r} is not in {before!r}"
        return before.replace(old, new)

    return make


def _allows_all(*_: Any) -> None:
    """Nobody is refused."""


def _claims_all(*_: Any) -> bool:
    return True


def _plays_on(_before: Anything) -> Anything:
    """Whoever takes a run over plays it from its first step, under its own keys."""

    def recover(spec: RunSpec, _effects: Any, **_: Any) -> Any:
        yield from play(spec)
        return Recovered()

    return recover


def _half_a_unit_less(before: Anything) -> Anything:
    return lambda cash, may_withdraw: before(Money(cash.minor - 50, cash.currency), may_withdraw)


def _trusts_any_clock(_before: Anything) -> Anything:
    return lambda _self, _run_id, age_ns: age_ns


def _numbers_anew(before: Anything) -> Anything:
    """A run has another id each time, so that nobody sees that its slot was played before."""
    numbers = count(1)
    return lambda seed, *rest: before(seed + next(numbers), *rest)


def _frees_the_account(before: Anything) -> Anything:
    def postpone(transaction: Any, lease: Any, reason: str, next_try_ns: int) -> None:
        before(transaction, lease, reason, next_try_ns)
        transaction.change("UPDATE accounts SET run_id = '' WHERE run_id = :run_id", run_id=lease.run_id)

    return postpone


async def _renews_nothing(_self: Worker) -> None:
    """Leases run out while their runs play."""


MUTANTS: tuple[Mutant, ...] = (
    Mutant("sends before durable", "an intent is durable before its request leaves",
           (Patch(asyncio_driver, "_intended", _sends_before_durable),)),
    Mutant("writes intents lazily", "what `intend` has answered is on the disk",
           (Patch(RunJournal, "intend", _writes_lazily),)),
    Mutant("commits nothing that is shared", "what is written together is on the disk, too",
           (Patch(GroupCommit, "together", _promises_several),)),
    Mutant("retries under a new key", "an unknown outcome is queried, never sent again as another one",
           (Patch(AsyncDriver, "_perform", _retries_under_a_new_key),)),
    Mutant("undoes twice", "what was taken back is not taken back again",
           (Patch(AsyncDriver, "_perform", _undoes_twice),)),
    Mutant("lost fence", "whoever was taken over sends nothing more",
           (Patch(leases, "require_held", _instead(_allows_all)), Patch(leases, "require_not_taken", _instead(_allows_all)))),
    Mutant("the epoch does not rise", "a worker that was taken over by its own successor is fenced off, too",
           (Patch(leases, "_RISE", _text("epoch = epoch + 1", "epoch = epoch")),)),
    Mutant("takes a live lease", "a lease that lives is left alone",
           (Patch(leases, "_RECOVERABLE", _text("expires_ns <= :now AND", "")),
            Patch(leases, "_TAKE_OVER", _text(" AND expires_ns <= :now", "")),
            Patch(runs, "recoverable", _instead(lambda transaction, *_: runs.open_runs(transaction))))),
    Mutant("renews no lease", "a run that plays keeps its account",
           (Patch(Worker, "renew_leases", _instead(_renews_nothing)),)),
    Mutant("two runs on an account", "an account has one open run at most",
           (Patch(leases, "_BUSY", _text("run_id <> ''", "run_id = 'nobody'")),
            Patch(leases, "_TAKE", _text("WHERE accounts.run_id = '' AND accounts.rests_until_ns <= :now", "WHERE 0 < :now")))),
    Mutant("postponing frees the account", "the account stays taken until its money is home",
           (Patch(runs, "postpone", _frees_the_account),)),
    Mutant("undoes before the look-up", "an effect is looked up before it is undone",
           (Patch(undo, "look_up", _finds_without_asking),)),
    Mutant("oldest first", "the newest effect is undone first",
           (Patch(undo, "reversed", _instead(list), adds=True),)),
    Mutant("not found is never happened", "a request that nobody has seen may still arrive",
           (Patch(undo, "_not_found", _never_happened_at_once),)),
    Mutant("no answer is not found", "a look-up without an answer says nothing",
           (Patch(undo, "_not_found", _unanswered_is_not_found),)),
    Mutant("DONE before the answer", "only an answer makes an effect done",
           (Patch(RunJournal, "intend", _done_before_the_answer),)),
    Mutant("forgets UNKNOWN", "an unknown outcome stays open until it is known",
           (Patch(RunJournal, "resolve", _records(IntentState.UNKNOWN, IntentState.REFUSED)),)),
    Mutant("forgets what it undid", "an effect that was undone is closed in the journal",
           (Patch(RunJournal, "resolve", _forgets(IntentState.COMPENSATED)),)),
    Mutant("settles what it should undo", "the journal says what really became of an effect",
           (Patch(RunJournal, "resolve", _records(IntentState.COMPENSATED, IntentState.SETTLED)),)),
    Mutant("reserves nothing before it sends", "a budget is reserved before the request leaves",
           (Patch(intents, "intend", _without_caps),)),
    Mutant("an unknown outcome frees its budget", "an unknown outcome keeps its reservation",
           (Patch(budgets, "counted", _counts_nothing_in(IntentState.UNKNOWN)),)),
    Mutant("done frees its budget", "what is in a wallet is outstanding until it is settled",
           (Patch(budgets, "counted", _counts_nothing_in(IntentState.DONE)),)),
    Mutant("closes before it has settled", "a run with open effects is the compensator's",
           (Patch(Worker, "_close", _closes_at_once),)),
    Mutant("recovery plays on", "a run that was cut off is brought home, never played on",
           (Patch(compensator, "recover", _plays_on),)),
    Mutant("sweeps too much", "a sweep leaves its player what the last clean run has left him",
           (Patch(compensator, "Baseline", _half_a_unit_less),)),
    Mutant("trusts any clock", "that a request never arrived is concluded from our own clock",
           (Patch(FirstSight, "__call__", _trusts_any_clock),)),
    Mutant("recovers nothing", "a run that was cut off is brought home by whoever survives",
           (Patch(runs, "recoverable", _instead(lambda *_: [])),)),
    Mutant("a slot is claimed twice", "each slot is played by one worker",
           (Patch(slots, "claim", _instead(_claims_all)), Patch(worker, "run_id", _numbers_anew))),
    Mutant("ignores the kill switch", "no run is admitted while the switch is on",
           (Patch(switch, "require_off", _instead(_allows_all)),)),
)  # fmt: skip
