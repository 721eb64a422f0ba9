"""The switchboard: where, how often and how long a switch acts, and that each time is counted."""

from __future__ import annotations

import time

import pytest

from synthetic.reference.switchboard import Switch, Switchboard


def board(**about: object) -> Switchboard:
    return Switchboard({"breaks": "it breaks"}, markets={"canary": "MT", "swede": "SE"}, **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("aim", "acts"),
    [
        ({}, {"canary", "swede"}),
        ({"cell": "canary"}, {"canary"}),
        ({"market": "SE"}, {"swede"}),
        ({"psp": "psp-a"}, {"canary", "swede"}),
        ({"psp": "psp-b"}, set()),
        ({"psp": "psp-a", "market": "MT"}, {"canary"}),
    ],
)
def test_a_switch_acts_where_it_is_aimed_at(aim: dict[str, str], acts: set[str]) -> None:
    """By cell, by PSP, by market."""
    at_psp_a = board(psp="psp-a")
    at_psp_a.throw(Switch("breaks", **aim))  # type: ignore[arg-type]
    assert {cell for cell in ("canary", "swede") if at_psp_a.is_on("breaks", cell=cell)} == acts


def test_two_switches_of_one_name_may_aim_at_different_cells() -> None:
    """Each is reset by itself."""
    both = board()
    for cell in ("canary", "swede"):
        both.throw(Switch("breaks", cell=cell))
    both.clear("breaks", cell="canary")
    assert not both.is_on("breaks", cell="canary")
    assert both.is_on("breaks", cell="swede")


def test_a_rate_is_how_often_it_acts_and_each_time_is_counted() -> None:
    """Over 2 000 occasions a rate of 0.2 acts about 400 times (five standard deviations either way)."""
    seldom = board(seed=4711)
    seldom.throw(Switch("breaks", rate=0.2))
    times = sum(seldom.is_on("breaks", cell="canary") for _ in range(2000))
    assert 310 < times < 490
    assert seldom.acted() == [{"name": "breaks", "cell": "canary", "times": times}]


def test_a_switch_acts_for_a_time() -> None:
    """And is gone afterwards."""
    brief = board()
    brief.throw(Switch("breaks", until_s=time.monotonic() - 0.001))
    assert not brief.is_on("breaks", cell="canary")
    assert tuple(brief.thrown()) == ()


def test_a_switch_that_does_not_exist_is_refused() -> None:
    """A typing error must not pass for a healthy platform."""
    with pytest.raises(KeyError):
        board().throw(Switch("braeks"))
