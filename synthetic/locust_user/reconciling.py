"""After the load: the journal against the platform's ledger and the PSPs' reports, by the command that does it every day.

In a process of its own: gevent has patched this one, and asyncio belongs into one that it has not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from synthetic.core.money import Money
from synthetic.core.wording import counted
from synthetic.journal.book import open_book
from synthetic.locust_user.asked import Asked
from synthetic.runner.comparing import CLOCKS_APART_NS

_JOURNAL = "SYNTHETIC_LOAD_JOURNAL"
WITHIN_S = 900.0
WAIT = "20s"
"""How long an account may be busy: our own runs are over by now."""
PLAYERS_A_CALL = 500
"""So many names fit on a command line."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`differences` and `unread`: a sentence each. `accounts`: how many were compared; `effects`: how many the test had on them."""

    accounts: int
    effects: int
    differences: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether journal, ledger and PSP reports say the same."""
        return not self.differences and not self.unread


def not_compared(why: str) -> Reconciled:
    """Nothing is known of any account."""
    return Reconciled(0, 0, (), (f"the accounts could not be compared: {why}",))


def reconcile(asked: Asked, journal: str, since_ns: int) -> Reconciled:
    """Compare the accounts that the journal has effects of on this cell; what is older than `since_ns` (Unix) only explains."""
    with open_book(journal) as book:
        entries = [entry for entry in book.entries() if entry.intent.cell == asked.cell.name]
    players = sorted({entry.intent.player for entry in entries})
    effects = sum(entry.created_ns >= since_ns for entry in entries)
    parts = [players[start : start + PLAYERS_A_CALL] for start in range(0, len(players), PLAYERS_A_CALL)]
    compared = [_compared(command_line(asked, journal, since_ns, part), journal) for part in parts]
    return replace(_together(compared), effects=effects)


def left_open(asked: Asked, journal: str, since_ns: int) -> list[str]:
    """A sentence for what the test has left open: runs that were cut off. Nothing where all money is home.

    What was left open within a minute before counts as well: better told of twice than not at all.
    """
    if "://" not in journal and not Path(journal).exists():
        return []
    with open_book(journal) as book:
        entries = [
            one
            for one in book.open_intents()
            if one.created_ns >= since_ns - CLOCKS_APART_NS and one.intent.cell == asked.cell.name
        ]
    if not entries:
        return []
    runs = len({one.intent.run_id for one in entries})
    cut_off = f"{counted(runs, 'run')} cut off with {counted(len(entries), 'effect')} open"
    return [f"{cut_off}; bring the money home: {sweep_command(asked, journal)}"]


def sweep_command(asked: Asked, journal: str) -> str:
    """What brings money home that a load has left, as anybody may type it."""
    return f"synthetic sweep --cells {asked.paths.cells} --journal {_shown_journal(journal)}"


def _shown_journal(journal: str) -> str:
    return "JOURNAL" if "://" in journal else journal  # an address may hold a password


def _compared(command: Sequence[str], journal: str) -> Reconciled:
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own module
        command, env={**os.environ, _JOURNAL: journal}, capture_output=True, text=True, check=False, timeout=WITHIN_S
    )
    try:
        told = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        return not_compared(said)
    return Reconciled(
        told["accounts"],
        0,
        tuple(_sentence(one) for one in told["differences"]),
        tuple(f"{one['player']}: {one['reason']}" for one in told["unread"] if one["effects"]),
    )


def command_line(asked: Asked, journal: str, since_ns: int, players: Sequence[str]) -> list[str]:
    """`synthetic reconcile` for these players, as anybody may type it."""
    paths, since_s = asked.paths, (time.time_ns() - since_ns) // 10**9 + 1
    command = [sys.executable, "-m", "synthetic.cli", "reconcile", "--json", "--since", f"{since_s}s", "--wait", WAIT]
    command += ["--cells", str(paths.cells), "--cell", asked.cell.name, "--journal", _journal(journal)]
    command += ["--scenarios", str(paths.found_scenarios()), "--platforms", str(paths.found_platforms())]
    for player in players:
        command += ["--player", player]
    return command


def _journal(journal: str) -> str:
    """An address may hold a password, and everybody on a machine sees its command lines."""
    return f"env:{_JOURNAL}" if "://" in journal else str(Path(journal))


def _sentence(difference: dict[str, Any]) -> str:
    sides = ", ".join(f"{side} {_shown(difference[side])}" for side in ("journal", "ledger", "psp"))
    return f"{difference['player']}: {difference['kind']} {difference['effect']} {difference['key']}: {sides}"


def _shown(amount: dict[str, Any] | None) -> str:
    return "nothing" if amount is None else str(Money(amount["minor"], amount["currency"]))


def _together(parts: Sequence[Reconciled]) -> Reconciled:
    return Reconciled(
        sum(part.accounts for part in parts),
        sum(part.effects for part in parts),
        tuple(sentence for part in parts for sentence in part.differences),
        tuple(sentence for part in parts for sentence in part.unread),
    )
