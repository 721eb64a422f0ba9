"""Claims about what the app tells: metrics and health."""

from __future__ import annotations

import asyncio
import gc
import time

import httpx
import pytest

from synthetic.core.errors import HarnessError
from synthetic.report.metrics.exposition import OPENMETRICS, TEXT, pieces
from synthetic.runner.health import Health, Reason, Trouble
from synthetic.tests.report.metrics.scraped import fed, series
from synthetic.tests.sli.streams import passing
from synthetic.tests.web.faces import NO_TLS, Worker, asked, facing
from synthetic.web import build_app, serving


def got(worker: Worker, path: str, accept: str = "*/*", token: str = "") -> httpx.Response:
    return asked(worker, lambda client: client.get(path, headers={"Accept": accept}), token)


def test_metrics_are_text_for_a_person_and_openmetrics_for_prometheus() -> None:
    """Exemplars go to whoever accepts them."""
    worker = Worker(metrics=fed(passing()))
    text = got(worker, "/metrics")
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "synthetic_runs_total{" in text.text
    assert "trace_id" not in text.text
    opened = got(worker, "/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert opened.headers["content-type"] == OPENMETRICS.content_type
    assert '# {trace_id="0af7651916cd43dd8448eb211c80319c"}' in opened.text
    assert opened.text.endswith("# EOF\n")


def test_the_scrape_tells_the_health_of_the_runner() -> None:
    """An alert needs no second source."""
    worker = Worker(health=Health((Trouble(Reason.TAINTED, "6 of 100"),)))
    text = got(worker, "/metrics").text
    assert 'synthetic_runner_unhealthy{reason="tainted"} 1.0' in text
    assert 'synthetic_runner_unhealthy{reason="journal"} 0.0' in text


def test_a_large_scrape_lets_go_of_the_event_loop() -> None:
    """While some 40 000 series are written out, another task gets its turn; in CPU time, which other processes do not spoil."""
    worker = Worker(metrics=fed(probes=tuple(series(scenario=f"s{n}") for n in range(400))))
    began = time.thread_time()
    lines = sum(piece.count(b"\n") for piece in pieces(worker.metrics, TEXT))
    whole_s = time.thread_time() - began

    async def play() -> float:
        worst_s = 0.0

        async def beat() -> None:
            nonlocal worst_s
            while True:
                before = time.thread_time()
                await asyncio.sleep(0)
                worst_s = max(worst_s, time.thread_time() - before)

        async with facing(worker) as client:
            beating = asyncio.create_task(beat())
            async with client.stream("GET", "/metrics") as answer:
                read = [chunk.count(b"\n") async for chunk in answer.aiter_raw()]
            beating.cancel()
        assert abs(sum(read) - lines) < 100  # the runner's health is told as well
        return worst_s

    gc.collect()
    gc.disable()
    try:
        worst_s = asyncio.run(play())
    finally:
        gc.enable()
    assert worst_s < whole_s / 6


TAINTED = Health((Trouble(Reason.TAINTED, "6 of 100 runs"),))
DEAD = Health((Trouble(Reason.SCHEDULER_DEAD, "not for 40 s"), Trouble(Reason.JOURNAL, "disk full")))


@pytest.mark.parametrize(
    ("health", "alive", "ready", "status"),
    [(Health(), 200, 200, "ok"), (TAINTED, 200, 503, "not_ready"), (DEAD, 503, 503, "broken")],
)
def test_health_tells_the_truth(health: Health, alive: int, ready: int, status: str) -> None:
    """Readiness ends with the first reason, life only with one that a restart mends; every reason is told."""
    for path, expected in (("/healthz", alive), ("/readyz", ready)):
        answer = got(Worker(health=health), path)
        assert answer.status_code == expected
        told = answer.json()
        assert told["status"] == status
        assert [(reason["reason"], reason["message"]) for reason in told["reasons"]] == [
            (trouble.reason, trouble.message) for trouble in health.troubles
        ]
    assert answer.headers["cache-control"] == "no-store"


def test_a_port_that_is_taken_is_told_by_its_name() -> None:
    """And not as a stack of asyncio."""

    async def play() -> None:
        app = build_app(metrics=fed(), health=Health)
        async with serving(app) as address:
            port = int(address.rsplit(":", 1)[1])
            with pytest.raises(HarnessError, match=f"can't listen on 127.0.0.1:{port}: Address already in use"):
                async with serving(app, port=port):
                    pass

    asyncio.run(play())


def test_after_the_end_nobody_listens() -> None:
    """The port is free again, and no task is left on the loop."""

    async def play() -> None:
        async with (
            serving(build_app(metrics=fed(), health=Health)) as address,
            httpx.AsyncClient(verify=NO_TLS) as client,
        ):
            await client.get(f"{address}/healthz")
        async with httpx.AsyncClient(verify=NO_TLS) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"{address}/healthz")
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(play())
