"""A result reaches the scenario as it came, but for when it was handed over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from synthetic.core.effects import Result
from synthetic.drivers.course import handed_over
from synthetic.tests.distinct import distinct


@pytest.mark.parametrize("kind", get_args(Result))
def test_a_result_is_handed_over_whole(kind: Any) -> None:
    """Every field of every kind of result, and of its times: the copy is the one that `dataclasses.replace` makes."""
    came = distinct(kind)
    assert handed_over(came, 7, 8) == replace(came, times=replace(came.times, handled=7, lag_ns=8))
