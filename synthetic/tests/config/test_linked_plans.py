"""What comes of a right file: plans in which everything is resolved."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.anything import FileKind, kind_of, load_anything
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.checks import CHECKS
from synthetic.core.effects import Effect, Result, Sleep
from synthetic.core.errors import AuthorError, Place
from synthetic.core.expressions import Expression, Kind
from synthetic.core.money import Money
from synthetic.core.outcome import Blame
from synthetic.core.plan import HookContext, PlatformPlan
from synthetic.core.plan_exchanges import HttpPlan, OpenPlan, ReceivePlan, SendPlan
from synthetic.core.templates import Template

LEASE = "scenario: s\nlease: {player: 'pool:x'}\n"
HEAD = 'platform: p\nbase: "https://a.example"\n'


def mapping(text: str) -> PlatformPlan:
    """A mapping with these operations (and whatever stands before them)."""
    return load_platform(Path("m"), text=HEAD + text)


def shown(template: Template) -> str:
    """A template as its author would write it."""
    return "".join(part if isinstance(part, str) else f"<{part.text}>" for part in template.parts)


def test_every_shipped_scenario_links(root: Path, reference: PlatformPlan) -> None:
    """The scenarios, the reference mapping and its cells are right, and each scenario's digest is of its bytes."""
    paths = sorted((root / "scenarios").rglob("*.yaml"))
    plans = [load_scenario(path, reference, known_checks=frozenset(CHECKS)) for path in paths]
    assert len({plan.name for plan in plans}) == len(paths) >= 9
    assert plans[0].digest == hashlib.sha256(paths[0].read_bytes()).hexdigest()[:12]
    assert plans[0].place == Place(str(paths[0]), 1, 1)


def test_a_deposit_has_everything_that_money_needs(reference: PlatformPlan) -> None:
    """Key, look-up and undo, with arguments taken by name."""
    moves = reference.operations["cashier.deposit"].moves
    assert moves is not None
    assert (moves.kind, moves.source, moves.target, moves.key_in, moves.key_name) == (
        "deposit",
        "psp",
        "wallet",
        "header",
        "Idempotency-Key",
    )
    assert moves.amount.kind is Kind.MONEY
    assert {name: shown(template) for name, template in moves.lookup.arguments.items()} == {"key": "<key>"}
    assert moves.undo is not None
    assert {name: shown(template) for name, template in moves.undo.arguments.items()} == {"id": "<out.id>"}


def test_a_poll_takes_its_arguments_by_name(reference: PlatformPlan) -> None:
    """From the outputs first, then from the arguments."""
    deposit, settle = reference.operations["cashier.deposit"].poll, reference.operations["games.settle"].poll
    assert deposit is not None
    assert settle is not None
    assert {name: shown(template) for name, template in deposit.arguments.items()} == {"id": "<out.id>"}
    assert {name: shown(template) for name, template in settle.arguments.items()} == {
        "round": "<args.round>",
        "bet": "<args.bet>",
    }
    assert deposit.every_s == 0.1


def test_defaults_stand_behind_what_an_operation_says() -> None:
    """Headers are merged by name whatever its case, rules follow the operation's own, `ok` and `timeout` are replaced."""
    plan = mapping("""\
defaults:
  headers: {X-Client: a, X-Other: b}
  timeout: 3s
  ok: status == 200
  refused: [{when: status == 409, code: body.error}]
  blame: [{when: overdue, is: psp}]
operations:
  x:
    http: GET /x
    headers: {x-client: own}
    ok: [201, 202]
    refused: [{when: status == 404, code: "'none'"}]
    blame: [{when: "true", is: user, because: why}]
  y: {http: GET /y, timeout: 250ms}
""")
    x, y = plan.operations["x"].exchanges[0], plan.operations["y"].exchanges[0]
    assert isinstance(x, HttpPlan)
    assert isinstance(y, HttpPlan)
    assert [(name, shown(value)) for name, value in x.headers] == [("X-Other", "b"), ("x-client", "own")]
    assert [refusal.when.text for refusal in x.refused] == ["status == 404", "status == 409"]
    assert [rule.blame for rule in plan.operations["x"].blame] == [Blame.USER, Blame.PSP]
    assert (x.ok.text, x.timeout_s, y.ok.text, y.timeout_s) == ("status in [201, 202]", 3.0, "status == 200", 0.25)


