"""What a cell tells about itself: release headers, traces, logs, metrics, health; and how it stops."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.tracing import outgoing_headers
from synthetic.tests.reference.cell.running import RunningCell, running_cell, wait_until

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
RELEASE = {"x-cell-version": "2.0.0", "x-rollout-step": "2", "x-flag-variant": "on"}


def failing_routes(context: CellContext) -> list[BaseRoute]:
    async def fail(_request: Request) -> Response:
        raise RuntimeError("a bug")

    async def break_later() -> None:
        raise RuntimeError("a bug")

    async def fail_later(_request: Request) -> Response:
        context.background.spawn(break_later(), name="fails later")
        return Response(status_code=202)

    async def onward(_request: Request) -> Response:
        return JSONResponse(outgoing_headers())

    return [Route("/fail", fail), Route("/fail-later", fail_later), Route("/onward", onward)]


def test_every_answer_names_its_release(tmp_path: Path) -> None:
    """Success, refusal, not found and our own failure: all carry the version, the rollout step and the variant."""
    with running_cell(tmp_path, modules=[failing_routes]) as cell:
        answers = [cell.client.get(path) for path in ("/healthz", "/me", "/nowhere", "/fail")]
    assert [answer.status_code for answer in answers] == [200, 401, 404, 500]
    for answer in answers:
        assert RELEASE.items() <= dict(answer.headers).items()
    assert answers[-1].json()["error"] == "internal"


def test_the_callers_trace_comes_back(cell: RunningCell) -> None:
    """`traceparent` is answered as X-Trace-Id; a missing or malformed one gets a new trace id."""
    assert cell.client.get("/healthz", headers={"traceparent": TRACEPARENT}).headers["X-Trace-Id"] == TRACE_ID
    for bad in ("", "00-xyz", TRACEPARENT.replace(TRACE_ID, "0" * 32), "ff" + TRACEPARENT[2:]):
        fresh = cell.client.get("/healthz", headers={"traceparent": bad}).headers["X-Trace-Id"]
        assert re.fullmatch(r"[0-9a-f]{32}", fresh)
        assert fresh not in {TRACE_ID, "0" * 32}


def test_the_trace_and_the_run_go_on_to_counterparties(tmp_path: Path) -> None:
    """A request that the cell makes itself carries the same trace under a span of its own, and the run."""
    with running_cell(tmp_path, modules=[failing_routes]) as cell:
        onward = cell.client.get("/onward", headers={"traceparent": TRACEPARENT, "X-Synthetic-Run": "run-1"}).json()
    assert onward["X-Synthetic-Run"] == "run-1"
    assert onward["traceparent"].startswith(f"00-{TRACE_ID}-")
    assert onward["traceparent"] != TRACEPARENT


def test_a_request_is_one_json_log_line_without_secrets(cell: RunningCell, caplog: pytest.LogCaptureFixture) -> None:
    """Route, status, trace and run are in it; the password and the token are not."""
    with caplog.at_level(logging.INFO, logger="synthetic.reference.cell"):
        headers = cell.login("ada") | {"traceparent": TRACEPARENT, "X-Synthetic-Run": "run-1"}
        cell.client.get("/wallet/balance", headers=headers)
        wait_until(lambda: any('"/wallet/balance"' in message for message in caplog.messages))
    # Other cells of this process may log meanwhile: only what our trace is in is ours.
    (line,) = [json.loads(message) for message in caplog.messages if TRACE_ID in message]
    assert (line["route"], line["status"], line["trace_id"], line["synthetic_run"]) == (
        "/wallet/balance",
        200,
        TRACE_ID,
        "run-1",
    )
    assert "ada-password" not in caplog.text
    assert headers["Authorization"].removeprefix("Bearer ") not in caplog.text


def test_an_unexpected_failure_is_logged_with_its_trace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The 500 hides the error from the caller, not from us."""
    with running_cell(tmp_path, modules=[failing_routes]) as cell:
        answer = cell.client.get("/fail")
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [json.loads(record.getMessage())["event"] for record in failures] == ["request_failed"]
    assert "a bug" not in answer.text


def test_metrics_carry_the_release_and_the_route(cell: RunningCell) -> None:
    """Requests are counted and timed by route pattern; paths that nobody serves share one label."""
    for path in ("/me", "/me", "/nowhere/1", "/nowhere/2"):
        cell.client.get(path)
    labels = 'flag_variant="on",method="GET",rollout_step="2",route="{}",status="{}",version="2.0.0"'
    text = ""

    def counted() -> bool:
        nonlocal text
        text = cell.client.get("/metrics").text
        return f"cell_http_requests_total{{{labels.format('unmatched', 404)}}} 2.0" in text

    wait_until(counted)
    assert f"cell_http_requests_total{{{labels.format('/me', 401)}}} 2.0" in text
    assert 'cell_http_request_duration_seconds_bucket{flag_variant="on",le="0.0025"' in text
    assert "nowhere" not in text


def test_two_cells_in_one_process_count_apart(tmp_path: Path) -> None:
    """Each cell has a registry of its own."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with running_cell(tmp_path / "a") as one, running_cell(tmp_path / "b") as other:
        one.client.get("/me")
        wait_until(lambda: 'route="/me"' in one.client.get("/metrics").text)
        assert 'route="/me"' not in other.client.get("/metrics").text


def test_healthz_answers_which_cell_it_is(cell: RunningCell) -> None:
    """A probe's first question."""
    answer = cell.client.get("/healthz").json()
    assert answer == {"status": "ok", "cell": "canary", "track": "canary", "version": "2.0.0"}


def test_a_failed_task_is_one_json_log_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Work in the background that fails is logged by its name, in the form of every other log line of the cell."""
    with running_cell(tmp_path, modules=[failing_routes]) as cell:
        assert cell.client.get("/fail-later").status_code == 202
        wait_until(lambda: any("fails later" in message for message in caplog.messages))
    (line,) = [json.loads(message) for message in caplog.messages if "fails later" in message]
    assert (line["event"], line["error"], line["task"]) == ("background_failed", "RuntimeError", "fails later")
