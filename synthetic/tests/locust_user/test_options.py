"""What `locust` takes on its command line beside its own options."""

from __future__ import annotations

from argparse import Namespace

import pytest

from synthetic.core.errors import AuthorError
from synthetic.locust_user.options import arrivals_of


@pytest.mark.parametrize("rate", [-5.0, 0.0, float("nan"), float("inf"), 1e9])
def test_a_rate_that_there_cannot_be_is_refused(rate: float) -> None:
    """The closed model in its place would pass without the load that was asked for."""
    with pytest.raises(AuthorError, match="is no rate: it is a number of runs a second, over 0"):
        arrivals_of(Namespace(arrivals=rate))


def test_a_rate_is_asked_for_or_it_is_not() -> None:
    """Left out is the closed model."""
    assert [arrivals_of(Namespace(arrivals=rate)) for rate in (None, 0.5, 20.0)] == [0.0, 0.5, 20.0]
