"""A folder with what a runner has kept for the gate, and an SLO that a minute of pairs can tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.gate.observed import Observation
from synthetic.rollouts.store import Store, open_store
from synthetic.tests.rollouts.evidence import NOON_NS, S

SLO = """
slo: test
trial: true
window: 1m
tick: 10s
stale: 1m
pairs_min: 10
objectives:
  - {name: deposits, sli: deposit, at_least: 99 %, margin: 30 %}
"""
AGO_S = 75


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are called."""
    (tmp_path / "slo.yaml").write_text(SLO)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kept(folder: Path) -> Iterator[Store]:
    """The gate's store beside the journal `runner.db`."""
    with open_store(str(folder / "runner.gate.db")) as store:
        yield store


@pytest.fixture
def seen(kept: Store) -> Callable[[Sequence[Observation]], None]:
    """Keeps runs as if they had been played just now: noon is 75 s ago."""

    def keep(runs: Sequence[Observation]) -> None:
        apart_ns = time.time_ns() - AGO_S * S - NOON_NS
        kept.observe([replace(one, started_ns=one.started_ns + apart_ns) for one in runs])

    return keep
