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
        ([Blame.HARNESS, Blame.PSP, Blame.PLATFORM], 2),
        ([Blame.HARNESS, Blame.UNKNOWN], 1),
        ([Blame.PSP, Blame.PROVIDER, Blame.UNKNOWN], 0),
    ],
)
def test_the_platforms_breach_is_told_first_and_our_own_doing_last(blames: list[Blame], told: int) -> None:
    """A platform has to hold its books whatever a PSP sends; and what is proven to be ours has a check of its own."""
    findings = tuple(Finding(f"breach {number}", blame) for number, blame in enumerate(blames))
    assert weightiest(findings) is findings[told]
