"""A journal that forgets with its process: for dry runs and simulations that move no real money."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState
from synthetic.journal.entry import OPEN_STATES, REOPENED_STATES, JournalEntry, require_same


class MemoryJournal:
    """`core.ports.Journal` without durability."""

    def __init__(self, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._wall_ns = wall_ns
        self._entries: dict[str, JournalEntry] = {}
        self._lock = threading.Lock()

    def intend(self, intent: Intent) -> None:
        """Keep the intent. Raises HarnessError where its key stands for another effect."""
        with self._lock:
            entry = self._entries.get(intent.key)
            if entry is None:
                now = self._wall_ns()
                self._entries[intent.key] = JournalEntry(intent, IntentState.INTENT, now, now)
                return
            require_same(entry.intent, intent)
            if entry.state in REOPENED_STATES:
                self._set(entry, IntentState.INTENT)

    def resolve(self, key: str, state: IntentState) -> None:
        """Record what became of an intent. Raises HarnessError for a key that was never intended."""
        with self._lock:
            if key not in self._entries:
                raise HarnessError(f"the journal has no intent under the key {key!r}")
            self._set(self._entries[key], state)

    def _set(self, entry: JournalEntry, state: IntentState) -> None:
        self._entries[entry.intent.key] = replace(entry, state=state, updated_ns=self._wall_ns())

    def entries(self) -> list[JournalEntry]:
        """Every intent, oldest first."""
        with self._lock:
            return list(self._entries.values())

    def open_intents(self) -> list[JournalEntry]:
        """The intents that nobody has settled, oldest first."""
        return [entry for entry in self.entries() if entry.state in OPEN_STATES]
