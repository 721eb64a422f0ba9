"""Which releases a cell has shown lately: the values of version, rollout step and flag variant, kept to a few.

They come from the target's answers. One that answers something else each time must not make a new series each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic.core.events import RELEASE_LABELS
from synthetic.report.metrics.words import OTHER, bounded

RELEASES_MAX = 8
FORGOTTEN_AFTER_S = 3600.0

Release = tuple[str, str, str]

UNCOUNTED: Release = (OTHER, OTHER, OTHER)


@dataclass(slots=True)
class Releases:
    """The releases of every cell, each with when it was seen last (Unix seconds)."""

    _seen: dict[str, dict[Release, float]] = field(default_factory=dict)

    def of(self, cell: str) -> list[Release]:
        """Those that have series now."""
        return list(self._seen.get(cell, ()))

    def see(self, cell: str, release: Release, at_s: float) -> tuple[Release, list[Release]]:
        """The release to count under, and those that make room for it.

        A new one takes the place of the one that was seen longest ago, if that is over an hour; else it is `other`.
        """
        seen = self._seen.setdefault(cell, {})
        if release in seen or len(seen) < RELEASES_MAX:
            seen[release] = at_s
            return release, []
        oldest = min((known for known in seen if known != UNCOUNTED), key=seen.__getitem__)
        if at_s - seen[oldest] < FORGOTTEN_AFTER_S:
            seen[UNCOUNTED] = at_s
            return UNCOUNTED, []
        del seen[oldest]
        seen[release] = at_s
        return release, [oldest]

    def forget(self, cells: set[str]) -> None:
        """Forget all cells but these."""
        for cell in self._seen.keys() - cells:
            del self._seen[cell]


def release_of(labels: Mapping[str, str], version: str) -> Release:
    """The release that a run's answers told of; `version` is the cells file's, where no answer said one."""
    told = {name: bounded(labels.get(name, "")) for name in RELEASE_LABELS}
    return (told["version"] or bounded(version), told["rollout_step"], told["flag_variant"])
