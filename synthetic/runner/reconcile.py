"""Reconciliation: the journal against the platform's ledger and the PSPs' reports, account by account, daily or by hand.

Each account is leased meanwhile, so that no run moves its money between one statement and the next.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from synthetic.core.errors import FencedOff, HarnessError, SyntheticError
from synthetic.core.machine.statements import Statements, read_statements
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import CellPlan, PlatformPlan, PlayerPlan, RunSpec
from synthetic.journal.entry import JournalEntry
from synthetic.journal.memory import MemoryJournal
from synthetic.journal.model import Lease, NewRun, RunRow
from synthetic.runner.comparing import CLOCKS_APART_NS, Difference, Scope, compare
from synthetic.runner.identity import run_id
from synthetic.runner.kept_leases import KeptLeases
from synthetic.runner.mistakes import own_mistake
from synthetic.runner.outside import Outside
from synthetic.runner.players import rest_s
from synthetic.runner.spec_again import SpecAgain
from synthetic.runner.worker import account_of

PROBE = "(reconcile)"
AT_ONCE = 4
WAIT_S = 120.0  # longer than a run, and than the rest of a player with one-time codes
ASK_AGAIN_S = 0.5
GONE_CELL = "the cell is not in the cells file any more"
GONE_PLAYER = "the player is not in the cells file any more"
_S = 10**9


class AccountBusy(HarnessError):  # noqa: N818 - the sentence reads "account busy"
    """A run of the account is open, or its player rests."""


@dataclass(frozen=True, slots=True)
class Account:
    """One player's wallet, on one of the cells that share it, and everything that the journal has of it.

    `shared_by`: the names of all of them. `effects` are read again once the account is leased: until then runs go on.
    """

    cell: CellPlan
    player: PlayerPlan
    effects: tuple[JournalEntry, ...]
    shared_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """An account that could not be compared, and why. `effects`: how many of the journal's are of it."""

    cell: str
    player: str
    effects: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was compared, what differs, and what could not be read."""

    accounts: int
    effects: int
    entries: int
    differences: tuple[Difference, ...]
    unread: tuple[Unread, ...]

    @property
    def holds(self) -> bool:
        """Whether journal, ledger and PSP reports say the same of everything that the journal has."""
        return not self.differences and not any(account.effects for account in self.unread)


_Read = tuple[Account, Statements, list[Difference]]


@dataclass(slots=True)
class Reconciler:
    """Compares accounts. `name` is a worker's, that no other process has; what is older than `since_ns` only explains.

    `wait_s`: for how long an account may be busy before it counts as one that can't be read.
    """

    outside: Outside
    spec_again: SpecAgain
    name: str
    leases: KeptLeases
    since_ns: int = 0
    wait_s: float = WAIT_S

    async def reconcile(self, accounts: Sequence[Account], left_out: Sequence[Unread] = ()) -> Reconciliation:
        """Compare all of them, a few at a time; `left_out` is told as unread. Raises JournalUnavailable."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, account: Account) -> _Read:
            async with gate:
                return await self._one(number, account)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number, account)) for number, account in enumerate(accounts)]
        read = [task.result() for task in tasks]
        unread = [
            Unread(account.cell.name, account.player.id, len(account.effects), statements.unread)
            for account, statements, _ in read
            if statements.unread
        ]
        return Reconciliation(
            accounts=len(read) - len(unread),
            effects=sum(len(account.effects) for account, statements, _ in read if not statements.unread),
            entries=sum(len(statements.ledger) + sum(map(len, statements.psp.values())) for _, statements, _ in read),
            differences=tuple(difference for _, _, differences in read for difference in differences),
            unread=(*unread, *left_out),
        )

    async def _one(self, number: int, account: Account) -> _Read:
        book, off_loop = self.outside.book, self.outside.off_loop
        try:
            row, lease = await self._lease_in_time(number, account)
            try:
                effects = await off_loop(book.effects_of_player, account.player.id, account.shared_by)
                account = replace(account, effects=tuple(effects))
                spec = self.spec_again(row)
                statements = await self._read(spec, account)
            finally:
                self.leases.let_go(lease.run_id)
                await self._give_back(lease, account)
        except SyntheticError as error:
            return account, Statements(unread=str(error)), []
        except Exception as error:  # noqa: BLE001 - a mistake of our own over one account spoils no other, and no worker
            return account, Statements(unread=own_mistake(error)), []
        if statements.unread:
            return account, statements, []
        cell = account.cell
        scope = scope_of(spec.plan.platform, self.since_ns)
        return account, statements, compare(cell.name, account.player.id, account.effects, statements, scope)

    async def _lease_in_time(self, number: int, account: Account) -> tuple[RunRow, Lease]:
        """Waits for a run that is going to end, and for a player to be rested. Raises HarnessError where that takes too long."""
        deadline_ns = self.outside.clock.monotonic_ns() + int(self.wait_s * _S)
        while True:
            try:
                return await self._lease(number, account)
            except AccountBusy:
                if self.outside.clock.monotonic_ns() >= deadline_ns:
                    raise
            await asyncio.sleep(ASK_AGAIN_S)

    async def _lease(self, number: int, account: Account) -> tuple[RunRow, Lease]:
        """Raises HarnessError where somebody is at the account: what is under way is no difference."""
        book, now_ns = self.outside.book, self.outside.clock.wall_ns()
        cell, player = account.cell, account.player
        own_id = run_id(now_ns, PROBE, {}, f"{cell.name}/{player.id}", number)
        run = NewRun(own_id, PROBE, "", "", cell.name, {}, seed=0, number=number, slot_ns=now_ns)
        lease = await self.outside.off_loop(
            book.adopt, run, player=player.id, account=account_of(cell, player.id), worker=self.name,
            ttl_s=self.leases.lease_s,
        )  # fmt: skip
        if lease is None:
            raise AccountBusy("a run of this account is open, or it rests until its next one-time code")
        self.leases.hold(lease)
        return RunRow(run, player.id, lease, now_ns), lease

    async def _read(self, spec: RunSpec, account: Account) -> Statements:
        intents = [effect.intent for effect in account.effects]
        driver = self.outside.driver(account.cell.name)
        machine = read_statements(replace(spec, plan=replace(spec.plan, states=())), intents)
        return await driver.run(machine, sink=lambda _event: None, journal=MemoryJournal())

    async def _give_back(self, lease: Lease, account: Account) -> None:
        book, off_loop = self.outside.book, self.outside.off_loop
        try:
            await off_loop(book.close_run, lease, RunOutcome.OK.value, "reconciled", rest_s=rest_s(account.player))
        except FencedOff:
            return


