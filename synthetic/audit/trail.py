"""What is worth a record: the words in which runs, journals, people and gates tell the audit what they did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from synthetic.audit.entry import Detail, Entry, Kind
from synthetic.core.effects import Intent
from synthetic.core.events import CheckJudged, Event, RunEnded, RunStarted, UndoEnded
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.core.ports import Journal, committing

_Known = TypeVar("_Known")
_OVER = frozenset({IntentState.REFUSED, IntentState.COMPENSATED, IntentState.SETTLED})
_REMEMBERED_MAX = 10_000  # those whose end never comes are forgotten; then a record lacks its cell, not its hash


class AuditTrail:
    """A reader of the one stream of events, and a method for everything that is no event of a run.

    `note` takes each fact and must neither block nor raise (`AuditLog.note`). `who` is `worker:NAME`; what a person did is told
    with that person's name. Threads may share it. Texts are those of events and journal rows, where secrets are masked already.
    """

    def __init__(self, note: Callable[[Entry], None], who: str) -> None:
        self._note = note
        self._who = who
        self._cells = _Remembered[str]()
        self._intents = _Remembered[Intent]()
        self._held = threading.local()

    def __call__(self, event: Event) -> None:
        """Keep what matters of an event: a run's begin and end, what was undone, and which law did not hold."""
        match event:
            case RunStarted():
                self._cells.keep(event.run_id, event.cell)
                self._tell(
                    Kind.RUN_STARTED, event.run_id, scenario=event.scenario, player=event.player, digest=event.digest
                )
            case UndoEnded():
                said = {"step": event.step, "result": event.result, "reason": event.reason}
                self._tell(Kind.COMPENSATION, event.run_id, amount=event.stranded, **said)
            case CheckJudged(held=False):
                self._tell(Kind.FINDING, event.run_id, check=event.name, message=event.message)
            case RunEnded():
                self._ended(event)
            case _:
                pass

    @contextmanager
    def holding(self, held: list[Callable[[], None]]) -> Iterator[None]:
        """What this thread tells `once_durable` meanwhile is kept in the list, for whoever knows when it is."""
        before = self._holding()
        self._held.calls = held
        try:
            yield
        finally:
            self._held.calls = before

    def once_durable(self, tell: Callable[[], None]) -> None:
        """Tell it now, or where somebody is `holding`, when that one does."""
        held = self._holding()
        if held is None:
            tell()
        else:
            held.append(tell)

    def _holding(self) -> list[Callable[[], None]] | None:
        held: list[Callable[[], None]] | None = getattr(self._held, "calls", None)
        return held

    def intent(self, intent: Intent, *, earlier: bool = False) -> None:
        """Money is about to move; `earlier`: an earlier process had said so."""
        self._intents.keep(intent.key, intent)
        self._effect(
            Kind.INTENT,
            intent,
            step=intent.step,
            operation=intent.operation,
            source=intent.source,
            target=intent.target,
            **({"earlier": True} if earlier else {}),
        )

    def resolution(self, key: str, state: IntentState) -> None:
        """What became of an effect."""
        intent = self._intents.take(key) if state in _OVER else self._intents.get(key)
        if intent is None:
            self._note(Entry(Kind.RESOLUTION, self._who, key=key, data={"state": state.value}))
            return
        self._effect(Kind.RESOLUTION, intent, state=state.value)

    def takeover(self, run_id: str, *, cell: str, account: str, taken_from: str, epoch: int) -> None:
        """A run whose worker is gone has another one from now on."""
        data: dict[str, Detail] = {"account": account, "from": taken_from, "epoch": epoch}
        self._note(Entry(Kind.TAKEOVER, self._who, cell=cell, run=run_id, data=data))

    def config(self, digest: str, *, accepted: bool, what: str, by: str = "") -> None:
        """A configuration was loaded, or refused (then `what` says why and the one before stays)."""
        self._note(Entry(Kind.CONFIG, by or self._who, data={"digest": digest, "accepted": accepted, "what": what}))

    def kill(self, by: str, reason: str) -> None:
        """No new run begins."""
        self._note(Entry(Kind.KILL, by, data={"reason": reason}))

    def resume(self, by: str) -> None:
        """Runs begin again."""
        self._note(Entry(Kind.RESUME, by))

    def verdict(self, cell: str, decision: str, reason: str, *, release: str = "") -> None:
        """What a gate decided about a cell."""
        self._note(
            Entry(Kind.VERDICT, self._who, cell=cell, data={"decision": decision, "reason": reason, "release": release})
        )

    def _ended(self, event: RunEnded) -> None:
        """One record for every currency that is stranded, and one without an amount where there is none."""
        said = {
            "outcome": event.outcome.value,
            "blame": event.blame.value if event.blame else "",
            "reason": event.reason,
        }
        for stranded in event.stranded or (None,):
            self._tell(Kind.RUN_ENDED, event.run_id, amount=stranded, **said)
        self._cells.take(event.run_id)

    def _tell(self, kind: Kind, run_id: str, *, amount: Money | None = None, **data: Detail) -> None:
        self._note(
            Entry(kind, self._who, cell=self._cells.get(run_id) or "", run=run_id, amount=amount, data=_said(data))
        )

    def _effect(self, kind: Kind, intent: Intent, **data: Detail) -> None:
        entry = Entry(
            kind, self._who, cell=intent.cell, run=intent.run_id, key=intent.key, amount=intent.amount, data=_said(data)
        )
        self._note(entry)


