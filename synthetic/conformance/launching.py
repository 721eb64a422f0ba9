"""A player's game session through the platform's own front door: log-in and launch, as its mapping performs them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic.config.connection_secrets import connection_secrets
from synthetic.config.names import NOWHERE, pick
from synthetic.config.secret_refs import resolve_all
from synthetic.core.errors import AuthorError, TargetUnreachable
from synthetic.core.events import Event
from synthetic.core.machine.call import Call
from synthetic.core.machine.calls import perform
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.state import Machine, RunState
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import CellPlan, OperationPlan, PlatformPlan, PlayerPlan, RunSpec, ScenarioPlan
from synthetic.core.ports import Clock
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.of_cells import blocking_driver
from synthetic.journal.memory import MemoryJournal

WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """How a game session is opened: two operations of the mapping, the game, and where the wallet's token is then.

    `expire` lets the player's game sessions run out, where the mapping has it.

    `token_from`: an output of the launch (`out.NAME`) or something that it saved (`session.NAME`).
    """

    login: str = "auth.login"
    launch: str = "games.launch"
    game: str = ""
    token_from: str = "out.session"  # noqa: S105 - a place, not a secret
    expire: str = "office.expire_sessions"


@dataclass(frozen=True, slots=True)
class GameSession:
    """A player with the token that the wallet knows him by."""

    player: str
    token: str = field(repr=False)


def open_game_session(
    platform: PlatformPlan, cell: CellPlan, player: PlayerPlan, door: FrontDoor, *, expired: bool = False
) -> GameSession:
    """Log in and launch. Raises AuthorError where the platform refuses it, TargetUnreachable where it does not answer.

    `expired`: let all game sessions of the player run out then, this one too.
    """
    login = pick(platform.operations, door.login, "operation")
    launch = pick(platform.operations, door.launch, "operation")
    clock = SystemClock()
    state = RunState(_spec(platform, cell, player, clock))
    driver = blocking_driver(cell, clock=clock)
    try:
        end = driver.run(_enter(state, (login, launch), door.game), sink=_unheard, journal=MemoryJournal())
        session = GameSession(player.id, _token(state, end, door))
        if expired:
            last = pick(platform.operations, door.expire, "operation")
            driver.run(_enter(state, (last,), door.game), sink=_unheard, journal=MemoryJournal())
    finally:
        driver.close()
    return session


def _enter(state: RunState, operations: tuple[OperationPlan, ...], game: str) -> Machine[CallEnd]:
    """Perform each operation once, until one is not done."""
    end = CallEnd(StepOutcome.DONE)
    for operation in operations:
        args = dict.fromkeys(operation.optional, "") | ({"game": game} if "game" in operation.inputs else {})
        deadline_ns = state.now_ns + int(WITHIN_S * 1e9)
        call = Call(operation.name, operation, args, state.key(operation.name), deadline_ns)
        end = yield from perform(state, call)
        if end.outcome is not StepOutcome.DONE:
            _refuse(state, operation, end)
    return end


def _refuse(state: RunState, operation: OperationPlan, end: CallEnd) -> None:
    who = f"player {state.spec.player['id']} of cell {state.spec.cell.name}"
    if end.outcome is StepOutcome.UNKNOWN:
        raise TargetUnreachable(f"{operation.name} of {who} got no answer that proves anything: {end.reason}")
    message = f"{operation.name} of {who} was refused: {end.code or end.reason}"
    raise AuthorError.at(operation.place, message, "choose another --pool, or give --player and --token yourself")


def _token(state: RunState, end: CallEnd, door: FrontDoor) -> str:
    kind, _, name = door.token_from.partition(".")
    places: Mapping[str, Mapping[str, Any]] = {"out": end.out, "session": state.session}
    known = [f"{place}.{held}" for place, values in places.items() for held in values]
    value = places.get(kind, {}).get(name)
    if not isinstance(value, str) or not value:
        message = f"there is no '{door.token_from}' after {door.launch}"
        raise AuthorError.at(NOWHERE, message, f"give --token-from one of {', '.join(known)}")
    return value


def _spec(platform: PlatformPlan, cell: CellPlan, player: PlayerPlan, clock: Clock) -> RunSpec:
    secrets = resolve_all(cell, player.secrets)
    now_ns = clock.monotonic_ns()
    plan = ScenarioPlan("conformance", "", cell.place, (), {}, (), platform)
    return RunSpec(
        plan=plan,
        cell=cell,
        row={},
        player={"id": player.id, "pool": player.pool, **player.attributes, **secrets},
        secret_attributes=frozenset(secrets),
        secrets=resolve_all(cell, cell.secrets),
        run_id=f"r{uuid.uuid4().hex[:15]}",
        seed=0,
        mono_ns=now_ns,
        wall_ns=clock.wall_ns(),
        scheduled_ns=now_ns,
        hidden=connection_secrets(cell).texts,
    )


def _unheard(_event: Event) -> None:
    """Nobody reads the events of a log-in."""
