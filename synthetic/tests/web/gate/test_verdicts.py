"""Claims about verdicts over HTTP: always 200, never a NaN, never a pass of what can't be known."""

from __future__ import annotations

import asyncio
import json
import math

import httpx
import pytest

from synthetic.rollouts import desk
from synthetic.rollouts.model import Rollout
from synthetic.rollouts.store import DAY_NS
from synthetic.tests.rollouts.evidence import NOON_NS, S, pairs, run
from synthetic.tests.web.gate.faces import Gate
from synthetic.web.gate.cells import Cells

ROLLOUT = Rollout("r1", "canary", "baseline", "", NOON_NS, "ann")


def no_constant(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


def verdict(gate: Gate, **query: str) -> httpx.Response:
    return gate.asked(lambda client: client.get("/v1/verdict", params=query))


def test_a_clean_release_is_a_pass_with_its_evidence(gate: Gate) -> None:
    """Everything that a person needs to believe it is in the answer."""
    gate.store.begin(ROLLOUT)
    gate.store.observe(pairs(range(70)))
    gate.pass_s(70)
    answer = verdict(gate, rollout="r1")
    body = json.loads(answer.text, parse_constant=no_constant)
    assert (answer.status_code, body["verdict"], body["reason"]) == (200, "pass", "clean")
    assert (body["cell"], body["baseline"], body["rollout"]) == ("canary", "baseline", "r1")
    assert body["streams"][0]["counts"] == {"pairs": 70, "canary_only": 0, "baseline_only": 0, "both": 0}
    assert body["streams"][0]["e_pass"] >= body["streams"][0]["e_pass_needed"]
    assert body["explanation"]


def test_overwhelming_evidence_is_a_number_all_the_same(gate: Gate) -> None:
    """No infinity and no NaN, however sure the gate is."""
    gate.store.begin(ROLLOUT)
    gate.store.observe(pairs(range(2000), every_s=0.03, canary_fails=True))
    gate.pass_s(70)
    body = json.loads(verdict(gate, rollout="r1").text, parse_constant=no_constant)
    assert (body["verdict"], body["reason"]) == ("fail", "regression")
    assert all(math.isfinite(stream["e_pair"]) for stream in body["streams"])


def test_what_is_unknown_is_inconclusive_and_no_error(gate: Gate) -> None:
    """Argo counts a non-2xx as an error of the gate, and an unknown rollout is none."""
    gate.store.observe([run(1)])
    for query in ({"rollout": "r9"}, {"cell": "canry", "baseline": "baseline"}):
        answer = verdict(gate, **query)
        assert (answer.status_code, answer.json()["verdict"], answer.json()["reason"]) == (
            200,
            "inconclusive",
            "unknown",
        )


def test_cells_that_are_no_pair_are_told_and_leave_nothing_behind(gate: Gate) -> None:
    """A poll of them is answered without the judge, who keeps and audits what he decides; a rollout beside them still is."""
    gate.store.observe(pairs(range(3)))
    gate.store.begin(ROLLOUT)
    gate.cells = Cells(pairs=lambda: frozenset({("canary", "baseline")}))

    async def play(client: httpx.AsyncClient) -> list[str]:
        turned = {"cell": "baseline", "baseline": "canary"}
        queries: list[dict[str, str]] = [turned, turned | {"rollout": "r1"}, {"cell": "canary", "baseline": "baseline"}]
        answers = [(await client.get("/v1/verdict", params=query)).json() for query in queries]
        answers.append((await client.post("/v1/judge", json=turned)).json()["score"])
        assert "'canary' beside 'baseline'" in answers[0]["explanation"]
        assert "'canary' beside 'baseline'" in answers[3]["classificationReason"]
        return [answer["rollout"] for answer in answers[:3]]

    assert [name.partition(":")[0] for name in gate.asked(play)] == ["", "r1", "canary"]
    assert gate.store.decisions(f"baseline:canary:1.0@{NOON_NS // S}") == []


def test_a_poll_that_cannot_be_understood_is_a_4xx_with_its_reason(gate: Gate) -> None:
    """Nothing that was misread may look like a verdict."""
    queries = {
        "": "name a `rollout`",
        "cell=canary": "`baseline`",
        "baseline=baseline": "`baseline`",
        "cell=canary&baseline=canary": "two cells",
        "rollout=a%20b": "`rollout`",
        "rollout=../etc": "`rollout`",
        "rollout=r1&rollout=r2": "once",
        "rollout=r1&weight=NaN": "`weight`",
        "rollout=" + "x" * 300: "`rollout`",
    }

    async def play(client: httpx.AsyncClient) -> dict[str, httpx.Response]:
        return {query: await client.get(f"/v1/verdict?{query}") for query in queries}

    for query, answer in gate.asked(play).items():
        assert answer.status_code == 422, query
        assert queries[query] in answer.json()["error"]
        assert "verdict" not in answer.json()


def test_evidence_that_has_grown_old_is_no_pass(gate: Gate) -> None:
    """The release may be bad by now."""
    gate.store.begin(ROLLOUT)
    gate.store.observe(pairs(range(70)))

    async def play(client: httpx.AsyncClient) -> list[str]:
        told = []
        for seconds in (70, 60, DAY_NS / 1e9):
            gate.pass_s(seconds)
            body = (await client.get("/v1/verdict?rollout=r1")).json()
            told.append(f"{body['verdict']}: {body['reason']}")
        return told

    assert gate.asked(play) == ["pass: clean", "inconclusive: stale", "inconclusive: stale"]


def test_a_canary_whose_baseline_is_not_played_is_inconclusive(gate: Gate) -> None:
    """There is nothing to compare it with."""
    gate.store.begin(ROLLOUT)
    gate.store.observe([run(number, at_s=number) for number in range(70)])
    gate.pass_s(70)
    body = verdict(gate, rollout="r1").json()
    assert (body["verdict"], body["reason"]) == ("inconclusive", "not_comparable")


def test_polls_within_a_second_are_answered_by_one_decision(gate: Gate) -> None:
    """A storm of polls costs one look at the store; a second later there is another one."""
    gate.store.begin(ROLLOUT)

    async def play(client: httpx.AsyncClient) -> list[str]:
        first = await asyncio.gather(*(client.get("/v1/verdict?rollout=r1") for _ in range(38)))
        for _ in range(2):
            gate.pass_s(0.4)
            first.append(await client.get("/v1/verdict?rollout=r1"))
        gate.pass_s(6)
        later = await client.get("/v1/verdict?rollout=r1")
        return [answer.json()["at"] for answer in [*first, later]]

    instants = gate.asked(play)
    assert len(set(instants[:40])) == 1
    assert instants[40] != instants[0]


def test_what_waits_for_a_decision_is_bounded(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name that nobody has asked for before needs one: beyond what can wait, callers are told to come later."""
    monkeypatch.setattr(desk, "DECIDING_MAX", 2)
    for number in range(3):
        gate.store.begin(Rollout(f"r{number}", f"canary{number}", "baseline", "", NOON_NS, "ann"))

    async def play(client: httpx.AsyncClient) -> list[int]:
        gate.decides.clear()
        waiting = [asyncio.create_task(client.get(f"/v1/verdict?rollout=r{number}")) for number in range(3)]
        done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        gate.decides.set()
        answers = [*done, *pending]
        return [(await answer).status_code for answer in answers]

    assert gate.asked(play) == [429, 200, 200]


def test_a_gate_whose_store_is_lost_is_broken_and_says_so(gate: Gate) -> None:
    """5xx, so that Argo tries again, and Flagger neither promotes nor rolls back."""

    async def play(client: httpx.AsyncClient) -> httpx.Response:
        gate.store.close()
        return await client.get("/v1/verdict?rollout=r1")

    answer = gate.asked(play)
    assert (answer.status_code, list(answer.json())) == (503, ["error"])


def test_kayenta_reads_the_same_verdict_as_a_score(gate: Gate) -> None:
    """Pass above the threshold, fail at 0, and what is not known between both, where Spinnaker neither promotes nor rolls back."""
    gate.store.begin(ROLLOUT)
    bad = Rollout("r2", "canary2", "baseline", "", NOON_NS, "ann")
    gate.store.begin(bad)
    gate.store.observe(pairs(range(70)))
    gate.store.observe([run(n, at_s=n, cell="canary2", run_id=f"c2-{n}", failed=True) for n in range(70)])
    gate.pass_s(70)

    async def play(client: httpx.AsyncClient) -> list[dict[str, object]]:
        asked = [
            {"rollout": "r1"},
            {"rollout": "r2"},
            {"rollout": "r3", "thresholds": {"pass": 80, "marginal": 50}},
        ]
        answers = [(await client.post("/v1/judge", json=body)).json() for body in asked]
        assert (await client.post("/judge", json=asked[0])).json() == answers[0]  # the same under both paths
        return answers

    good, failed, unknown = gate.asked(play)
    assert (good["score"]["score"], good["score"]["classification"]) == (100.0, "Pass")  # type: ignore[index]
    assert good["results"][0]["classification"] == "Pass"  # type: ignore[index]
    assert (failed["score"]["score"], failed["score"]["classification"]) == (0.0, "Fail")  # type: ignore[index]
    assert failed["results"][0]["classification"] == "High"  # type: ignore[index]
    assert unknown["score"]["classification"] == "Marginal"  # type: ignore[index]
    assert 50 <= unknown["score"]["score"] < 80  # type: ignore[index]
