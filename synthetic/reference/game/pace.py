"""How long a game provider takes, and how stubbornly it calls a wallet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Durations in seconds.

    `bet_limit_s`: how long the answer to a bet is waited for, repetitions included (15 s in life); then it is rolled back.
    `settles_after_s`: from the accepted bet to the round's end, drawn by the round's id. `timeout_s`: one attempt of a
    wallet call. `retries` and `retry_pause_s`: repetitions of one call, byte for byte, after a network failure or a gateway
    time-out (1 s in life; domain reference 1). `owed_attempts` and `owed_pauses_s` (first, longest; doubling): how a win
    or a rollback is insisted on until the wallet has it.
    """

    settles_after_s: tuple[float, float] = (0.05, 0.15)
    timeout_s: float = 2.0
    bet_limit_s: float = 3.0
    retries: int = 3
    retry_pause_s: float = 0.1
    owed_attempts: int = 20
    owed_pauses_s: tuple[float, float] = (0.1, 2.0)

    def settles_after(self, share: float) -> float:
        """The time that this share (0..1) of the range stands for."""
        first_s, last_s = self.settles_after_s
        return first_s + (last_s - first_s) * share

    def owed_pause_s(self, attempt: int) -> float:
        """The pause after the n-th attempt (from 0)."""
        first_s, longest_s = self.owed_pauses_s
        return min(longest_s, first_s * 2.0**attempt)
