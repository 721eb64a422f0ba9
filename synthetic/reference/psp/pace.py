"""How long a PSP takes: seeded, so that a run replays."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pace:
    """Durations in seconds. Ranges are drawn from uniformly with `seed`.

    `capture_s`: from `processing` to the capture. `payout_leaves_s`: how long a payout stays cancellable.
    `payout_lands_s`: from then until it is paid. `payout_returns_s`: from paid to a late failure (`reverses_payouts`).
    `dispute_s`: from the capture to the chargeback of a card whose holder disputes.
    `three_ds_s`: how long a holder takes at his bank's page; `abandoned_s`: how long one who went away is waited for;
    `late_s`: from then until the bank says yes after all.
    `hang_s`: how long a time-out hangs before its 504. `redirect_s`: the human at the redirect page of style B.
    """

    capture_s: tuple[float, float] = (0.02, 0.06)
    payout_leaves_s: float = 0.06
    payout_lands_s: float = 0.04
    payout_returns_s: float = 0.1
    dispute_s: float = 1.0
    three_ds_s: float = 0.1
    abandoned_s: float = 0.5
    late_s: float = 0.3
    hang_s: float = 0.3
    redirect_s: float = 0.05
    seed: int = 0
    _random: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_random", random.Random(self.seed))  # noqa: S311 - a pace is no secret

    def draw_capture_s(self) -> float:
        """How long the next capture takes."""
        return self._random.uniform(*self.capture_s)
