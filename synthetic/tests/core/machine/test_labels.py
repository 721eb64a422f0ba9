"""Labels: which release a run was answered by, as its answers tell."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

from synthetic.config.platforms import load_platform
from synthetic.core.effects import Http, WsOpen, WsReceive
from synthetic.core.machine import play
from synthetic.drivers.memory import Accept, Frame, InMemoryTransport, MemoryDriver, Reply, VirtualClock
from synthetic.tests.core.machine.playing import (
    DEAD,
    HEALTHY,
    PLATFORM,
    SECRET,
    Answering,
    Journal,
    Wire,
    answers,
    make_spec,
    ok,
    played,
)

LABELS = """
labels:
  version: headers['x-app-version']
  rollout_step: headers['x-rollout-step']
  flag_variant: body.flags.lobby
"""
LOGIN = "  - {id: login, call: login}\n"
DEPOSIT = LOGIN + "  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}}\n"


def told(steps: str, platform: Answering, *, hook: Any = None) -> dict[str, str]:
    """The labels at the end of a run on a mapping that has some."""
    spec = make_spec(steps)
    mapping = load_platform(Path("tiny.yaml"), text=PLATFORM + LABELS, resolve_hook=lambda _dotted: hook)
    operations = {step.id: mapping.operations[step.operation.name] for step in spec.plan.steps}
    linked = tuple(replace(step, operation=operations[step.id]) for step in spec.plan.steps)
    spec = replace(spec, plan=replace(spec.plan, platform=mapping, steps=linked))
    clock = VirtualClock()
    driver = MemoryDriver(InMemoryTransport(platform, clock), clock)
    return dict(driver.run(play(spec), sink=lambda _event: None, journal=Journal()).labels)


def answered(reply: Reply, **headers: str) -> Reply:
    """The same answer with headers of a release."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return replace(reply, headers=reply.headers + named)


def test_labels_come_from_headers_and_bodies() -> None:
    """Each label from wherever the mapping says."""
    login = ok(token="t-0123456789", flags={"lobby": "new"})
    reply = answered(login, x_app_version="1.2.0", x_rollout_step="25")
    run = told(LOGIN, answers(HEALTHY | {"POST /login": reply}))
    assert run == {"version": "1.2.0", "rollout_step": "25", "flag_variant": "new"}


def test_an_answer_without_them_tells_nothing() -> None:
    """A run without any has no labels, and none of its steps is the worse for it."""
    assert told(LOGIN, answers(HEALTHY)) == {}


def test_the_last_answer_that_tells_decides() -> None:
    """The step that failed was answered by the release that failed; the proxy's page behind it knows none."""
    stable = answered(ok(token="t-0123456789"), x_app_version="1.1.0")
    canary = answered(ok(500), x_app_version="1.2.0")
    routes = HEALTHY | {"POST /login": stable, "POST /deposits": canary, "GET /find": ok(found=False)}
    assert told(DEPOSIT, answers(routes)) == {"version": "1.2.0"}


def test_what_compensation_is_answered_is_no_label() -> None:
    """The deposit is looked up minutes later, when the old release is back."""
    canary = answered(ok(token="t-0123456789"), x_app_version="1.2.0")
    back = answered(ok(found=True, id="d1"), x_app_version="1.1.0")
    run = told(DEPOSIT, answers(HEALTHY | {"POST /login": canary, "POST /deposits": DEAD, "GET /find": back}))
    assert run == {"version": "1.2.0"}


def test_a_label_is_short_on_one_line_and_without_secrets() -> None:
    """Whatever the target answers: it ends up in a report and in a metric."""
    reply = answered(ok(token="t-0123456789"), x_app_version="1\n" * 200, x_rollout_step=f"s{SECRET}")
    run = told(LOGIN, answers(HEALTHY | {"POST /login": reply}))
    assert len(run["version"]) <= 64
    assert run["version"].isprintable()
    assert run["rollout_step"] == "s***"


def test_a_socket_tells_its_release_when_it_opens() -> None:
    """The gateway is a deployment of its own."""

    def gateway(effect: Wire) -> Any:
        if isinstance(effect, WsOpen):
            return Accept(headers=(("x-app-version", "9"),))
        return Frame('{"type": "welcome"}') if isinstance(effect, WsReceive) else Accept()

    assert told("  - {id: join, call: join}\n", gateway) == {"version": "9"}


def test_an_operation_in_python_is_answered_by_a_release_as_well() -> None:
    """Its answers are read for labels only."""

    def pay(context: Any, amount: Any) -> Generator[Http, Any, dict[str, Any]]:
        yield Http("POST", "http://api.test/deposits", headers=(("Idempotency-Key", context.key),))
        return {}

    reply = answered(ok(id="d1", flags={"lobby": "old"}), x_app_version="3")
    steps = "  - {id: pay, call: hooked, with: {amount: 1.00 EUR}}\n"
    assert told(steps, answers(HEALTHY | {"POST /deposits": reply}), hook=pay) == {
        "version": "3",
        "flag_variant": "old",
    }


def test_a_mapping_without_labels_reads_none() -> None:
    """Headers that look like it are only headers."""
    reply = answered(ok(token="t-0123456789"), x_app_version="1.2.0")
    assert played(LOGIN, answers(HEALTHY | {"POST /login": reply})).ended.labels == {}
