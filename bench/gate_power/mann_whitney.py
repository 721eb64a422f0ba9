"""Kayenta's MannWhitneyClassifier over many pairs of samples at once, for values that are shares k/n of the n probes of a minute.

Its confidence interval inverts the z of the rank-sum test, corrected for ties and continuity, as R's `wilcox.test(conf.int=TRUE)`
does, and searches the root with R's `zeroin` (tolerance 1e-4). As a function of the shift that z is a staircase, so what the
search answers beside a step matters: with few distinct values the interval's end is often "nearly 0", from one side or the other.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Histograms = NDArray[np.int64]
Floats = NDArray[np.float64]
CONFIDENCE = 0.98
TOLERANCE = 0.25
ALLOWED_DECREASE = 1.0
ROOT_TOLERANCE = 1e-4
ITERATIONS_MAX = 1000


def is_low(experiment: Histograms, control: Histograms) -> NDArray[np.bool_]:
    """Whether the classifier calls each experiment Low. Arguments: (samples, n + 1), how often each share k/n was there."""
    both = np.concatenate([experiment, control], axis=1)
    distinct, place = np.unique(both, axis=0, return_inverse=True)
    width = experiment.shape[1]
    low: NDArray[np.bool_] = _is_low(distinct[:, :width], distinct[:, width:])[place.reshape(-1)]
    return low


def _is_low(experiment: Histograms, control: Histograms) -> NDArray[np.bool_]:
    values = np.arange(experiment.shape[1]) / (experiment.shape[1] - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_ratio = (experiment @ values) / (control @ values)
    equal = (experiment == control).all(axis=1)
    single = ((experiment + control) > 0).sum(axis=1) == 1
    judged = np.flatnonzero(~equal & ~single & (mean_ratio <= ALLOWED_DECREASE))
    low = np.zeros(len(experiment), dtype=np.bool_)
    if len(judged):
        sample = _Samples(values, experiment[judged], control[judged])
        quantile = NormalDist().inv_cdf((1 - CONFIDENCE) / 2)
        upper, estimate = sample.root(quantile), sample.root(0.0)
        low[judged] = upper < -TOLERANCE * np.abs(estimate)
    return low


class _Samples:
    """Pairs of samples, by how often each value was there."""

    def __init__(self, values: Floats, experiment: Histograms, control: Histograms) -> None:
        self.values, self.experiment, self.control = values, experiment.astype(float), control.astype(float)
        self.n, self.m = self.experiment.sum(axis=1), self.control.sum(axis=1)
        self.lowest = _end(values, experiment, np.argmax) - _end(values, control, _last)
        self.highest = _end(values, experiment, _last) - _end(values, control, np.argmax)

    def z(self, shift: Floats) -> Floats:
        """z of the experiment, shifted down, against the control."""
        shifted = self.values[None, :] - shift[:, None]
        above = shifted[:, :, None] > self.values[None, None, :]
        equal = shifted[:, :, None] == self.values[None, None, :]
        pairs = self.experiment[:, :, None] * self.control[:, None, :]
        distance = (pairs * (above + 0.5 * equal)).sum(axis=(1, 2)) - self.n * self.m / 2
        joined = self.experiment + (equal * self.control[:, None, :]).sum(axis=2) * (self.experiment > 0)
        alone = self.control * ~(equal & (self.experiment > 0)[:, :, None]).any(axis=1)
        ties = (joined**3 - joined).sum(axis=1) + (alone**3 - alone).sum(axis=1)
        total = self.n + self.m
        sigma = np.sqrt(self.n * self.m / 12 * ((total + 1) - ties / (total * (total - 1))))
        told = sigma > 0  # where all is tied there is nothing to tell
        z: Floats = np.where(told, (distance - np.sign(distance) * 0.5) / np.where(told, sigma, 1.0), 0.0)
        return z

    def root(self, quantile: float) -> Floats:
        """The shift at which z is the quantile; the ends of what is possible where it is beyond."""
        low, high = self.z(self.lowest) - quantile, self.z(self.highest) - quantile
        found = zeroin(lambda shift: self.z(shift) - quantile, self.lowest, self.highest, low, high)
        return np.where(low <= 0, self.lowest, np.where(high >= 0, self.highest, found))


def _last(histograms: Histograms, axis: int) -> NDArray[np.int64]:
    last: NDArray[np.int64] = histograms.shape[axis] - 1 - np.argmax(histograms[:, ::-1], axis=axis)
    return last


def _end(values: Floats, histograms: Histograms, place: Callable[..., NDArray[np.int64]]) -> Floats:
    end: Floats = values[place(histograms > 0, axis=1)]
    return end


def zeroin(f: Callable[[Floats], Floats], low: Floats, high: Floats, f_low: Floats, f_high: Floats) -> Floats:
    """Brent's root search as R has it (`R_zeroin2`, after netlib's zeroin.c), for many functions at once."""
    a, b, fa, fb = low.copy(), high.copy(), f_low.copy(), f_high.copy()
    c, fc = a.copy(), fa.copy()
    open_ones = np.ones(len(a), dtype=np.bool_)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(ITERATIONS_MAX):
            before = b - a
            swap = open_ones & (np.abs(fc) < np.abs(fb))
            a, b, c = np.where(swap, b, a), np.where(swap, c, b), np.where(swap, b, c)
            fa, fb, fc = np.where(swap, fb, fa), np.where(swap, fc, fb), np.where(swap, fb, fc)
            least = 2 * np.finfo(float).eps * np.abs(b) + ROOT_TOLERANCE / 2
            step = (c - b) / 2
            open_ones &= ~((np.abs(step) <= least) | (fb == 0))
            if not open_ones.any():
                break
            step = _interpolated(a, b, c, fa, fb, fc, before, least, step)
            step = np.where(np.abs(step) < least, np.where(step > 0, least, -least), step)
            a, fa = np.where(open_ones, b, a), np.where(open_ones, fb, fa)
            b = np.where(open_ones, b + step, b)
            fb = np.where(open_ones, f(b), fb)
            same = open_ones & (((fb > 0) & (fc > 0)) | ((fb < 0) & (fc < 0)))
            c, fc = np.where(same, a, c), np.where(same, fa, fc)
    return b


def _interpolated(
    a: Floats, b: Floats, c: Floats, fa: Floats, fb: Floats, fc: Floats, before: Floats, least: Floats, halved: Floats
) -> Floats:
    """The step that a straight line or a parabola proposes, where it is a good one; else the half of what is left."""
    width, t1, t2 = c - b, fb / fc, fb / fa
    q = fa / fc
    straight = a == c
    p = np.where(straight, width * t2, t2 * (width * q * (q - t1) - (b - a) * (t1 - 1)))
    q = np.where(straight, 1 - t2, (q - 1) * (t1 - 1) * (t2 - 1))
    q, p = np.where(p > 0, -q, q), np.abs(p)
    good = (p < 0.75 * width * q - np.abs(least * q) / 2) & (p < np.abs(before * q / 2))
    taken: Floats = np.where((np.abs(before) >= least) & (np.abs(fa) > np.abs(fb)) & good, p / q, halved)
    return taken
