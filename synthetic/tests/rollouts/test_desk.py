"""Claims about the desk: one rollout that can't be judged holds up no other one, and names that are made up push nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from synthetic.gate.policy import Policy
from synthetic.rollouts import desk as desk_module
from synthetic.rollouts.desk import Busy, Desk
from synthetic.rollouts.judge import Asked, Judge
from synthetic.rollouts.model import Rollout
from synthetic.rollouts.store import Store
from synthetic.rollouts.watch import Judged
from synthetic.tests.rollouts.evidence import NOON_NS, POLICY, TestClock, pairs

ROLLOUT = Rollout("r1", "canary", "baseline", "", NOON_NS, "ann")


@dataclass
class Heard:
    """`Notes` of a desk."""

    judged: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def decided(self, judged: Judged) -> None:
        self.judged.append(judged.rollout.id if judged.rollout else "")

    def open_now(self, rollouts: Sequence[Rollout]) -> None:
        """Not asked for here."""

    def not_judged(self, problem: str) -> None:
        self.problems.append(problem)


def test_a_bug_in_one_rollout_is_told_and_the_others_are_judged(store: Store, clock: TestClock) -> None:
    """Else it would end `synthetic gate serve`, and with it the verdicts of every other release."""
    store.begin(ROLLOUT)
    store.begin(replace(ROLLOUT, id="r2", cell="canary2"))
    met = [RuntimeError("boom")]

    def policy() -> Policy:
        if met:
            raise met.pop()
        return POLICY

    heard = Heard()
    desk = Desk(Judge(store, policy, clock), clock, heard)

    async def play() -> None:
        await desk.look()
        assert len(heard.judged) == 1
        assert "bug of synthetic: RuntimeError('boom')" in heard.problems[0]
        await desk.look()

    asyncio.run(play())
    assert set(heard.judged) == {"r1", "r2"}
    assert heard.problems[1:] == [""]


def test_cells_that_are_named_leave_room_for_rollouts_that_were_begun(
    store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody who may read can name two cells, and each pair is a decision of its own."""
    monkeypatch.setattr(desk_module, "SEEN_DECIDING_MAX", 1)
    store.begin(ROLLOUT)
    desk = Desk(Judge(store, lambda: POLICY, clock), clock)

    async def play() -> Sequence[Judged | BaseException]:
        named = [Asked(cell=f"cell-{n}", baseline="baseline") for n in range(3)]
        return await asyncio.gather(
            *(desk.verdict(asked) for asked in (*named, Asked(rollout="r1"))), return_exceptions=True
        )

    kinds = [type(answer) for answer in asyncio.run(play())]
    assert kinds == [Judged, Busy, Busy, Judged]


def test_names_that_nobody_knows_do_not_push_out_what_was_decided(
    store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next poll of the controller is answered by the decision that is there."""
    monkeypatch.setattr(desk_module, "KEPT_MAX", 2)
    store.begin(ROLLOUT)
    store.observe(pairs(range(3)))
    heard = Heard()
    desk = Desk(Judge(store, lambda: POLICY, clock), clock, heard)

    async def play() -> None:
        for name in ("r1", "made-up-1", "made-up-2", "made-up-3", "r1"):
            await desk.verdict(Asked(rollout=name))

    asyncio.run(play())
    assert heard.judged == ["r1"]
