"""Verify what a provider says over a socket against a pact of messages.

Everything is asked of the provider before Pact gets to see it: what could not be brought about fails at once, with its reason, and
Pact, which repeats what fails, never talks to a handler that can.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from synthetic.contracts.holes import HOLE, filled
from synthetic.contracts.json_paths import put_at
from synthetic.contracts.messages import Frame, asked_of, heard_of
from synthetic.contracts.mismatches import mismatches_of
from synthetic.contracts.pacts import PactFile, lacking, states_of
from synthetic.contracts.results import InteractionResult, Mismatch, Verification
from synthetic.contracts.sealing import Exchanged
from synthetic.contracts.serving import answering
from synthetic.contracts.silent_pact import Verifier, unheard
from synthetic.contracts.typed import with_texts


@dataclass(frozen=True, slots=True)
class Provoked:
    """What the provider said: `heard` is the frame, as text. `values`: what its states gave."""

    heard: str
    values: Mapping[str, Any] = field(default_factory=dict)


Ask = Callable[[Mapping[str, Any]], Frame]
"""Makes the frame that is asked with of the values that the states gave; None for a push."""

Provoke = Callable[[Sequence[Mapping[str, Any]], Ask], Provoked]
"""Brings the provider into the states (`{name, params}`), in their order, sends the frame and answers the one that comes.

May raise whatever it likes: the message fails with that as its reason.
"""


@dataclass(frozen=True, slots=True)
class MessageTarget:
    """A provider that runs somewhere, and how to deal with it. `states`: those that `provoke` knows; `can`: see `Target`."""

    provoke: Provoke
    states: frozenset[str]
    can: frozenset[str] = frozenset()
    version: str = "unknown"


def verify_messages(pact: PactFile, target: MessageTarget) -> Verification:
    """Ask the provider for every message of the pact that it can be asked for."""
    results: list[InteractionResult] = []
    left_out: list[tuple[str, str]] = []
    said: list[tuple[Mapping[str, Any], Exchanged]] = []
    for one in pact.interactions:
        why = lacking(one, target.can)
        if why:
            left_out.append((str(one["description"]), why))
            continue
        exchanged = _exchange(one, target)
        if exchanged.failure:
            results.append(_result(pact, one, exchanged, ()))
        else:
            said.append((one, exchanged))
    results += _judge(pact, said)
    return Verification(pact.consumer, pact.provider, target.version, tuple(results), tuple(left_out))


def concrete(one: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The message with the values of its states, which have been reached, in it: each has to be there exactly."""
    made: dict[str, Any] = copy.deepcopy({name: part for name, part in one.items() if name != "providerStates"})
    for part in (made, made.get("request", {}), *made.get("response", ())):
        rules = part.get("matchingRules", {}).get("body", {})
        for path, rule in part.pop("generators", {}).get("body", {}).items():
            put_at(part["contents"]["content"], path, _filled(rule["expression"], values))
            rules.pop(path, None)
    if "response" in made:
        made["response"] = [with_texts(part) for part in made["response"]]
        return made
    return with_texts(made)


def _exchange(one: Mapping[str, Any], target: MessageTarget) -> Exchanged:
    states = list(one.get("providerStates", ()))
    line = f"-> {asked_of(one)['type']}" if asked_of(one) is not None else f"<- {heard_of(one)['type']}"
    unknown = [state["name"] for state in states if state["name"] not in target.states]
    if unknown:
        return Exchanged(line, "", 0, "", failure=f"no state handler for {unknown[0]!r}")
    sent: list[Frame] = []

    def ask(values: Mapping[str, Any]) -> Frame:
        sent.append(asked_of(concrete(one, values)))
        return sent[-1]

    try:
        provoked = target.provoke(states, ask)
    except Exception as error:  # noqa: BLE001 - told as the message's failure
        return Exchanged(line, _text(sent), 0, "", failure=f"{type(error).__name__}: {error}")
    return Exchanged(line, _text(sent), 0, provoked.heard, provoked.values)


def _text(sent: Sequence[Frame]) -> str:
    return json.dumps(sent[-1]) if sent and sent[-1] is not None else ""


def _judge(pact: PactFile, said: Sequence[tuple[Mapping[str, Any], Exchanged]]) -> list[InteractionResult]:
    if not said:
        return []
    heard = {str(one["description"]): exchanged.body.encode() for one, exchanged in said}

    with tempfile.TemporaryDirectory(prefix="synthetic-pact-") as folder, _telling(heard) as url:
        source = Path(folder) / "pact.json"
        concretes = [concrete(one, exchanged.values) for one, exchanged in said]
        source.write_text(pact.only(concretes).text(), encoding="utf-8")
        verifier = Verifier(pact.provider, host="127.0.0.1").add_source(source)
        verifier.add_transport(protocol="message", port=urlsplit(url).port, path="/", scheme="http")
        verifier.set_coloured_output(enabled=False)
        with unheard(), suppress(RuntimeError):  # it raises where a message failed; the results say which
            verifier.verify()
        judged = {str(one["description"]): one for one in verifier.results["interactionResults"]}
    return [
        _result(pact, one, exchanged, _mismatches(judged[str(one["description"])], one, exchanged))
        for one, exchanged in said
    ]


def _telling(heard: Mapping[str, bytes]) -> AbstractContextManager[str]:
    """What has been heard, by its description, the way that Pact asks for it. (Its own server leaves its socket open.)"""
    return answering(lambda _path, _headers, body: (200, heard[json.loads(body)["description"]]))


def _mismatches(judged: Mapping[str, Any], one: Mapping[str, Any], exchanged: Exchanged) -> tuple[Mismatch, ...]:
    if judged["result"] == "OK":
        return ()
    found, mismatch = tuple(mismatches_of(judged)), judged.get("mismatch") or {}
    told = str(mismatch.get("message") or json.dumps(mismatch))
    return found or (Mismatch("frame", json.dumps(heard_of(one)), exchanged.body, told),)


def _result(
    pact: PactFile, one: Mapping[str, Any], exchanged: Exchanged, mismatches: tuple[Mismatch, ...]
) -> InteractionResult:
    return InteractionResult(
        pact.consumer,
        pact.provider,
        str(one["description"]),
        tuple(states_of(one)),
        mismatches,
        exchanged.failure,
        exchanged,
    )


def _filled(expression: str, values: Mapping[str, Any]) -> Any:
    """A value with its type, where the expression is a single hole; else text."""
    only = HOLE.fullmatch(expression)
    return filled(expression, values) if only is None else values[only[1]]
