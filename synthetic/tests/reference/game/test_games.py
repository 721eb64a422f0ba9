"""What the games pay."""

from __future__ import annotations

from synthetic.reference.game.games import cancelled, double_or_nothing, games_of, share_of, stake_back

ROUNDS = [f"r-{number}" for number in range(20_000)]


def test_low_variance_returns_98_percent() -> None:
    """Zero or twice the stake; the mean over many ids is 98 % within a few standard errors."""
    payouts = [double_or_nothing(round_id, 100) for round_id in ROUNDS]
    assert set(payouts) == {0, 200}
    assert abs(sum(payouts) / len(payouts) - 98) < 3


def test_a_round_can_be_replayed() -> None:
    """The result is a function of the round's id."""
    assert [double_or_nothing(round_id, 20) for round_id in ROUNDS[:50]] == [
        double_or_nothing(round_id, 20) for round_id in ROUNDS[:50]
    ]
    assert double_or_nothing("r-1", 20) in {0, 40}


def test_shares_are_uniform_and_independent_of_the_result() -> None:
    """The pace of a round tells nothing about its result."""
    shares = [share_of(round_id, "pace") for round_id in ROUNDS]
    assert all(0 <= share < 1 for share in shares)
    won = [share for share, round_id in zip(shares, ROUNDS, strict=True) if double_or_nothing(round_id, 1)]
    assert abs(sum(won) / len(won) - 0.5) < 0.02


def test_steady_and_void() -> None:
    """The one pays the stake back, the other is cancelled."""
    assert stake_back("r", 37) == 37
    assert cancelled("r", 37) is None  # type: ignore[func-returns-value]


def test_each_provider_has_five_games() -> None:
    """One of them is disabled."""
    games = games_of("dice")
    assert {code: game.is_enabled for code, game in games.items()} == {
        "low-variance-dice": True,
        "steady-dice": True,
        "void-dice": True,
        "disabled-dice": False,
        "small-dice": True,
    }
