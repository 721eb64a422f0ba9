"""What of a check's findings is told, where there are several."""

from __future__ import annotations

import pytest

from synthetic.core.checks import Finding
from synthetic.core.machine.judging import weightiest
from synthetic.core.outcome import Blame


@pytest.mark.parametrize(
    ("blames", "told"),
    [
        ([Blame.PSP, Blame.PLATFORM], 1),
        ([Blame.PLATFORM, Blame.PLATFORM], 0),
        ([Blame.PSP, Blame.PLATFORM, Blame.HARNESS], 2),
        ([Blame.PSP, Blame.PROVIDER, Blame.UNKNOWN], 0),
    ],
)
def test_our_own_doing_is_told_first_then_the_platforms(blames: list[Blame], told: int) -> None:
    """A gate must not hold ours against a release; and a platform has to hold its books whatever a PSP sends."""
    findings = tuple(Finding(f"breach {number}", blame) for number, blame in enumerate(blames))
    assert weightiest(findings) is findings[told]
