"""Claims about the pages of a gate that runs: over its own store, judge and door, in a browser."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bench.release_health.releases import RELEASES, STARTED_NS
from bench.release_health.watching import Watching
from synthetic.cli.gate.alone import GateAlone, gate_up
from synthetic.cli.gate.slo_now import SloNow
from synthetic.gate.observed import Observation
from synthetic.report.store import RunStore
from synthetic.rollouts.model import Rollout, Step
from synthetic.rollouts.store import open_store
from synthetic.tests.web.health.browser import CHROMIUM, WITHIN_MS, chromium, elsewhere, opened

TOKEN = "let-me-in-0123456789"
EARLY_S = 50

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: `make chromium` does that, as root"),
]


def played_by_now() -> tuple[int, Sequence[Observation], Watching]:
    """A release whose deposits fail by one PSP, moved to have ended just now; and when it began."""
    watching = Watching.of(RELEASES["broken-psp"])
    began_ns = time.time_ns() - (watching.release.for_s + 5) * 1_000_000_000
    moved = [replace(one, started_ns=one.started_ns - STARTED_NS + began_ns) for one in watching.observations]
    return began_ns, moved, watching


def test_what_a_runner_keeps_reaches_the_page_of_the_gate(tmp_path: Path) -> None:
    """Sign in, see it hold; the runs that make it fail are kept, and the open page says roll back and opens one of them."""
    began_ns, runs, watching = played_by_now()
    early = [one for one in runs if one.started_ns < began_ns + EARLY_S * 1_000_000_000]
    with RunStore(tmp_path / "runs.db") as records:
        records.save(watching.records.values())
    gate = GateAlone(str(tmp_path / "runner.db"), SloNow.of(None), token=TOKEN, records=tmp_path / "runs.db")

    @asynccontextmanager
    async def up() -> AsyncIterator[str]:
        async with gate_up(gate) as (_, address):
            yield address

    with open_store(str(tmp_path / "runner.gate.db")) as store, chromium() as browser:
        store.begin(Rollout("cashier-2.4.0", "canary", "baseline", "", began_ns, "ci", (Step(5, began_ns),)))
        store.observe(early)
        with elsewhere(up) as address, opened(browser) as page:
            page.goto(address)
            page.get_by_label("Token").fill(TOKEN)
            page.keyboard.press("Enter")
            page.get_by_role("link", name="cashier-2.4.0").click()
            expect(page.get_by_role("heading", level=1)).to_contain_text("Hold", timeout=WITHIN_MS)
            expect(page.get_by_role("status")).to_have_text("Live", timeout=WITHIN_MS)
            store.observe([one for one in runs if one not in early])
            expect(page.get_by_role("heading", level=1)).to_contain_text("Roll back", timeout=WITHIN_MS)
            page.locator("#failing a").first.click()
            expect(page.locator("details[open] pre")).to_contain_text("psp_unreachable", timeout=WITHIN_MS)
