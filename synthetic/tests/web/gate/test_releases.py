"""Claims about rollouts, signals and what is read of them, over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx

from synthetic.tests.rollouts.evidence import NOON_NS, pairs
from synthetic.tests.web.gate.faces import CELLS, Gate
from synthetic.web.gate.cells import Cells

R1 = {"id": "r1", **CELLS}
Call = tuple[str, Any]


def posted(gate: Gate, *calls: Call) -> list[httpx.Response]:
    async def play(client: httpx.AsyncClient) -> list[httpx.Response]:
        return [
            await client.post(path, content=_json(body), headers={"Content-Type": "application/json"})
            for path, body in calls
        ]

    return gate.asked(play)


def _json(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


def test_a_rollout_goes_from_its_begin_over_its_steps_to_its_end(gate: Gate) -> None:
    """And is kept as it went."""
    answers = posted(
        gate,
        ("/v1/rollouts", {**R1, "version": "2.0", "weight": 5, "by": "ci"}),
        ("/v1/rollouts/r1/step", {"weight": "25"}),  # as Argo sends it
        ("/v1/rollouts/r1/end", {"ending": "promoted"}),
    )
    assert statuses(answers) == [201, 200, 200]
    last = answers[-1].json()
    assert [step["weight"] for step in last["steps"]] == [5, 25]
    assert (last["ending"], last["by"], last["version"]) == ("promoted", "ci", "2.0")
    listed = gate.asked(lambda client: client.get("/v1/rollouts"))
    assert listed.json()["rollouts"] == [last]


def test_a_call_that_comes_twice_is_no_mistake(gate: Gate) -> None:
    """Hooks are tried again; the second answer says that it was so already."""
    end = ("/v1/rollouts/r1/end", {"ending": "promoted"})
    answers = posted(gate, ("/v1/rollouts", R1), ("/v1/rollouts", R1), end, end)
    assert statuses(answers) == [201, 200, 200, 200]


def test_what_contradicts_what_is_kept_is_a_conflict(gate: Gate) -> None:
    """An id is of one rollout, and a rollout ends once."""
    answers = posted(
        gate,
        ("/v1/rollouts", R1),
        ("/v1/rollouts", {**R1, "version": "9"}),
        ("/v1/rollouts/r1/end", {"ending": "promoted"}),
        ("/v1/rollouts/r1/end", {"ending": "rolled_back"}),
        ("/v1/rollouts/r1/step", {"weight": 5}),
        ("/v1/rollouts", R1),
        ("/v1/rollouts/r2/step", {"weight": 5}),
        ("/v1/rollouts/r2/end", {"ending": "aborted"}),
    )
    assert statuses(answers) == [201, 409, 200, 409, 409, 409, 404, 404]


MALFORMED: list[Call] = [
    ("/v1/rollouts", {"id": "r1", "cell": "canary"}),
    ("/v1/rollouts", {**R1, "baseline": ""}),
    ("/v1/rollouts", {**R1, "baseline": "canary"}),
    ("/v1/rollouts", {**R1, "id": "a/b"}),
    ("/v1/rollouts", {**R1, "weight": 101}),
    ("/v1/rollouts", {**R1, "weight": True}),
    ("/v1/rollouts", {**R1, "by": "a\nb"}),
    ("/v1/rollouts", {**R1, "colour": "red"}),
    ("/v1/rollouts", [R1]),
    ("/v1/rollouts/r1/step", {"weight": "5 %"}),
    ("/v1/rollouts/r1/step", b'{"weight": NaN}'),
    ("/v1/rollouts/r1/end", {"ending": "done"}),
    ("/v1/judge", {"rollout": "r1", "thresholds": {"pass": 70, "marginal": 80}}),
    ("/v1/judge", b'{"rollout": "r1", "thresholds": {"pass": NaN}}'),
    ("/v1/judge", {}),
    ("/v1/signals", {"signals": []}),
    ("/v1/signals", b'{"signals": [{"name": "chargebacks", "cell": "canary", "value": NaN}]}'),
    ("/v1/signals", b'{"signals": [{"name": "chargebacks", "cell": "canary", "value": Infinity}]}'),
    ("/v1/signals", b'{"signals": [{"name": "chargebacks", "cell": "canary", "value": 1e999}]}'),
    ("/v1/signals", {"signals": [{"name": "chargebacks", "cell": "canary", "value": None}]}),
    ("/v1/signals", {"signals": [{"name": "chargebacks", "cell": "canary", "value": -3}]}),
    ("/v1/signals", {"signals": [{"name": "chargebacks", "cell": "canary", "value": 3, "id": "a b"}]}),
    ("/v1/signals", {"signals": [{"name": "chargebacks", "cell": "canary", "value": 1, "at": "2026-11-26T06:00:00"}]}),
]


def test_what_cannot_be_understood_is_a_422_with_its_reason(gate: Gate) -> None:
    """And nothing of it is kept."""
    answers = posted(gate, *MALFORMED)
    wrong = {
        path: answer.status_code
        for (path, _), answer in zip(MALFORMED, answers, strict=True)
        if answer.status_code != 422
    }
    assert wrong == {}
    assert all(answer.json()["error"].isprintable() for answer in answers)
    assert gate.store.rollouts() == []
    assert gate.store.signals("canary", "baseline", since_ns=0) == ()


def test_an_unknown_cell_is_told_with_the_one_that_was_meant(gate: Gate) -> None:
    """Where the cells are known; a rollout of a cell that nobody plays would be inconclusive for ever."""
    gate.cells = Cells(names=lambda: frozenset({"canary", "baseline"}))
    answers = posted(
        gate,
        ("/v1/rollouts", {**R1, "cell": "canray"}),
        ("/v1/signals", {"signals": [{"name": "chargebacks", "cell": "canry", "value": 1}]}),
    )
    assert statuses(answers) == [404, 404]
    assert "did you mean 'canary'" in answers[0].json()["error"]


def signal(**given: Any) -> Call:
    return ("/v1/signals", {"signals": [{"name": "chargebacks", "cell": "canary", "value": 3} | given]})


def at(seconds: float) -> str:
    return datetime.fromtimestamp(NOON_NS / 1e9 + seconds, UTC).isoformat()


def test_a_signal_that_nobody_waits_for_or_that_is_of_another_time_is_refused(gate: Gate) -> None:
    """A name with a typing mistake would never stop anything, and so would one that is too old."""
    answers = posted(
        gate,
        signal(name="chargeback"),
        signal(at=at(600)),
        signal(at=at(-600)),
        signal(at=at(-10)),
        signal(),
    )
    assert statuses(answers) == [404, 422, 422, 200, 200]
    assert "did you mean 'chargebacks'" in answers[0].json()["error"]
    assert len(gate.store.signals("canary", "baseline", since_ns=0)) == 2


def test_a_signal_that_is_reported_again_counts_once(gate: Gate) -> None:
    """Whoever got no answer tries again: with an id of its own a signal is kept once; without one each is another."""
    answers = posted(gate, signal(id="cb-1"), signal(id="cb-1"), signal(id="cb-1", cell="baseline"), signal(), signal())
    assert [answer.json()["kept"] for answer in answers] == [1, 0, 1, 1, 1]
    kept = gate.store.signals("canary", "baseline", since_ns=0)
    assert sorted(one.cell for one in kept) == ["baseline", *["canary"] * 3]


def test_a_signal_rolls_back_at_the_next_poll(gate: Gate) -> None:
    """Hard stops act at once."""

    async def play(client: httpx.AsyncClient) -> list[str]:
        await client.post("/v1/rollouts", json=R1)
        gate.store.observe(pairs(range(1)))
        gate.pass_s(5)
        before = (await client.get("/v1/verdict?rollout=r1")).json()["verdict"]
        path, body = signal()
        await client.post(path, json=body)
        gate.pass_s(2)
        return [before, (await client.get("/v1/verdict?rollout=r1")).json()["reason"]]

    assert gate.asked(play) == ["inconclusive", "hard_stop"]


def test_the_health_of_a_rollout_is_told_once_or_as_it_changes(gate: Gate) -> None:
    """The same document, and no event without a change."""

    async def play(client: httpx.AsyncClient) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        await client.post("/v1/rollouts", json=R1)
        heard: list[dict[str, Any]] = []
        async with client.stream("GET", "/v1/rollouts/r1/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            async for line in stream.aiter_lines():
                if line.startswith("data:") and len(line) > len("data: "):
                    heard.append(json.loads(line.removeprefix("data:")))
                    if len(heard) == 2:
                        break
                    await client.post("/v1/rollouts/r1/step", json={"weight": 25})
                    gate.pass_s(60)
        return (await client.get("/v1/rollouts/r1")).json(), heard

    once, (first, second) = gate.asked(play)
    assert first["rollout"]["steps"] == []
    assert second["rollout"]["steps"][0]["weight"] == 25
    assert once["rollout"] == second["rollout"]
    assert once["verdict"]["verdict"] == "inconclusive"


def test_what_is_read_of_an_unknown_rollout_is_a_404(gate: Gate) -> None:
    """There is nothing to show."""

    async def play(client: httpx.AsyncClient) -> list[int]:
        return [(await client.get(f"/v1/rollouts/r9{more}")).status_code for more in ("", "/events")]

    assert gate.asked(play) == [404, 404]