def scope_of(platform: PlatformPlan, since_ns: int) -> Scope:
    """What can be compared on a platform."""
    plan = platform.reconcile
    moves = [operation.moves for operation in platform.operations.values() if operation.moves is not None]
    psp_kinds = frozenset(one.kind for one in moves if "psp" in (one.source, one.target))
    return Scope(plan.kinds if plan is not None else frozenset(), psp_kinds, since_ns // _S)


def accounts_of(cells: Mapping[str, CellPlan], entries: Iterable[JournalEntry]) -> list[Account]:
    """Every account of the cells, with its effects in the journal; cells that share a wallet share its accounts."""
    by_account: dict[str, list[JournalEntry]] = {}
    for entry in entries:
        cell = cells.get(entry.intent.cell)
        if cell is not None:
            by_account.setdefault(account_of(cell, entry.intent.player), []).append(entry)
    found: dict[str, Account] = {}
    for cell in cells.values():
        for player in cell.players:
            name = account_of(cell, player.id)
            shared_by = tuple(other.name for other in cells.values() if other.wallet == cell.wallet)
            found.setdefault(name, Account(cell, player, tuple(by_account.get(name, ())), shared_by))
    return list(found.values())


def left_out_of(cells: Mapping[str, CellPlan], entries: Iterable[JournalEntry], since_ns: int) -> list[Unread]:
    """The accounts of effects since an instant that no cell has (any more): what nobody reads does not hold."""
    players = {name: {player.id for player in cell.players} for name, cell in cells.items()}
    effects = Counter(
        (entry.intent.cell, entry.intent.player)
        for entry in entries
        if entry.created_ns >= since_ns - CLOCKS_APART_NS
        and entry.intent.player not in players.get(entry.intent.cell, ())
    )
    return [
        Unread(cell, player, count, GONE_PLAYER if cell in cells else GONE_CELL)
        for (cell, player), count in sorted(effects.items())
    ]