def test_a_path_stands_below_the_base_and_a_url_for_itself() -> None:
    """A hole may be the whole address, too."""
    plan = mapping("""\
operations:
  a: {http: "POST /x/${{ run.id }}"}
  b: {http: GET https://b.example/y}
  c: {http: "GET ${{ cell.endpoints.api }}/z"}
""")
    urls = []
    for name in "abc":
        exchange = plan.operations[name].exchanges[0]
        assert isinstance(exchange, HttpPlan)
        urls.append(shown(exchange.url))
    assert urls == ["https://a.example/x/<run.id>", "https://b.example/y", "<cell.endpoints.api>/z"]


def test_exchanges_of_a_socket_are_linked_to_their_connection() -> None:
    """With the connection's address, headers, subprotocols and replies."""
    plan = mapping("""\
connections:
  game:
    url: wss://g.example
    headers: {X-A: b}
    subprotocols: [v1]
    replies: [{when: frame.type == 'ping', json: {type: pong}}]
operations:
  x:
    exchanges:
      - {open: game}
      - {send: game, json: {a: [1, true, null, "${{ run.id }}"]}}
      - {receive: game, when: has(frame.a), within: 2s}
      - {close: game}
""")
    opened, sent, received, _ = plan.operations["x"].exchanges
    assert isinstance(opened, OpenPlan)
    assert isinstance(sent, SendPlan)
    assert isinstance(received, ReceivePlan)
    assert (shown(opened.url), opened.subprotocols, received.within_s) == ("wss://g.example", ("v1",), 2.0)
    assert isinstance(sent.body, dict)
    assert sent.body["a"][:3] == (1, True, None)
    reply = plan.answering["game"][0].body
    assert isinstance(reply, dict)
    assert shown(reply["type"]) == "pong"


def test_an_optional_input_that_is_left_out_is_the_empty_text(reference: PlatformPlan) -> None:
    """So a mapping can ask for it without Python."""
    plan = load_scenario(
        Path("s"),
        reference,
        text=LEASE
        + "limits: {deposit: 1.00 EUR}\nsteps: [{id: d, call: cashier.deposit, with: {amount: 1.00 EUR, psp: a}}]",
    )
    assert plan.steps[0].arguments["instrument"].literal == ""
    assert Money.parse(plan.steps[0].arguments["amount"].literal or "") == Money(100, "EUR")


def test_a_literal_argument_keeps_its_type() -> None:
    """Numbers, truth values, lists and mappings arrive as what they are."""
    platform = mapping("operations:\n  x: {inputs: {n: int, b: bool, l: list, m: map, a: any}, http: GET /x}\n")
    plan = load_scenario(
        Path("s"),
        platform,
        text=LEASE + 'steps: [{id: x, call: x, with: {n: 3, b: true, l: [1, "it\'s"], m: {k: [v]}, a: t}}]',
    )
    values = {name: template.value({}, "EUR") for name, template in plan.steps[0].arguments.items()}
    assert values == {"n": 3, "b": True, "l": [1, "it's"], "m": {"k": ["v"]}, "a": "t"}


