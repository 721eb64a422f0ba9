"""Which of an operation's exchanges carries the intent and the idempotency key: the one that moves the money."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.core.effects import Http
from synthetic.core.machine import play
from synthetic.drivers.memory import InMemoryTransport, MemoryDriver, VirtualClock
from synthetic.tests.core.machine.playing import HEAD, Journal, Wire, answers, make_spec, ok

READ_BEHIND = """
      - http: POST /deposits
        json: {minor: "${{ args.amount.minor() }}"}
      - http: GET /receipt
"""
TWO_POSTS = """
      - http: POST /deposits
        money: true
        json: {minor: "${{ args.amount.minor() }}"}
      - http: POST /receipt
        json: {a: b}
"""
SECOND_OF_TWO = """
      - http: POST /challenge
      - http: POST /deposits
        money: true
        json: {minor: "${{ args.amount.minor() }}"}
      - http: GET /receipt
"""


def sent(exchanges: str) -> tuple[list[Http], Journal]:
    """What a deposit of these exchanges sends, and what reached the journal."""
    mapping = f"""
platform: tiny
base: "${{{{ cell.endpoints.api }}}}"
operations:
  deposit:
    inputs: {{amount: money}}
    exchanges:{exchanges}
    moves:
      {{kind: deposit, amount: args.amount, from: psp, to: wallet, key: {{header: Idempotency-Key}},
       lookup: find, undo: none, why: it is a test}}
  find: {{inputs: {{key: string}}, http: GET /find}}
  withdraw: {{http: POST /w, inputs: {{amount: money}}, moves: {{kind: withdraw, amount: args.amount, from: wallet, to: psp,
    key: {{header: K}}, lookup: find, undo: none, why: it is a test}}}}
  bet: {{http: POST /b, inputs: {{amount: money}}, moves: {{kind: stake, amount: args.amount, from: wallet, to: game,
    key: {{header: K}}, lookup: find, undo: none, why: it is a test}}}}
"""
    steps = "steps:\n  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}}\n"
    plan = load_scenario(Path("s.yaml"), load_platform(Path("m.yaml"), text=mapping), text=HEAD + steps)
    spec = replace(make_spec("  - {id: b, call: login}\n"), plan=plan)
    wire: list[Http] = []
    platform = answers({f"{method} /": ok() for method in ("GET", "POST")})

    def listening(effect: Wire) -> Any:
        assert isinstance(effect, Http)
        wire.append(effect)
        return platform(effect)

    clock, journal = VirtualClock(), Journal()
    MemoryDriver(InMemoryTransport(listening, clock), clock).run(play(spec), sink=lambda _event: None, journal=journal)
    return wire, journal


@pytest.mark.parametrize("exchanges", [READ_BEHIND, TWO_POSTS, SECOND_OF_TWO])
def test_the_request_that_moves_the_money_is_the_one_that_is_journaled_and_keyed(exchanges: str) -> None:
    """Wherever it stands among the others, it alone carries the intent and the key."""
    wire, journal = sent(exchanges)
    carriers = [request for request in wire if request.moves is not None]
    keyed = [request for request in wire if any(name == "Idempotency-Key" for name, _ in request.headers)]
    assert [request.url for request in carriers] == ["http://api.test/deposits"]
    assert keyed == carriers
    assert [intent.key for intent in journal.intents] == ["run1-deposit"]
