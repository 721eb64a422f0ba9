"""What of a check's findings is told, where there are several."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthetic.core.checks import Finding
from synthetic.core.history import Clock
from synthetic.core.machine.judging import history_of, weightiest
from synthetic.core.machine.state import RunState
from synthetic.core.outcome import Blame
from synthetic.tests.core.machine.playing import make_spec


@pytest.mark.parametrize(
    ("blames", "told"),
    [
        ([Blame.PSP, Blame.PLATFORM], 1),
        ([Blame.PLATFORM, Blame.PLATFORM], 0),
        ([Blame.HARNESS, Blame.PSP, Blame.PLATFORM], 2),
        ([Blame.HARNESS, Blame.UNKNOWN], 1),
        ([Blame.PSP, Blame.PROVIDER, Blame.UNKNOWN], 0),
    ],
)
def test_the_platforms_breach_is_told_first_and_our_own_doing_last(blames: list[Blame], told: int) -> None:
    """A platform has to hold its books whatever a PSP sends; and what is proven to be ours has a check of its own."""
    findings = tuple(Finding(f"breach {number}", blame) for number, blame in enumerate(blames))
    assert weightiest(findings) is findings[told]


@pytest.mark.parametrize(
    ("endpoint", "side"),
    [
        ("trustly", "psp"),
        ("spinner", "provider"),
        ("idp", "provider"),
        ("api", "platform"),
        ("psp-gateway", "platform"),
    ],
)
def test_a_clock_is_of_the_side_that_the_cell_says(endpoint: str, side: str) -> None:
    """By its lists of PSPs and providers; how a name begins says nothing."""
    spec = make_spec("  - {id: login, call: login}\n")
    state = RunState(replace(spec, cell=replace(spec.cell, psps=("trustly",), providers=("spinner",))))
    state.clock_skews_s[endpoint] = 400
    assert [(clock.who, clock.side) for clock in history_of(state, finished=True).of(Clock)] == [(endpoint, side)]