class AuditedJournal:
    """A `core.ports.Journal` of one run that tells the audit of each effect, once the journal has it durably.

    `earlier`: the run's effects that the journal has already. Where a process before this one intended them, they are told once
    more (`earlier: true`): the audit of a process that was killed may lack its last moments, and the journal does not.
    """

    def __init__(self, journal: Journal, trail: AuditTrail, earlier: Callable[[], Iterable[Intent]] = tuple) -> None:
        self._journal = journal
        self._committing = committing(journal)
        self._trail = trail
        self._earlier = earlier
        self._told: set[str] = set()

    @property
    def shares(self) -> Hashable:
        """The journal's commits, told to the same audit."""
        return self._trail, self._committing.shares

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """As the journal does; what it has durably then is told then."""
        quiet = [_Quiet(call, self._trail) for call in calls]
        outcomes = self._committing.together(quiet)
        for call, error in zip(quiet, outcomes, strict=True):
            if error is None:
                call.tell()
        return outcomes

    def intend(self, intent: Intent) -> None:
        """Raises what the journal raises; then nothing is sent, and nothing told."""
        self._journal.intend(intent)
        self._trail.once_durable(lambda: self._tell(intent))

    def resolve(self, key: str, state: IntentState) -> None:
        """Raises what the journal raises."""
        earlier = () if key in self._told else tuple(self._earlier())
        self._journal.resolve(key, state)
        self._trail.once_durable(lambda: self._tell_resolved(key, state, earlier))

    def _tell(self, intent: Intent, *, earlier: bool = False) -> None:
        self._told.add(intent.key)
        self._trail.intent(intent, earlier=earlier)

    def _tell_resolved(self, key: str, state: IntentState, earlier: Iterable[Intent]) -> None:
        for intent in earlier:
            if intent.key not in self._told:
                self._tell(intent, earlier=True)
        self._trail.resolution(key, state)


class _Quiet:
    """A call that tells nothing when it is made: in the thread that commits for others, within a transaction, perhaps again."""

    def __init__(self, call: Callable[[], None], trail: AuditTrail) -> None:
        self._call = call
        self._trail = trail
        self._held: list[Callable[[], None]] = []

    def __call__(self) -> None:
        self._held = []  # what was told when it was made before is undone
        with self._trail.holding(self._held):
            self._call()

    def tell(self) -> None:
        """What it would have told."""
        for tell in self._held:
            tell()


class _Remembered(Generic[_Known]):
    """The newest of what is under way, by name."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def keep(self, name: str, value: _Known) -> None:
        """Until it is taken, or too many came after it."""
        with self._lock:
            self._known[name] = value
            if len(self._known) > _REMEMBERED_MAX:
                del self._known[next(iter(self._known))]

    def get(self, name: str) -> _Known | None:
        """What is kept under the name."""
        return self._known.get(name)

    def take(self, name: str) -> _Known | None:
        """The same, for the last time."""
        with self._lock:
            return self._known.pop(name, None)


def _said(data: dict[str, Detail]) -> dict[str, Detail]:
    """Without what is empty."""
    return {name: value for name, value in data.items() if value != ""}
