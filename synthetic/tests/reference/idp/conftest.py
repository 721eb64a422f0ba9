"""One identity provider for all tests of this folder; each starts with no switch thrown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthetic.tests.reference.idp.running import RunningIdp, running_idp


@pytest.fixture(scope="session")
def served_idp() -> Iterator[RunningIdp]:
    with running_idp() as idp:
        yield idp


@pytest.fixture
def idp(served_idp: RunningIdp) -> RunningIdp:
    """The provider with no switch thrown."""
    served_idp.board.clear()
    return served_idp
