"""What `synthetic reconcile` says of the same three books: it must find what the reckoning finds, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from bench.crash_storm.scene import Scene
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import HarnessError

WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Opinion:
    """Whether all agree by it, the keys and references that it names, and how many differences it tells."""

    holds: bool
    names: frozenset[str]
    differences: int
    unread: int


def second_opinion(scene: Scene) -> Opinion:
    """Run it in a process of its own, as an operator does. Raises HarnessError where it says nothing."""
    command = [sys.executable, "-m", "synthetic.cli", "reconcile", "--json", "--cells", str(scene.cells_file)]
    command += ["--journal", scene.database, "--platforms", str(scene.folder / "platforms")]
    command += ["--scenarios", str(shipped_root() / "scenarios")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)  # noqa: S603 - our own words
    try:
        told = json.loads(done.stdout)
    except ValueError:
        raise HarnessError(f"synthetic reconcile ended with {done.returncode}: {done.stderr.strip()[-500:]}") from None
    names = frozenset(one[name] for one in told["differences"] for name in ("key", "reference") if one[name])
    return Opinion(told["holds"], names, len(told["differences"]), sum(bool(one["effects"]) for one in told["unread"]))
