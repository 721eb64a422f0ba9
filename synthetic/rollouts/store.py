"""The store: what runs have shown, which rollouts there are, what was decided of them, and what the platform signals.

It is no money: where it can't be written, a run goes on, and the gate says that it knows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from synthetic.core.errors import HarnessError
from synthetic.gate.observed import Observation, Signal
from synthetic.journal.database import Row, Transaction
from synthetic.journal.opened import Opened, open_database
from synthetic.rollouts.model import Decided, Ending, Rollout, Step
from synthetic.rollouts.schema import prepare
from synthetic.rollouts.texts import observation_of, observation_text, steps_of, steps_text
from synthetic.rollouts.versions import VersionSeen, age_versions, cells_seen, note_versions, present

DAY_NS = 86_400 * 10**9
EVER_NS = 2**62
OBSERVATIONS_FOR_NS = 14 * DAY_NS
OBSERVATIONS_MAX = 200_000
ROLLOUTS_FOR_NS = 400 * DAY_NS
DECISIONS_OF_ONE_MAX = 1_000
_FORGOTTEN_AT_ONCE = 2_000

_OBSERVE = """
INSERT INTO gate_observations (run_id, cell, version, started_ns, body)
VALUES (:run_id, :cell, :version, :started_ns, :body) ON CONFLICT (run_id) DO NOTHING
"""
_SEEN = """
SELECT number, body FROM gate_observations
WHERE number > :after AND started_ns >= :since AND started_ns <= :until AND cell IN (:cell, :baseline)
ORDER BY number LIMIT :at_most
"""
_SIGNAL = """
INSERT INTO gate_signals (name, cell, label, value, at_ns, id) VALUES (:name, :cell, :label, :value, :at_ns, :id)
ON CONFLICT (name, cell, id) WHERE id <> '' DO NOTHING
"""
_ROLLOUT = "id, cell, baseline, version, started_ns, by_whom, steps, ended_ns, ending"
_DECIDED = "rollout, at_ns, verdict, reason, explanation, weight, evidence"


@dataclass(frozen=True, slots=True)
class Seen:
    """Observations behind the one that was read last. `last`: the number to go on from. `unreadable`: rows that are none."""

    observations: tuple[Observation, ...]
    last: int
    unreadable: int = 0
    more: bool = False


class Store(Opened):
    """Threads may share it, processes its database. Every method raises JournalUnavailable where the database can't be used."""

    def observe(self, observations: Sequence[Observation]) -> None:
        """Keep what runs have shown; the same run once more changes nothing."""

        def work(transaction: Transaction) -> None:
            note_versions(transaction, observations)
            for one in observations:
                transaction.change(
                    _OBSERVE,
                    run_id=one.run_id,
                    cell=one.cell,
                    version=one.version,
                    started_ns=one.started_ns,
                    body=observation_text(one),
                )

        self._do(work)

    def seen(
        self, cell: str, baseline: str, *, since_ns: int, until_ns: int = EVER_NS, after: int = 0, at_most: int = 5_000
    ) -> Seen:
        """What runs of both cells have shown that began within a time, in the order in which it was kept, behind number `after`."""
        with self._database.read() as transaction:
            rows = transaction.rows(
                _SEEN, cell=cell, baseline=baseline, since=since_ns, until=until_ns, after=after, at_most=at_most
            )
        read = [observation_of(body) for _, body in rows]
        found = tuple(one for one in read if one is not None)
        return Seen(found, rows[-1][0] if rows else after, len(read) - len(found), len(rows) == at_most)

    def version_of(self, cell: str) -> VersionSeen | None:
        """The present version of a cell; None: no run was ever seen there."""
        with self._database.read() as transaction:
            return present(transaction, cell)

    def cells(self) -> list[str]:
        """The cells of which a run was ever seen, by name."""
        with self._database.read() as transaction:
            return cells_seen(transaction)

    def begin(self, rollout: Rollout) -> Rollout:
        """Keep a rollout; where one of that id is kept already, answer that one.

        A cell takes one release at a time: what is open there has been given up.
        """

        def work(transaction: Transaction) -> Rollout:
            known = _rollouts(transaction, "WHERE id = :id", id=rollout.id)
            if known:
                return known[0]
            transaction.change(
                "UPDATE gate_rollouts SET ended_ns = :at_ns, ending = 'aborted' WHERE cell = :cell AND ended_ns = 0",
                at_ns=rollout.started_ns,
                cell=rollout.cell,
            )
            transaction.change(
                f"INSERT INTO gate_rollouts ({_ROLLOUT}) VALUES "  # noqa: S608 - constants
                "(:id, :cell, :baseline, :version, :started_ns, :by_whom, :steps, :ended_ns, :ending)",
                id=rollout.id,
                cell=rollout.cell,
                baseline=rollout.baseline,
                version=rollout.version,
                started_ns=rollout.started_ns,
                by_whom=rollout.by,
                steps=steps_text(rollout.steps),
                ended_ns=rollout.ended_ns,
                ending=rollout.ending,
            )
            return rollout

        return self._do(work)

    def step(self, rollout_id: str, step: Step) -> Rollout | None:
        """The canary takes another share of the traffic. The same share once more is no step. None: no such rollout."""

        def work(transaction: Transaction) -> Rollout | None:
            known = _rollouts(transaction, "WHERE id = :id", id=rollout_id)
            if known and not known[0].ended_ns and not (known[0].steps and known[0].weight == step.weight):
                steps = steps_text((*known[0].steps, step))
                transaction.change("UPDATE gate_rollouts SET steps = :steps WHERE id = :id", steps=steps, id=rollout_id)
                known = _rollouts(transaction, "WHERE id = :id", id=rollout_id)
            return known[0] if known else None

        return self._do(work)

    def end(self, rollout_id: str, ending: Ending, at_ns: int) -> Rollout | None:
        """The rollout is over; its first ending stays. None: no such rollout."""

        def work(transaction: Transaction) -> Rollout | None:
            transaction.change(
                "UPDATE gate_rollouts SET ended_ns = :at_ns, ending = :ending WHERE id = :id AND ended_ns = 0",
                at_ns=at_ns,
                ending=ending,
                id=rollout_id,
            )
            known = _rollouts(transaction, "WHERE id = :id", id=rollout_id)
            return known[0] if known else None

        return self._do(work)

    def rollout(self, rollout_id: str) -> Rollout | None:
        """The rollout of that id."""
        with self._database.read() as transaction:
            known = _rollouts(transaction, "WHERE id = :id", id=rollout_id)
        return known[0] if known else None

    def rollouts(self, *, at_most: int = 100, open_only: bool = False) -> list[Rollout]:
        """The newest rollouts, newest first."""
        which = "WHERE ended_ns = 0 " if open_only else ""
        with self._database.read() as transaction:
            return _rollouts(transaction, f"{which}ORDER BY started_ns DESC, id LIMIT :at_most", at_most=at_most)

    def decide(self, decided: Decided) -> bool:
        """Keep a decision where verdict, reason or weight differ from the last one's. Answers whether they did."""

        def work(transaction: Transaction) -> bool:
            last = _decided(transaction, "ORDER BY number DESC LIMIT 1", rollout=decided.rollout)
            if last and (last[0].verdict, last[0].reason, last[0].weight) == (
                decided.verdict,
                decided.reason,
                decided.weight,
            ):
                return False
            transaction.change(
                f"INSERT INTO gate_decisions ({_DECIDED}) VALUES "  # noqa: S608 - constants
                "(:rollout, :at_ns, :verdict, :reason, :explanation, :weight, :evidence)",
                rollout=decided.rollout,
                at_ns=decided.at_ns,
                verdict=decided.verdict,
                reason=decided.reason,
                explanation=decided.explanation,
                weight=decided.weight,
                evidence=decided.evidence,
            )
            return True

        return self._do(work)

    def decisions(self, rollout_id: str) -> list[Decided]:
        """The newest decisions of a rollout, oldest of them first."""
        with self._database.read() as transaction:
            newest = _decided(
                transaction, "ORDER BY number DESC LIMIT :at_most", rollout=rollout_id, at_most=DECISIONS_OF_ONE_MAX
            )
        return newest[::-1]

    def last_decisions(self, rollout_ids: Sequence[str]) -> dict[str, Decided]:
        """The last decision of each of these rollouts, of those that have one."""
        last = {}
        with self._database.read() as transaction:
            for rollout_id in rollout_ids:
                for decided in _decided(transaction, "ORDER BY number DESC LIMIT 1", rollout=rollout_id):
                    last[rollout_id] = decided
        return last

    def failed(self, rollout_id: str) -> Decided | None:
        """The decision by which a rollout has failed; None: it has not."""
        with self._database.read() as transaction:
            rows = _decided(transaction, "AND verdict = 'fail' ORDER BY number LIMIT 1", rollout=rollout_id)
        return rows[0] if rows else None

    def signal(self, signals: Sequence[Signal], ids: Sequence[str] = ()) -> int:
        """Keep what the platform reports by itself; answers how much of it is new.

        `ids`: the reporter's own name of each, "" where it has none: of one name and cell the same id once more is nothing new.
        """

        def work(transaction: Transaction) -> int:
            return sum(
                transaction.change(
                    _SIGNAL,
                    name=one.name,
                    cell=one.cell,
                    label=one.label,
                    value=repr(float(one.value)),
                    at_ns=one.at_ns,
                    id=name,
                )
                for one, name in zip(signals, ids or ("",) * len(signals), strict=True)
            )

        return self._do(work)

    def signals(self, cell: str, baseline: str, *, since_ns: int) -> tuple[Signal, ...]:
        """What was signalled of both cells since an instant, oldest first."""
        with self._database.read() as transaction:
            rows = transaction.rows(
                "SELECT name, cell, value, at_ns, label FROM gate_signals WHERE cell IN (:cell, :baseline) "
                "AND at_ns >= :since ORDER BY at_ns, number",
                cell=cell,
                baseline=baseline,
                since=since_ns,
            )
        return tuple(Signal(name, of, float(value), at_ns, label) for name, of, value, at_ns, label in rows)

    def forget(self, now_ns: int) -> int:
        """Forget what is too old or too much, some of it at a time; a rollout that nobody has ended for so long is given up.

        Answers how many rows were forgotten.
        """

        def work(transaction: Transaction) -> int:
            ((newest,),) = transaction.rows("SELECT coalesce(max(number), 0) FROM gate_observations")
            forgotten = transaction.change(
                "DELETE FROM gate_observations WHERE number IN (SELECT number FROM gate_observations "
                "WHERE started_ns < :before OR number <= :too_many ORDER BY number LIMIT :at_most)",
                before=now_ns - OBSERVATIONS_FOR_NS,
                too_many=newest - OBSERVATIONS_MAX,
                at_most=_FORGOTTEN_AT_ONCE,
            )
            transaction.change(
                "UPDATE gate_rollouts SET ended_ns = :now, ending = 'aborted' WHERE ended_ns = 0 AND started_ns < :before",
                now=now_ns,
                before=now_ns - OBSERVATIONS_FOR_NS,
            )
            old = now_ns - ROLLOUTS_FOR_NS
            age_versions(transaction, now_ns, untold_before_ns=now_ns - OBSERVATIONS_FOR_NS, forget_before_ns=old)
            for statement in _OLD:
                forgotten += transaction.change(statement, before=old, at_most=_FORGOTTEN_AT_ONCE)
            return forgotten

        return self._do(work)


