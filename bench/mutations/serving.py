"""A simulator that runs by itself, healthy or mutated, for whoever wants to see the suite pass and fail against a URL."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from bench.mutations.catalogue import contracts, mutants_of
from bench.mutations.judging import mutated
from bench.mutations.mutants import Mutant
from synthetic.cli.screen import write
from synthetic.config.names import NOWHERE, pick
from synthetic.contracts.messages import pact_for
from synthetic.contracts.providers import PROVIDERS, psp_a, psp_b
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.verifying import Target
from synthetic.core.errors import AuthorError

KEY_VARIABLES: Mapping[str, str] = {"psp-a": psp_a.KEY_VARIABLE, "psp-b": psp_b.KEY_VARIABLE}
"""The providers that can be served, and where the suite looks for the key of their merchant."""


def serve(name: str, wanted: Sequence[str]) -> int:
    """Start the provider, say where it is and how to verify it, and wait for Ctrl-C. Raises AuthorError for unknown names."""
    variable = pick(KEY_VARIABLES, name, "provider that can be served")
    mutant = _mutant(name, wanted)
    with ExitStack() as stack:
        target = stack.enter_context(PROVIDERS[name].serving())
        key = _key(target)
        if mutant is not None:
            target, _ = stack.enter_context(mutated(target, mutant.rig))
        write("\n".join(_told(name, mutant, target.url, f"{variable}={key}")))
        _until_stopped()
    return 0


def _mutant(provider: str, wanted: Sequence[str]) -> Mutant | None:
    """The first that is meant; None where none is asked for."""
    if not wanted:
        return None
    found = [
        mutant
        for contract in contracts().values()
        if contract.provider == provider
        for mutant in mutants_of(contract, pact_for(contract), wanted)
        if not mutant.rig.sender
    ]
    if not found:
        hint = f"`python -m bench.mutations --list` has those of {provider}"
        raise AuthorError.at(NOWHERE, f"{provider} has no mutation '{' '.join(wanted)}'", hint)
    return found[0]


def _key(target: Target) -> str:
    """The merchant's key: its seal puts it into every request."""
    sealed = target.seal(Outgoing("GET", "/", {}, b""), "")
    return sealed.headers["Authorization"].removeprefix("Bearer ")


def _told(name: str, mutant: Mutant | None, url: str, variable: str) -> list[str]:
    how = "healthy" if mutant is None else f"mutated, {mutant.name}: {mutant.kind.title}"
    return [
        f"{name} runs, {how}; Ctrl-C ends it",
        f"URL={url}",
        f"export {variable}",
        f"pytest contracts --provider {name}={url}",
    ]


def _until_stopped() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    stopped.wait()
