"""What the stateful laws say of mutants: an examination of the mutated provider, at the boundaries that have laws."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from bench.mutations.catalogue import contracts, mutants_of
from bench.mutations.hop import Answer, Change, Forward, Hop, hop_to, unchanged
from bench.mutations.journeys import SpoiltError, journeys
from bench.mutations.judging import Said
from bench.mutations.mutants import Mutant
from bench.mutations.playing import DERIVED, quiet
from bench.mutations.sockets import socket_hop
from synthetic.conformance.stories import NotTried
from synthetic.contracts.laws.examining import examine
from synthetic.contracts.laws.reference import (
    cashier_target,
    gateway_target,
    intents_target,
    notifications_target,
    wallet_target,
)
from synthetic.contracts.messages import pact_for
from synthetic.contracts.sealing import Outgoing
from synthetic.core.errors import TargetUnreachable
from synthetic.reference.switchboard import Switch
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.reference.world.world import World, WorldSettings

EXAMPLES = 2

Acted = Callable[[], int]
Opening = Callable[[World, Change], AbstractContextManager[tuple[Any, Acted]]]
"""The target of an examination with a change in front of it."""


@dataclass(frozen=True, slots=True)
class Lawful:
    """How the laws of a boundary are examined. `board`: whose switches are thrown; `sender`: whether it is the sender that is.

    `without`: kinds that a hop can't do justice to here.
    """

    board: str
    opening: Opening
    sender: bool = False
    without: frozenset[str] = frozenset()


@contextmanager
def _wallet(world: World, change: Change, dialect: str, letter: str) -> Iterator[tuple[Any, Acted]]:
    api = world.listeners[world.cells[0].name].url
    with hop_to(api, change) as (url, hop):
        yield wallet_target(world, dialect, url=f"{url}/wallet/{letter}"), lambda: hop.acted


def _wallet_a(world: World, change: Change) -> AbstractContextManager[tuple[Any, Acted]]:
    return _wallet(world, change, "hub88", "a")


def _wallet_b(world: World, change: Change) -> AbstractContextManager[tuple[Any, Acted]]:
    return _wallet(world, change, "softswiss", "b")


@contextmanager
def _psp_a(world: World, change: Change) -> Iterator[tuple[Any, Acted]]:
    with hop_to(world.listeners["psp-a"].url, change) as (url, hop):
        yield intents_target(world, url=url), lambda: hop.acted


@contextmanager
def _psp_b(world: World, change: Change) -> Iterator[tuple[Any, Acted]]:
    with hop_to(world.listeners["psp-b"].url, change) as (url, hop):
        yield notifications_target(world, url=url), lambda: hop.acted


@contextmanager
def _told_by(psp: str, target: Callable[..., Any], world: World, change: Change) -> Iterator[tuple[Any, Acted]]:
    """The hop is in front of whoever gets the PSP's webhooks, who has a path of his own."""
    hops: list[Hop] = []
    with ExitStack() as stack:

        def through(url: str) -> str:
            agreed, own = f"/cashier/webhooks/{psp}", urlsplit(url).path.rstrip("/")

            def act(request: Outgoing, forward: Forward) -> Answer:
                def back(sent: Outgoing) -> Answer:
                    return forward(replace(sent, path=own + sent.path.removeprefix(agreed)))

                return change(replace(request, path=agreed + request.path.removeprefix(own)), back)

            hop_url, hop = stack.enter_context(hop_to(url.rstrip("/").removesuffix(own), act))
            hops.append(hop)
            return f"{hop_url}{own}"

        yield target(world, through=through), lambda: sum(hop.acted for hop in hops)


def _told_by_a(world: World, change: Change) -> AbstractContextManager[tuple[Any, Acted]]:
    return _told_by("psp-a", intents_target, world, change)


def _told_by_b(world: World, change: Change) -> AbstractContextManager[tuple[Any, Acted]]:
    return _told_by("psp-b", notifications_target, world, change)


@contextmanager
def _cashier(world: World, change: Change) -> Iterator[tuple[Any, Acted]]:
    with hop_to(world.listeners[world.cells[0].name].url, change) as (url, hop):
        yield cashier_target(world, webhook_url=f"{url}/cashier/webhooks/psp-a"), lambda: hop.acted


@contextmanager
def _gateway(world: World, change: Change) -> Iterator[tuple[Any, Acted]]:
    with socket_hop(change) as (at, acted):
        yield gateway_target(world, at=at), acted


