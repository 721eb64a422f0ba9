"""Plays small scenarios, written in the users' language, against a platform that is a function, under virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.core.effects import FaultKind, Http, Intent, WsOpen, WsReceive, WsSend
from synthetic.core.errors import Place
from synthetic.core.events import Event, RunEnded
from synthetic.core.machine import play
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.core.plan import CellPlan, Hook, PlatformPlan, RunSpec
from synthetic.drivers.memory import Break, InMemoryTransport, MemoryDriver, Reply, VirtualClock

E = TypeVar("E")
Wire = Http | WsOpen | WsSend | WsReceive
SECRET = "correct-horse-battery"
DEAD = Break(FaultKind.READ_TIMEOUT)
REFUSED = Break(FaultKind.CONNECT_REFUSED, maybe_sent=False)

PLATFORM = """
platform: tiny
states:
  excluded:
    enter: {call: exclude, with: {who: "${{ player.id }}"}}
    leave: {call: readmit, with: {who: "${{ player.id }}"}}
  born_so:
    enter: {call: exclude, with: {who: nobody}}
    leave: {call: readmit, with: {who: nobody}}
    holds: "player.id == 'p1'"
base: "${{ cell.endpoints.api }}"
defaults:
  timeout: 2s
  ok: status == 200
  refused: [{when: status == 409, code: body.error}]
connections:
  game: {url: "${{ cell.endpoints.ws }}", replies: [{when: "frame.type == 'ping'", json: {type: pong}}]}
