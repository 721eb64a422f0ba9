"""Every call of the gate in one table: the routes and the OpenAPI document are both made of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from synthetic.core.ports import Clock
from synthetic.report.health import ReleaseHealth
from synthetic.web.gate import documents as d
from synthetic.web.gate.calls import FRESH, Answers, Call
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.flagger import Flagger
from synthetic.web.gate.guard import Guard
from synthetic.web.gate.health import HealthDesk
from synthetic.web.gate.openapi import openapi
from synthetic.web.gate.releases import Releases
from synthetic.web.gate.signals import Signals
from synthetic.web.gate.verdicts import Verdicts
from synthetic.web.health import Live

_UNKNOWN: Answers = {404: ("No such rollout.", d.ProblemOut)}
_CELL: Answers = {404: ("No such cell, or no such signal.", d.ProblemOut)}
_HOLDS: Answers = {
    403: ("The canary has failed: it is not confirmed.", d.HookOut),
    412: ("Not yet known: the release is held.", d.HookOut),
}


def gate_routes(health: HealthDesk, guard: Guard, cells: Cells, clock: Clock) -> list[Route]:
    """The routes of the gate, for any app."""
    calls = gate_calls(health, cells, clock)
    return [call.route(guard) for call in (*calls, _described(calls))]


def gate_calls(health: HealthDesk, cells: Cells, clock: Clock) -> list[Call]:
    """Every call but the one that describes them."""
    desk = health.desk
    releases = Releases(desk, cells, clock, health, Live(health))
    return [
        *_verdicts(Verdicts(desk, cells)),
        *_hooks(Flagger(desk, cells, clock, health.around.kill)),
        *_releases(releases),
        *_reading(releases),
        Call(
            "POST",
            "/v1/signals",
            "Report what the platform sees by itself, such as chargebacks, for a hard stop of the policy.",
            Signals(desk, cells, clock).post,
            {200: ("Kept.", d.SignalsOut), **_CELL},
            body=d.PostedSignals,
            changes=True,
        ),
    ]


def _verdicts(verdicts: Verdicts) -> list[Call]:
    return [
        Call(
            "GET",
            "/v1/verdict",
            "The verdict of a rollout, for Argo's web provider and whoever else polls.",
            verdicts.verdict,
            {200: ("The verdict, whatever it is.", d.VerdictOut)},
            query=d.Asking,
        ),
        *(
            Call(
                "POST",
                path,
                "The same as a score, in Kayenta's words.",
                verdicts.judge,
                {200: ("The judgement.", d.JudgeOut)},
                body=d.JudgeRequest,
            )
            for path in ("/v1/judge", "/judge")
        ),
    ]


def _hooks(flagger: Flagger) -> list[Call]:
    confirmed: Answers = {200: ("A pass: go on.", d.HookOut), **_HOLDS}
    begun: Answers = {200: ("It is watched: go on.", d.HookOut), **_HOLDS}
    rolled_back: Answers = {
        200: ("A fail: roll back.", d.HookOut),
        409: ("A pass: do not roll back.", d.HookOut),
        412: ("Not known: do not roll back.", d.HookOut),
    }
    heard: Answers = {200: ("Heard.", d.HookOut)}
    hooks = (
        ("confirm-rollout", "Begin to watch a rollout.", flagger.confirm_rollout, begun),
        ("confirm-traffic-increase", "May the canary take more?", flagger.confirm_traffic_increase, confirmed),
        ("confirm-promotion", "May the canary be promoted?", flagger.confirm_promotion, confirmed),
        ("rollback", "Has the canary to be rolled back?", flagger.rollback, rolled_back),
        ("event", "What Flagger does: steps and the end of a rollout.", flagger.event, heard),
    )
    return [
        Call("POST", f"/v1/flagger/{name}", does, handler, answers, body=d.FlaggerHook, changes=True)
        for name, does, handler, answers in hooks
    ]


def _releases(releases: Releases) -> list[Call]:
    kept: Answers = {200: ("As it is kept.", d.RolloutOut)}
    ended: Answers = {409: ("It has ended, or is another one.", d.ProblemOut)}
    return [
        Call("GET", "/v1/rollouts", "The newest rollouts.", releases.listed, {200: ("Newest first.", d.RolloutsOut)}),
        Call(
            "POST",
            "/v1/rollouts",
            "A release begins to go into a cell.",
            releases.begin,
            {201: ("Begun.", d.RolloutOut), 200: ("It was begun before.", d.RolloutOut), **_CELL, **ended},
            body=d.BeginRollout,
            changes=True,
        ),
        Call(
            "POST",
            "/v1/rollouts/{id}/step",
            "The canary takes another share of the traffic.",
            releases.step,
            {**kept, **_UNKNOWN, **ended},
            body=d.StepRollout,
            changes=True,
        ),
        Call(
            "POST",
            "/v1/rollouts/{id}/end",
            "A rollout is over.",
            releases.end,
            {**kept, **_UNKNOWN, **ended},
            body=d.EndRollout,
            changes=True,
        ),
    ]


def _reading(releases: Releases) -> list[Call]:
    return [
        Call(
            "GET",
            "/v1/rollouts/{id}",
            "The health of a release: verdict, evidence, failing runs.",
            releases.one,
            {200: ("As it is now.", ReleaseHealth), **_UNKNOWN},
        ),
        Call(
            "GET",
            "/v1/rollouts/{id}/events",
            "The same document as server-sent events, whenever it has changed.",
            releases.events,
            {200: ("A stream that does not end.", None), **_UNKNOWN},
            produces="text/event-stream",
        ),
    ]


def _described(calls: Sequence[Call]) -> Call:
    """The call that describes them all, itself among them."""
    described: list[bytes] = []

    async def tell(request: Request) -> Response:  # noqa: ARG001 - as the others
        return Response(described[0], headers=FRESH, media_type="application/json")

    itself = Call("GET", "/openapi.json", "This document.", tell, {200: ("OpenAPI 3.1.", None)}, open=True)
    document: dict[str, Any] = openapi([*calls, itself])
    described.append(json.dumps(document, allow_nan=False).encode())
    return itself