# Ids that somebody tells elsewhere, too (in signed webhooks, in the ledger), can't be made longer by a hop.
_IDS = frozenset({"longer-id"})
LAWFUL: Mapping[str, tuple[Lawful, ...]] = {
    "game-provider-a-wallet": (Lawful("cell", _wallet_a),),
    "game-provider-b-wallet": (Lawful("cell", _wallet_b),),
    "cashier-psp-a": (Lawful("psp-a", _psp_a, without=_IDS),),
    "cashier-psp-b": (Lawful("psp-b", _psp_b, without=_IDS),),
    "psp-a-cashier": (Lawful("psp-a", _told_by_a, sender=True), Lawful("cell", _cashier)),
    "psp-b-cashier": (Lawful("psp-b", _told_by_b, sender=True),),
    "game-client-game-gateway": (Lawful("cell", _gateway, without=_IDS),),
}


def has_laws(name: str) -> bool:
    """Whether a boundary has any. Those of the harness's own boundary are its scenarios with their checks."""
    return name in LAWFUL or name == DERIVED


def judge(name: str, wanted: Sequence[str], each_kind: int, seed: int) -> dict[str, Said]:
    """What the laws of a boundary say of its mutants, by their names: of all that change what a provider does, of so many of
    each other kind, chosen by the seed, and of the harmless changes that stay within the contract's meaning.
    """
    contract = contracts()[name]
    mutants = mutants_of(contract, pact_for(contract), wanted)
    if name == DERIVED:
        return _journeyed(mutants, each_kind, seed)
    said: dict[str, Said] = {}
    with quiet(), world_in_a_thread(WorldSettings(cells=1)) as world:
        for lawful in LAWFUL[name]:
            chosen = _chosen([mutant for mutant in mutants if _is_for(mutant, lawful)], each_kind, seed)
            said |= {mutant.name: _examined(mutant, lawful, world, seed) for mutant in chosen}
    return said


def _journeyed(mutants: Sequence[Mutant], each_kind: int, seed: int) -> dict[str, Said]:
    chosen = _chosen([one for one in mutants if not (one.kind.harmless and one.place)], each_kind, seed)
    answered = [one for one in chosen if one.rig.answers_only]
    said: dict[str, Said] = {}
    with quiet():
        while waiting := [one for one in answered if one.name not in said]:
            with world_in_a_thread(WorldSettings(cells=1)) as world, journeys(world) as played:
                for first, mutant in enumerate(waiting):
                    try:
                        said[mutant.name] = played.judge(mutant, seed)
                    except SpoiltError as spoilt:
                        if first == 0:  # on a fresh platform: it is the scenario that fails by itself
                            said[mutant.name] = Said(killed=False, acted=0, sentence=f"{spoilt} fails by itself")
                        break
    return said


def _is_for(mutant: Mutant, lawful: Lawful) -> bool:
    """The laws seal by themselves, and take no word for another that the contract allows as well.

    A sender's body that is changed behind its signature would be found by that alone.
    """
    rig, kind = mutant.rig, mutant.kind
    acts = rig.change is not unchanged or rig.switch or rig.plant is not nullcontext
    is_fair = not (kind.harmless and mutant.place) and not (rig.sender and " sent $" in mutant.place)
    return bool(acts) and is_fair and rig.sender is lawful.sender and kind.name not in lawful.without


def _chosen(mutants: Sequence[Mutant], each_kind: int, seed: int) -> list[Mutant]:
    kinds: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        kinds.setdefault(mutant.kind.name, []).append(mutant)
    chance = random.Random(seed)
    chosen = []
    for ones in kinds.values():
        behaves = [one for one in ones if one.rig.always_counts or one.kind.harmless or one.is_loose]
        others = [one for one in ones if one not in behaves]
        chosen += [*behaves, *chance.sample(others, min(each_kind, len(others)))]
    return chosen


def _examined(mutant: Mutant, lawful: Lawful, world: World, seed: int) -> Said:
    board = world.boards[world.cells[0].name if lawful.board == "cell" else lawful.board]
    if mutant.rig.switch:
        board.throw(Switch(mutant.rig.switch, params=mutant.rig.params))
    try:
        with mutant.rig.plant(), lawful.opening(world, mutant.rig.change) as (target, acted):
            try:
                findings = examine(target, seed=seed, examples=EXAMPLES).findings
            except (NotTried, TargetUnreachable) as stuck:
                return Said(killed=True, acted=acted(), sentence=f"could not be examined: {stuck}")
            told = f"{findings[0].law}: {findings[0].sentence}" if findings else ""
            return Said(killed=bool(findings), acted=acted() + bool(mutant.rig.switch), sentence=told)
    finally:
        board.clear()