operations:
  login:
    http: POST /login
    json: {password: "${{ player.password }}"}
    save: {token: {value: body.token, secret: true}}
  login_in_time:
    http: POST /login
    json: {password: "${{ player.password }}"}
    save: {token: {value: body.token, secret: true}}
    out: {state: "has(body.state) ? body.state : ''"}
    poll: {call: login_in_time, every: 500ms}
  balance:
    http: GET /balance
    bearer: "${{ session.token }}"
    out: {cash: "money(body.cash, run.currency)"}
    evidence: {balance: {cash: out.cash}}
  ledger:
    http: GET /ledger
    out: {entries: body.entries}
    evidence: {ledger: {entries: out.entries}}
  deposit:
    inputs: {amount: money}
    sli: {name: deposit}
    http: POST /deposits
    json: {minor: "${{ args.amount.minor() }}"}
    moves:
      {kind: deposit, amount: args.amount, from: psp, to: wallet, key: {header: Idempotency-Key},
       lookup: {call: find, found: out.found}, undo: refund}
    out: {id: body.id, state: body.state}
    poll: {call: look, every: 500ms}
    declined: [{when: "out.state == 'declined'", code: "'do_not_honor'"}]
    blame:
      - {when: overdue, is: psp, because: it never came}
      - {when: "code == 'do_not_honor'", is: user}
    evidence: {deposit: {reference: out.id, amount: args.amount, state: out.state, key: key}}
  look: {inputs: {id: string}, http: "GET /deposits/${{ args.id }}", out: {id: body.id, state: body.state}}
  find: {inputs: {key: string}, http: "GET /find", query: {key: "${{ args.key }}"}, out: {found: body.found, id: body.id}}
  refund: {inputs: {id: string}, http: "POST /refunds/${{ args.id }}", out: {back: "money(body.back, run.currency)"}}
  withdraw:
    inputs: {amount: money}
    http: POST /withdrawals
    json: {minor: "${{ args.amount.minor() }}"}
    moves:
      {kind: withdraw, amount: args.amount, from: wallet, to: psp, key: {field: key},
       lookup: {call: find, found: out.found}, undo: none, why: a payout of this bank is final}
    out: {id: body.id}
  payout:
    inputs: {amount: money}
    http: POST /payouts
    json: {minor: "${{ args.amount.minor() }}"}
    moves:
      {kind: withdraw, amount: args.amount, from: wallet, to: psp, key: {field: key},
       lookup: {call: find_payout, found: out.found},
       undo: {call: cancel, when: "out.state == 'pending'", settled: "out.state == 'paid'"}}
    out: {id: body.id, state: body.state}
    poll: {call: payout_state, every: 500ms}
  payout_state: {inputs: {id: string}, http: "GET /payouts/${{ args.id }}", out: {id: body.id, state: body.state}}
  find_payout:
    inputs: {key: string}
    http: GET /find
    query: {key: "${{ args.key }}"}
    out: {found: body.found, id: body.id, state: body.state}
  cancel: {inputs: {id: string}, http: "POST /cancel/${{ args.id }}"}
  hopping:
    inputs: {amount: money}
    http: POST /hopping
    json: {minor: "${{ args.amount.minor() }}"}
    redirects: 1
    moves:
      {kind: deposit, amount: args.amount, from: psp, to: wallet, key: {header: Idempotency-Key},
       lookup: {call: find, found: out.found}, undo: {call: refund, with: {id: "${{ key }}"}}}
  confirmed:
    inputs: {amount: money}
    exchanges:
      - http: POST /deposits
        json: {minor: "${{ args.amount.minor() }}"}
      - http: GET /receipt
    moves:
      {kind: deposit, amount: args.amount, from: psp, to: wallet, key: {header: Idempotency-Key},
       lookup: {call: find, found: out.found}, undo: {call: refund, with: {id: "${{ key }}"}}}
  tokened:
    inputs: {amount: money}
    http: POST /deposits
    bearer: "${{ session.token }}"
    json: {minor: "${{ args.amount.minor() }}"}
    moves:
      {kind: deposit, amount: args.amount, from: psp, to: wallet, key: {header: Idempotency-Key},
       lookup: {call: found, found: out.found}, undo: {call: refund, with: {id: "${{ out.id }}"}}}
  found:
    inputs: {key: string}
    http: GET /found
    query: {key: "${{ args.key }}"}
    bearer: "${{ session.token }}"
    out: {found: body.found, id: body.id}
  pinned:
    inputs: {amount: money, pin: string}
    http: POST /deposits
    json: {minor: "${{ args.amount.minor() }}", pin: "${{ args.pin }}"}
    moves:
      {kind: deposit, amount: args.amount, from: psp, to: wallet, key: {header: Idempotency-Key},
       lookup: {call: find, found: out.found}, undo: {call: refund, with: {id: "${{ key }}"}}}
  second_factor: {http: POST /otp, json: {code: "${{ totp(player.totp, now) }}"}}
  secretive:
    http: GET /secretive
    out: {pin: {value: body.pin, secret: true}}
  hop: {http: "GET /hop", redirects: 2, bearer: "${{ session.token }}", out: {at: body.at}}
  join:
    exchanges:
      - open: game
      - send: game
        json: {type: hello}
      - receive: game
        when: "frame.type == 'welcome'"
        within: 2s
  bet:
    inputs: {stake: money}
    exchanges:
      - send: game
        json: {type: bet}
      - receive: game
        when: "frame.type == 'ack' && frame.req == key"
        within: 2s
    moves:
      {kind: stake, amount: args.stake, from: wallet, to: game, key: {field: req},
       lookup: {call: find, found: out.found}, undo: void}
    out: {round: frame.round}
  void: {inputs: {round: string}, http: "POST /void/${{ args.round }}"}
  result:
    exchanges:
      - receive: game
        when: "frame.type == 'result'"
        within: 2s
    out: {state: frame.state}
  raw:
    exchanges:
      - send: game
        raw: "{no json"
      - receive: game
        when: "frame.type == 'error'"
        within: 2s
        refused:
          - {when: close_code == 4409, code: "'superseded'"}
          - {when: "true", code: frame.code}
  exclude: {inputs: {who: string}, http: "POST /exclude/${{ args.who }}"}
  readmit: {inputs: {who: string}, http: "POST /readmit/${{ args.who }}"}
  hooked:
    inputs: {amount: money}
    python: my_hooks:pay
    moves:
      {kind: deposit, amount: args.amount, from: psp, to: wallet, key: {header: Idempotency-Key},
       lookup: {call: find, found: out.found}, undo: {call: refund, with: {id: "${{ key }}"}}}
