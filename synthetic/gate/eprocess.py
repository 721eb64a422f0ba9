"""Anytime-valid evidence: e-values whose crossing of 1/alpha at any look has a probability of at most alpha (Ville 1939).

Assumption: failures are bounded per probe, not in bursts. Sources: Lindon et al. 2022 (arXiv 2205.14762); Lindon & Malek,
NeurIPS 2022. All computed in logarithms, so that no count overflows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

WORSE = (2, 3, 5, 10, 20, 50, 100, 200, 400)
WORST_RATE = 0.6
BETTER = ((0.02, 0.5), (0.1, 0.25), (0.25, 0.15), (0.5, 0.1))
CANARY_SHARE = 0.98


def _log_mixture(terms: Sequence[tuple[float, float]]) -> float:
    """log of the weighted sum of exp(term); terms are (weight, log value)."""
    top = max(value for _, value in terms)
    return top + math.log(sum(weight * math.exp(value - top) for weight, value in terms))


def _log_likelihood_ratio(failures: int, pairs: int, rate: float, null_rate: float) -> float:
    return failures * math.log(rate / null_rate) + (pairs - failures) * math.log((1 - rate) / (1 - null_rate))


def log_e_above_budget(failures: int, pairs: int, budget: float) -> float:
    """log of E_abs: evidence that the failure rate is above its budget (a mixture over worse rates)."""
    rates = [min(budget * times, WORST_RATE) for times in WORSE]
    return _log_mixture([(1 / len(rates), _log_likelihood_ratio(failures, pairs, rate, budget)) for rate in rates])


def log_e_canary_only(canary_only: int, baseline_only: int) -> float:
    """log of E_pair: evidence that failures fall on the canary rather than on either side (a sequential McNemar test)."""
    return canary_only * math.log(2 * CANARY_SHARE) + baseline_only * math.log(2 * (1 - CANARY_SHARE))


def log_e_below_margin(failures: int, pairs: int, margin: float) -> float:
    """log of the evidence that the failure rate is below the margin."""
    terms = [(w, _log_likelihood_ratio(failures, pairs, margin * times, margin)) for times, w in BETTER]
    return _log_mixture(terms)
