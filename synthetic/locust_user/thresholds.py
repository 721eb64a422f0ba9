"""The thresholds of a load test: the objectives of `slo.yaml`, held against what was measured. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from synthetic.core.outcome import RunOutcome
from synthetic.gate.policy import Objective, Policy
from synthetic.locust_user.figures import Figures, SliFigure

SAMPLES_MIN = 10
"""Fewer steps than this say nothing of a ratio or a percentile."""
OURS_MAX = 0.5
"""Where more than this share of the steps says nothing, for our own lag, the rest is no sample of anything."""
MISSED_MAX = 0.05
"""Where more than this share of what was due could not begin, another load was played than the one that was asked for."""


class Verdict(StrEnum):
    """Of one objective. `unknown`: too little was measured."""

    HELD = "held"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Exit(IntEnum):
    """How a load test ends for the shell; the same numbers as those of the command line (cli/exits.py)."""

    PASS = 0
    MISSED = 1
    HARNESS = 3
    STRANDED = 4
    NOTHING_RAN = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One objective, for one value of its label where it has one. `measured` None: nothing was."""

    name: str
    sli: str
    label: str
    promised: str
    measured: str
    verdict: Verdict
    samples: int
    left_out: int


def rows_of(policy: Policy, figures: Figures) -> list[Row]:
    """Every objective with what was measured of it, in the order of the file."""
    return [row for objective in policy.objectives for row in _rows(objective, figures)]


def _rows(objective: Objective, figures: Figures) -> Iterator[Row]:
    if not objective.by:
        yield _row(objective, "", figures.sli(objective.sli))
        return
    for value, figure in figures.by_label(objective.sli, objective.by).items():
        yield _row(objective, value, figure)


def _row(objective: Objective, label: str, figure: SliFigure) -> Row:
    percent = f"{objective.target * 100:.4g}"
    if objective.measure == "latency":
        value = figure.latencies.percentile_ms(objective.target * 100)
        promised, measured = f"p{percent} ≤ {objective.threshold_ms:g} ms", f"{value:.1f} ms" if value else "-"
        holds = value is not None and value <= objective.threshold_ms
        samples = figure.latencies.count
    else:
        ratio = figure.held / figure.total if figure.total else None
        promised, measured = f"≥ {percent} %", f"{ratio * 100:.2f} %" if ratio is not None else "-"
        holds = ratio is not None and ratio >= objective.target
        samples = figure.total
    verdict = Verdict.UNKNOWN if samples < SAMPLES_MIN else Verdict.HELD if holds else Verdict.MISSED
    return Row(objective.name, objective.sli, label, promised, measured, verdict, samples, figure.left_out)


def missed_of(rows: Sequence[Row]) -> Row | None:
    """The first objective that is missed; None where none is."""
    return next((row for row in rows if row.verdict is Verdict.MISSED), None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a load test comes to: an exit code, and a sentence for each reason."""

    exit: Exit
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]


def judge(
    policy: Policy,
    figures: Figures,
    *,
    money: Sequence[str] = (),
    cut_short: str = "",
    lost: int = 0,
    unclear: str = "",
) -> Judgement:
    """The worst that happened, money first.

    `money`: what does not agree; `cut_short`: why the test was ended early; `lost`: workers that did not tell how their runs
    ended; `unclear`: why steps to failure ended without a word about the target.
    """
    rows = tuple(rows_of(policy, figures))
    found = [*_money(figures, money), *_harness(figures, cut_short, lost), *_objectives(rows)]
    if unclear:
        found.append((Exit.NOTHING_RAN, unclear))
    worst = _worst([exit_ for exit_, _ in found])
    return Judgement(worst, tuple(sentence for _, sentence in found), rows)


def _money(figures: Figures, money: Sequence[str]) -> Iterator[tuple[Exit, str]]:
    for sentence in money:
        yield Exit.STRANDED, sentence
    for currency, columns in figures.told_money().items():
        if columns.get("stranded_minor"):
            yield (
                Exit.STRANDED,
                f"{columns['stranded_minor']} minor units of {currency} are stranded; `synthetic sweep`",
            )


def _harness(figures: Figures, cut_short: str, lost: int) -> Iterator[tuple[Exit, str]]:
    if not figures.runs:
        yield Exit.NOTHING_RAN, "no run came to its end"
    if cut_short:
        yield Exit.HARNESS, cut_short
    if lost:
        yield Exit.HARNESS, f"{lost} workers were lost, and with them the figures of what they played"
    if (missed := figures.missed.total()) > MISSED_MAX * (figures.runs + missed):
        why = ", ".join(f"{reason} ({count})" for reason, count in figures.missed.most_common())
        share = f"{100 * missed / (figures.runs + missed):.0f} %"
        yield (
            Exit.HARNESS,
            f"{share} of the runs that were to begin could not, so the load was smaller than asked for: {why}",
        )
    if aborted := figures.outcomes[RunOutcome.ABORTED]:
        yield Exit.HARNESS, f"{aborted} of {figures.runs} runs were aborted by the harness"
    counted = sum(one.total for one in figures.slis.values())
    ours = sum(one.left_out for one in figures.slis.values())
    if ours > OURS_MAX * (counted + ours):
        share = f"{100 * ours / (counted + ours):.0f} %"
        yield (
            Exit.HARNESS,
            f"{share} of the steps say nothing of the target: the load generator lags; give it processes",
        )


def _objectives(rows: Sequence[Row]) -> Iterator[tuple[Exit, str]]:
    for row in rows:
        if row.verdict is Verdict.MISSED:
            which = f"{row.name} ({row.label})" if row.label else row.name
            yield Exit.MISSED, f"{which}: {row.measured}, promised {row.promised}"
    if rows and all(row.verdict is Verdict.UNKNOWN for row in rows):
        yield Exit.NOTHING_RAN, "too little was measured to judge any objective"


_BY_WEIGHT = (Exit.STRANDED, Exit.HARNESS, Exit.NOTHING_RAN, Exit.MISSED)


def _worst(found: Sequence[Exit]) -> Exit:
    return next((one for one in _BY_WEIGHT if one in found), Exit.PASS)
