"""Which codes a negative path may not wait for."""

from __future__ import annotations

import pytest

from synthetic.config.own_codes import is_own_code
from synthetic.core.effects import FaultKind


@pytest.mark.parametrize("kind", FaultKind)
def test_a_transport_fault_is_no_refusal_of_the_platforms(kind: FaultKind) -> None:
    """Every kind there is: none of them proves that the platform said no."""
    assert is_own_code(kind.value)


@pytest.mark.parametrize("code", ["insufficient_funds", "http_declined", "RS_ERROR_INVALID_SIGNATURE", "503"])
def test_a_code_of_the_platforms_may_be_waited_for(code: str) -> None:
    """Even one that looks a little like ours."""
    assert not is_own_code(code)