def test_later_steps_see_what_the_poll_gives() -> None:
    """Outputs of the poll are outputs of the step; a name of two types may be of any."""
    platform = mapping("""\
operations:
  x: {http: GET /x, inputs: {id: string}, out: {id: "'a'", n: status}, poll: y}
  y: {http: GET /y, inputs: {id: string}, out: {n: "'text'", late: money('1.00 EUR')}}
""")
    text = LEASE + "steps: [{id: one, call: x, with: {id: a}, until: \"out.n == 'x'\"}]\n"
    text += "invariants: [one.late == one.late, one.n == 3 || one.n == 'x']"
    plan = load_scenario(Path("s"), platform, text=text)
    assert plan.steps[0].until is not None
    assert plan.invariants[0].claim.names == {"one.late"}


def test_a_matrix_may_be_the_cells() -> None:
    """Then it is an expression, to be asked of each cell."""
    platform = mapping("operations:\n  x: {http: GET /x}\n")
    text = (
        'scenario: s\nmatrix: {a: [x, y], b: "${{ cell.psps }}"}\nlease: {player: "pool:x"}\nsteps: [{id: x, call: x}]'
    )
    plan = load_scenario(Path("s"), platform, text=text)
    assert plan.matrix["a"] == ("x", "y")
    assert isinstance(plan.matrix["b"], Expression)


def test_python_is_used_where_it_is_allowed() -> None:
    """What the operator's resolver gives becomes the operation; its outputs are declared by their types."""

    def hook(_context: HookContext) -> Generator[Effect, Result, Mapping[str, Any]]:
        yield Sleep(0)
        return {}

    text = "platform: p\noperations:\n  x: {python: 'm:f', out: {id: {value: string, secret: true}, amount: money}}\n"
    operation = load_platform(Path("m"), text=text, resolve_hook=lambda dotted: {"m:f": hook}[dotted]).operations["x"]
    assert operation.hook is hook
    assert operation.out_kinds() == {"id": Kind.STRING, "amount": Kind.MONEY}
    assert operation.secret_out == {"id"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("scenario: s", FileKind.SCENARIO),
        ("steps: []\nscenari: s", FileKind.SCENARIO),
        ("platform: p\noperations: {}", FileKind.PLATFORM),
        ("operations: {}", FileKind.PLATFORM),
        ("check: one-debit-per-bet", FileKind.HISTORIES),
        ("cases: []", FileKind.HISTORIES),
        ("allow: []", FileKind.CELLS),
        ("serve: s\ncells: c.yaml", FileKind.SERVING),
        ("probes: []\nscenarios: [s]", FileKind.SERVING),
        ("python: []\ncells: {}", FileKind.CELLS),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_keys(text: str, kind: FileKind) -> None:
    """By the first telling one."""
    assert kind_of(Path("f"), text=text) is kind


def test_a_file_of_no_kind_is_told() -> None:
    """With the key that was probably meant."""
    with pytest.raises(AuthorError) as refusal:
        kind_of(Path("f"), text="x: 1\nscenari: s")
    told = "f:1:1: this is no scenario, platform mapping, cells file, serve file, SLO file or file of histories; "
    assert str(refusal.value) == told + "known here: allow, cells, check, platform, scenario, serve, slo"


def test_a_scenario_without_a_mapping_is_told() -> None:
    """It can't be checked against nothing."""
    with pytest.raises(AuthorError, match="a scenario needs a platform mapping"):
        load_anything(Path("f"), text="scenario: s")


def test_cells_that_share_a_wallet_say_so(tmp_path: Path) -> None:
    """A cell's players have their money in a database of its own, unless it names another one."""
    text = Path(shipped_root() / "fixtures" / "cells" / "reference.yaml").read_text(encoding="utf-8")
    file = tmp_path / "cells.yaml"
    file.write_text(text.replace("    wallet: baseline\n", "    wallet: shared\n"), encoding="utf-8")
    assert {name: cell.wallet for name, cell in load_cells(file).items()} == {"canary": "canary", "baseline": "shared"}
    small = load_cells(Path(__file__).parent.parent / "data" / "serving" / "cells.yaml")
    assert [cell.wallet for cell in small.values()] == list(small)
