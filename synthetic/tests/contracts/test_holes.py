"""Templates: filled for the consumer, and turned into generators for the verifier."""

from __future__ import annotations

import pytest

from synthetic.contracts.holes import filled, generators_of

TEMPLATE = {"id": "dp_${deposit}", "amount": 100, "none": None, "lines": [{"key": "${key}"}, "plain"]}


def test_a_template_is_filled_at_every_depth() -> None:
    """What is no hole stays what it is."""
    assert filled(TEMPLATE, {"deposit": "dep_1", "key": 7}) == {
        "id": "dp_dep_1",
        "amount": 100,
        "none": None,
        "lines": [{"key": "7"}, "plain"],
    }


def test_a_hole_without_a_value_is_an_error() -> None:
    """Nothing is sent with a hole in it."""
    with pytest.raises(KeyError, match="key"):
        filled(TEMPLATE, {"deposit": "dep_1"})


def test_each_hole_is_a_generator_at_its_path() -> None:
    """And nothing else is."""
    assert generators_of(TEMPLATE) == {
        "$.id": {"type": "ProviderState", "expression": "dp_${deposit}"},
        "$.lines[0].key": {"type": "ProviderState", "expression": "${key}"},
    }
