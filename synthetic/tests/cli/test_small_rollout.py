"""The rollout of the demo: what is played next, and what a controller does at each verdict."""

from __future__ import annotations

from collections.abc import Callable

from synthetic.cli.small_rollout import SmallRollout, rounds_needed
from synthetic.core.outcome import RunOutcome
from synthetic.gate.observed import Observation
from synthetic.report.summary import ShareBlock
from synthetic.runner.specs import Turn
from synthetic.tests.gate.playing import FAILED, LAW, OK, run, step

PSPS = ("psp-a", "psp-b", "psp-c")
A_ROUND = 24
Seen = Callable[[int, str, str], RunOutcome]


def clean(_number: int, _psp: str, _track: str) -> RunOutcome:
    return OK


def turns(rounds: int) -> list[Turn]:
    """Each round plays every PSP eight times."""
    return [
        Turn((), {"psp": PSPS[place % 3]}, number, f"{number}-{place}")
        for number in range(rounds_needed(rounds))
        for place in range(A_ROUND)
    ]


def seen_of(turn: Turn, number: int, outcome: Seen, broken: str) -> list[Observation]:
    """Both runs of a turn, as the gate sees them; a pair every 0.4 s, as the demo plays them."""
    psp, seen = turn.row["psp"], []
    for track in ("canary", "baseline"):
        ended = outcome(number, psp, track)
        steps = [
            step("login"),
            step("deposit", held=ended is OK, psp=psp),
            *([step("withdraw")] if ended is OK else []),
        ]
        laws = (broken,) if broken and track == "canary" else ()
        seen.append(run(track, ended, pair=turn.pair, at_s=number * 0.4, row=turn.row, steps=steps, broken=laws))
    return seen


def rolled_out(outcome: Seen = clean, broken: str = "", rounds: int = 3) -> tuple[SmallRollout, int]:
    """The rollout at its end, and how many pairs it took."""
    told: list[ShareBlock] = []
    rollout = SmallRollout.over(turns(rounds), rounds, "canary", "baseline", told.append)
    seen: list[Observation] = []
    played, batch = 0, rollout.batches.pop(0)
    while batch:
        for turn in batch:
            seen += seen_of(turn, played, outcome, broken)
            played += 1
        batch = rollout.after(seen)
    assert told == rollout.shares
    return rollout, played


def course(rollout: SmallRollout) -> list[tuple[int, str, str]]:
    return [(share.weight, share.verdict, share.then) for share in rollout.shares]


def test_a_healthy_canary_goes_from_share_to_share() -> None:
    """Within the rounds that were asked for, each share after pairs of its own."""
    rollout, played = rolled_out()
    assert course(rollout) == [
        (5, "pass", "goes on"),
        (25, "pass", "goes on"),
        (50, "pass", "goes on"),
        (100, "pass", "promotes it"),
    ]
    assert rollout.is_promoted
    assert A_ROUND < played <= 3 * A_ROUND
    assert [share.pairs for share in rollout.shares] == sorted({share.pairs for share in rollout.shares})


def test_a_broken_law_is_rolled_back_after_the_first_round() -> None:
    """Proof needs no second look."""
    rollout, played = rolled_out(broken=LAW)
    assert course(rollout) == [(5, "fail", "rolls it back")]
    assert (rollout.shares[0].reason, played, rollout.is_promoted) == ("money_law", A_ROUND, False)


def test_a_canary_that_turns_bad_is_rolled_back_at_the_share_that_it_has() -> None:
    """It passed at 5 %, and was never promoted."""
    rollout, _ = rolled_out(lambda number, _psp, track: FAILED if number >= 40 and track == "canary" else OK)
    assert course(rollout)[0] == (5, "pass", "goes on")
    assert course(rollout)[-1][1:] == ("fail", "rolls it back")
    assert not rollout.is_promoted


def test_a_fault_of_both_sides_is_looked_at_twice_and_held() -> None:
    """It is not the release's fault, and more pairs would not make it go away."""
    rollout, played = rolled_out(lambda _number, psp, _track: FAILED if psp == "psp-b" else OK)
    assert course(rollout) == [(5, "inconclusive", "holds it")]
    assert (rollout.shares[0].reason, played) == ("shared_fault", A_ROUND + A_ROUND // 3)


def test_a_gate_that_is_not_sure_has_more_played() -> None:
    """One round is too few for four passes, so what is spare is played: a healthy canary is not held for want of pairs."""
    rollout, played = rolled_out(rounds=1)
    assert rollout.is_promoted
    assert A_ROUND < played <= rounds_needed(1) * A_ROUND


def test_a_failure_of_the_canary_alone_is_held_at_the_end_of_the_rounds() -> None:
    """Too seldom for a fail, and no pass beside it: somebody looks at the run that failed, nobody waits for minutes."""
    rollout, played = rolled_out(lambda number, _psp, track: FAILED if number == 0 and track == "canary" else OK)
    assert course(rollout) == [(5, "inconclusive", "holds it")]
    assert (rollout.shares[0].reason, played) == ("pause", 3 * A_ROUND)
