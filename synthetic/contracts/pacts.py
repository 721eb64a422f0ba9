"""Pact files: built from contracts, the same bytes each time, and read back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pact.interaction import AsyncMessageInteraction, HttpInteraction, SyncMessageInteraction

from synthetic.contracts.interactions import Agreed, Contract, Exercise, Interaction
from synthetic.contracts.silent_pact import Pact

Interacting = HttpInteraction | AsyncMessageInteraction | SyncMessageInteraction
NEEDS = "needs"  # the comment of an interaction that says what only some providers can do


@dataclass(frozen=True, slots=True)
class PactFile:
    """A pact as it was read. `interactions` are the file's own objects."""

    consumer: str
    provider: str
    interactions: tuple[Mapping[str, Any], ...]

    def only(self, interactions: Iterable[Mapping[str, Any]]) -> PactFile:
        """The same with fewer interactions."""
        return PactFile(self.consumer, self.provider, tuple(interactions))

    def text(self) -> str:
        """As a file has it: no versions of tools, and an order that does not depend on how it was made."""
        return json.dumps(
            {
                "consumer": {"name": self.consumer},
                "interactions": sorted(self.interactions, key=lambda one: str(one["description"])),
                "metadata": {"pactSpecification": {"version": "4.0"}},
                "provider": {"name": self.provider},
            },
            indent=2,
            sort_keys=True,
            ensure_ascii=False,
        )


def exercise(contract: Contract, one: Interaction) -> None:
    """Let the consumer's real client talk to a mock of the provider that answers as declared.

    Raises AssertionError where the client asks for something else, or makes something else of the answer.
    """
    pact, play = _declared(contract, [one])
    with pact.serve(addr="127.0.0.1", raises=False) as mock:
        try:
            play[0](str(mock.url))
        finally:
            assert mock.matched, f"{contract.name}, {one.description}: the client sent something else:\n" + "\n".join(
                str(mismatch) for mismatch in mock.mismatches
            )


def pact_of(contract: Contract) -> PactFile:
    """The pact that the contract makes."""
    pact, _ = _declared(contract, contract.interactions)
    made = written(pact, contract.name)
    for one in made.interactions:
        _insist_on_salted_keys(one)
    return made


def _insist_on_salted_keys(one: Mapping[str, Any]) -> None:
    """A key without salt would meet itself at a provider that remembers, when it is verified again."""
    request = one["request"]
    filled = {name.lower() for name in request.get("generators", {}).get("header", {})}
    for name, values in request.get("headers", {}).items():
        if name.lower() == "idempotency-key" and name.lower() not in filled:
            text = f"{one['description']}: an idempotency key of a pact begins with pact-key-, and this one is {values[0]!r}"
            assert values[0].startswith("pact-key-"), text


def written(pact: Pact, name: str) -> PactFile:
    """What a pact says, by its own writer."""
    with tempfile.TemporaryDirectory(prefix="synthetic-pact-") as folder:
        pact.write_file(folder, overwrite=True)
        return read(Path(folder) / f"{name}.json")


def read(path: Path) -> PactFile:
    """A pact file."""
    return parsed(path.read_text(encoding="utf-8"))


def parsed(text: str) -> PactFile:
    """A pact's text."""
    body = json.loads(text)
    return PactFile(body["consumer"]["name"], body["provider"]["name"], tuple(body["interactions"]))


def rewrite(pact: PactFile, folder: Path) -> bool:
    """Write the pact into the folder; whether the file had said something else before, or was not there."""
    path, text = folder / f"{pact.consumer}-{pact.provider}.json", pact.text() + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def states_of(one: Mapping[str, Any]) -> list[str]:
    """The names of the provider states of a pact's interaction."""
    return [str(state["name"]) for state in one.get("providerStates", [])]


def needs_of(one: Mapping[str, Any]) -> list[str]:
    """What only some providers can do."""
    return [str(need) for need in one.get("comments", {}).get(NEEDS, [])]


def lacking(one: Mapping[str, Any], can: Collection[str]) -> str:
    """Why a provider that can do this is not asked for the interaction; "" where it is."""
    beyond = sorted({*needs_of(one)} - {*can})
    return f"needs {', '.join(beyond)}" if beyond else ""


def prepare(upon: Interacting, one: Agreed) -> None:
    """Note the states and the needs of an interaction in what Pact makes of it."""
    for state in one.given:
        upon.given(state.name, **state.params)
    if one.needs:
        upon.set_comment(NEEDS, list(one.needs))


def _declared(contract: Contract, interactions: Sequence[Interaction]) -> tuple[Pact, list[Exercise]]:
    pact = Pact(contract.consumer, contract.provider).with_specification("V4")
    play = []
    for one in interactions:
        upon = pact.upon_receiving(one.description)
        prepare(upon, one)
        play.append(one.declare(upon))
    return pact, play