"""

HEAD = """
scenario: small
title: A small scenario
schedule: {every: 60s, deadline: 60s}
limits: {deposit: 1.00 EUR, withdraw: 2.00 EUR, stake: 0.20 EUR, per_day: 50.00 EUR}
lease: {player: "pool:all"}
"""


@dataclass
class Journal:
    """What reached the journal, in order."""

    intents: list[Intent] = field(default_factory=list)
    states: dict[str, IntentState] = field(default_factory=dict)

    def intend(self, intent: Intent) -> None:
        self.intents.append(intent)

    def resolve(self, key: str, state: IntentState) -> None:
        self.states[key] = state


@dataclass
class Played:
    """One run: its end, its events, what went over the wire, and the journal."""

    ended: RunEnded
    events: list[Event]
    wire: list[Wire]
    journal: Journal
    clock: VirtualClock

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def requests(self, path: str) -> list[Http]:
        """The HTTP requests to a path."""
        return [effect for effect in self.wire if isinstance(effect, Http) and f"{path}" in effect.url]


Answering = Callable[[Wire], Any]


def answers(routes: Mapping[str, Any]) -> Answering:
    """A platform by `METHOD /path` (the longest prefix wins); a list is used up in order, its last item for ever."""
    left = {route: list(answer) if isinstance(answer, list) else [answer] for route, answer in routes.items()}

    def answer(effect: Wire) -> Any:
        assert isinstance(effect, Http), f"no WebSocket here: {effect}"
        path = effect.url.removeprefix("http://api.test")
        fitting = [route for route in left if f"{effect.method} {path}".startswith(route)]
        assert fitting, f"the test's platform has no {effect.method} {path}"
        queue = left[max(fitting, key=len)]
        return queue.pop(0) if len(queue) > 1 else queue[0]

    return answer


def ok(_status: int = 200, **body: Any) -> Reply:
    """A JSON answer."""
    return Reply(_status, json.dumps(body).encode(), (("content-type", "application/json"),))


HEALTHY: dict[str, Any] = {
    "POST /login": ok(token="t-0123456789"),
    "GET /balance": ok(cash=100),
    "GET /ledger": ok(entries=[]),
    "POST /deposits": ok(id="d1", state="pending"),
    "GET /deposits": ok(id="d1", state="succeeded"),
    "GET /find": ok(found=True, id="d1"),
    "GET /found": ok(found=True, id="d1"),
    "POST /refunds": ok(back=100),
    "POST /withdrawals": ok(id="w1"),
    "POST /void": ok(),
    "POST /exclude": ok(),
    "POST /readmit": ok(),
}


def make_spec(steps: str, *, hook: Hook | None = None, seed: int = 1) -> RunSpec:
    """The specification of one run of a scenario with these steps (and what else stands in `steps`)."""
    mapping = _mapping()
    if hook is not None:
        mapping = load_platform(Path("tiny.yaml"), text=PLATFORM, resolve_hook=lambda _dotted: hook)
    plan = load_scenario(Path("small.yaml"), mapping, text=HEAD + "steps:\n" + steps)
    cell = CellPlan(
        name="c1", place=Place(), track="canary", environment="test", brand="b", market="MT", version="1",
        currency="EUR", platform="tiny", endpoints={"api": "http://api.test", "ws": "ws://api.test/ws"},
        allow=("api.test",), limits={"deposit": Money(500, "EUR")},
    )  # fmt: skip
    player = {"id": "p1", "password": SECRET, "totp": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}
    return RunSpec(
        plan=plan, cell=cell, row={}, player=player, secret_attributes=frozenset({"password"}), secrets={},
        run_id=f"run{seed}", seed=seed, mono_ns=0, wall_ns=1_767_225_600_000_000_000, scheduled_ns=0,
    )  # fmt: skip


@cache
def _mapping() -> PlatformPlan:
    return load_platform(Path("tiny.yaml"), text=PLATFORM, resolve_hook=lambda _dotted: _never)


def _never(*_args: Any, **_more: Any) -> Any:
    raise AssertionError("this hook is not played")


def played(steps: str, platform: Answering, *, hook: Hook | None = None, seed: int = 1) -> Played:
    """Play the steps against a platform."""
    clock, journal = VirtualClock(), Journal()
    events: list[Event] = []
    wire: list[Wire] = []

    def listening(effect: Wire) -> Any:
        wire.append(effect)
        return platform(effect)

    driver = MemoryDriver(InMemoryTransport(listening, clock), clock)
    ended = driver.run(play(make_spec(steps, hook=hook, seed=seed)), sink=events.append, journal=journal)
    return Played(ended, events, wire, journal, clock)
