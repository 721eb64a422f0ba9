"""The same page as one HTML file, for a release's ticket: the document, and the failing runs that it lists, inside."""

from __future__ import annotations

from synthetic.report.health import ReleaseHealth, RunView
from synthetic.web.health.page import exported_page
from synthetic.web.health.releases import Releases
from synthetic.web.health.wording import title_of, told_of

RUNS_MAX = 40
"""Waterfalls in one file; a ticket takes no more than a few megabytes."""


async def exported(releases: Releases, rollout: str, *, trace_url: str = "") -> str | None:
    """The file's text; None: there is no such rollout. Runs whose record is gone are in the lists, without a waterfall."""
    health = await releases.health(rollout)
    if health is None:
        return None
    runs: dict[str, RunView] = {}
    for run_id in [run.run_id for group in health.failing for run in group.runs][:RUNS_MAX]:
        record = await releases.run(rollout, run_id)
        if record is not None:
            runs[run_id] = RunView.of(record, trace_url=trace_url)
    return export_of(health, runs)


def export_of(health: ReleaseHealth, runs: dict[str, RunView]) -> str:
    """The file of a document and the runs behind it."""
    data = {
        "export": True,
        "health": health.model_dump(mode="json"),
        "runs": {run_id: view.model_dump(mode="json") for run_id, view in runs.items()},
    }
    return exported_page(title_of(health), told_of(health), data)
