"""The table of the reference page: what it has measured for each rule, held against what we measure, within chance.

Each figure is a share of runs, so both have a binomial error; the page's are of 20 000 runs, with three decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

PAGE_RUNS = 20_000
ROUNDED_BY = 0.0005
ERRORS = 3.5
"""So many standard errors apart may two measurements of one thing be: 96 figures are compared at once."""

SCENARIOS = ("healthy", "0.95", "0.98", "0.99", "one_psp", "brownout")

_TABLE = """
Argo failureLimit 0         | .232/.656   | 1/1        | .996/1     | .934/1     | 1/1        | 1/1
Argo failureLimit 3         | 0/.0014     | .932/1     | .229/1.0   | .029/.849  | .971/1     | 1/1
Flagger threshold 3         | .0035/.097  | 1/1        | .929/1     | .545/.999  | .998/1     | 1/1
Flagger threshold 5         | 0/.005      | 1/1        | .729/1     | .191/.986  | .983/1     | 1/1
Kayenta Mann-Whitney        | 0/0         | .139/.786  | .001/.516  | 0/.034     | .044/.704  | 0/.004
3 consecutive minutes       | .0001/.0001 | .431/.918  | .051/.209  | .007/.029  | .612/.983  | .999/1
the page's rule, undamped   | .0001/.0004 | .987/1     | .685/.987  | .238/.753  | .947/1     | .065/.065
the page's rule, 3 ticks    | .0001/.0003 | .967/1     | .574/.981  | .169/.717  | .897/1     | .003/.003
"""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Rollback probabilities of the page, after 15 and after 60 minutes."""

    at_15: float
    at_60: float


def _read() -> dict[tuple[str, str], Anchor]:
    anchors = {}
    for line in _TABLE.strip().splitlines():
        rule, *cells = (cell.strip() for cell in line.split("|"))
        for scenario, cell in zip(SCENARIOS, cells, strict=True):
            at_15, at_60 = (float(figure) for figure in cell.split("/"))
            anchors[rule, scenario] = Anchor(at_15, at_60)
    return anchors


ANCHORS = _read()


def agrees(measured: float, runs: int, told: float) -> bool:
    """Whether a share of so many runs and one of the page may be two measurements of one thing."""
    pooled = (measured * runs + told * PAGE_RUNS) / (runs + PAGE_RUNS)
    # Where hardly anything was seen on either side a single run is no difference.
    variance = max(pooled * (1 - pooled), 1.0 / (runs + PAGE_RUNS))
    return abs(measured - told) <= ERRORS * sqrt(variance * (1 / runs + 1 / PAGE_RUNS)) + ROUNDED_BY
