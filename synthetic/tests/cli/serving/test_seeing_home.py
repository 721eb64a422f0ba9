"""A service that ends says so where money is left, also money that nobody holds at that moment."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path

import pytest

from synthetic.cli.project import CHECK_NAMES
from synthetic.cli.serving import service as serving
from synthetic.config.serving import load_serving
from synthetic.config.shipped import shipped_root
from synthetic.core.plan_serving import ServingPlan
from synthetic.journal.model import NewRun
from synthetic.tests.cli.serving.conftest import SERVE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SELDOM = "{scenarios: [login], cells: [canary], every: 1h}"


@pytest.mark.parametrize("postponed", [False, True])
def test_a_run_between_two_recoveries_is_not_home(
    tmp_path: Path, synthetic_cells_file: Path, monkeypatch: pytest.MonkeyPatch, *, postponed: bool
) -> None:
    """It has no holder, and is open: the service waits for it, and does not say that all is home."""
    monkeypatch.setattr(serving, "DRAIN_S", 4.0)
    file = tmp_path / "runner.yaml"
    text = SERVE.format(
        cells=synthetic_cells_file,
        root=shipped_root(),
        platforms=shipped_root() / "fixtures" / "platforms",
        probe=SELDOM,
    )
    file.write_text(text.replace("env:SERVING_TEST_DATABASE", "runner.db"), encoding="utf-8")

    def load() -> ServingPlan:
        return load_serving(file, known_checks=CHECK_NAMES)

    async def go() -> tuple[bool, int]:
        gc.unfreeze()  # whatever a platform in this process has set aside
        async with serving.service_up(load(), load, "w1") as service:
            assert gc.get_freeze_count() > 10_000, "what is loaded is set aside, or collecting it stops the schedule"
            if postponed:
                run = NewRun("r-open", "p", "login", "", "canary", {}, 1, 1, 0)
                lease = service.book.admit(run, candidates=[("nobody", "canary/nobody")], worker="gone", ttl_s=60.0)
                assert lease is not None
                service.book.postpone(lease, "the platform did not answer", next_try_ns=time.time_ns() + 3600 * 10**9)
            asyncio.get_running_loop().call_later(0.5, service.stop, "the test is over")
            return await service.serve(), service._left()

    home, left = asyncio.run(go())
    assert (home, left) == ((False, 1) if postponed else (True, 0))
