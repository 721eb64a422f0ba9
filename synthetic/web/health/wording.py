"""What a page says outside of its script: its title, and its verdict for whoever has no JavaScript."""

from __future__ import annotations

from synthetic.report.health import ReleaseHealth


def title_of(health: ReleaseHealth) -> str:
    """What a tab says: the verdict first."""
    return f"{health.verdict.headline} – {health.rollout.id} – Release Health"


def told_of(health: ReleaseHealth) -> str:
    """The health in a paragraph, for whoever has no JavaScript."""
    verdict = health.verdict
    return f"{verdict.headline} ({verdict.verdict}: {verdict.reason}). {verdict.explanation} {verdict.todo}"
