"""What judges the commands of manifests and runbooks sees what the command line would not accept."""

from __future__ import annotations

import pytest

from synthetic.tests.deploy.accepting import refusal


@pytest.mark.parametrize(
    "command",
    [
        "run --cells x.yaml --tag smoke",
        "audit verify DIR",
        "serve runner.yaml --worker w1",
        "kill --status",
        "--version",
    ],
)
def test_what_is_right_is_accepted(command: str) -> None:
    """Though no such file exists."""
    assert refusal(command.split()) == ""


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("rum --cells x.yaml", "has no verb 'rum'"),
        ("audit verifi DIR", "has no verb 'verifi'"),
        ("run --cell", "requires an argument"),
        ("run --format pdf", "'pdf' is not one of"),
        ("run --repeat many", "should be a valid integer"),
        ("kill --because x", "No such option"),
        ("audit verify ONE TWO", "unexpected extra argument"),
        ("serve runner.yaml --for 0", "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_told(command: str, why: str) -> None:
    """With the reason."""
    assert why in refusal(command.split())