_OLD = (
    "DELETE FROM gate_signals WHERE number IN "
    "(SELECT number FROM gate_signals WHERE at_ns < :before ORDER BY number LIMIT :at_most)",
    "DELETE FROM gate_decisions WHERE number IN "
    "(SELECT number FROM gate_decisions WHERE at_ns < :before ORDER BY number LIMIT :at_most)",
    "DELETE FROM gate_rollouts WHERE id IN (SELECT id FROM gate_rollouts "
    "WHERE started_ns < :before AND ended_ns > 0 ORDER BY started_ns LIMIT :at_most)",
)


def open_store(address: str) -> Store:
    """Open the gate's store. Raises JournalUnavailable and HarnessError as `journal.opened.open_database`."""
    return Store(open_database(address, prepare, book="gate", durable=False))


def _rollouts(transaction: Transaction, which: str, **values: str | int) -> list[Rollout]:
    rows = transaction.rows(f"SELECT {_ROLLOUT} FROM gate_rollouts {which}", **values)  # noqa: S608 - constants
    return [_rollout(row) for row in rows]


def _rollout(row: Row) -> Rollout:
    name, cell, baseline, version, started_ns, by, steps, ended_ns, ending = row
    if ending not in get_args(Ending):
        raise HarnessError(f"rollout {name}: an ending that nobody knows: {ending}")
    return Rollout(name, cell, baseline, version, started_ns, by, steps_of(steps), ended_ns, ending)


def _decided(transaction: Transaction, which: str, **values: str | int) -> list[Decided]:
    statement = f"SELECT {_DECIDED} FROM gate_decisions WHERE rollout = :rollout {which}"  # noqa: S608 - constants
    return [Decided(*row) for row in transaction.rows(statement, **values)]
