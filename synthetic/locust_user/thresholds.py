"""The thresholds of a load test: the objectives of `slo.yaml`, held against what was measured. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from synthetic.core.money import Money
from synthetic.core.outcome import RunOutcome
from synthetic.core.wording import counted
from synthetic.gate.policy import Objective, Policy
from synthetic.locust_user.figures import Figures, SliFigure

SAMPLES_MIN = 10
"""Fewer steps than this say nothing of a ratio or a percentile."""
OURS_MAX = 0.5
"""Where more than this share of the steps says nothing, for our own lag, the rest is no sample of anything."""
MISSED_MAX = 0.05
"""Where more than this share of what was due could not begin, another load was played than the one that was asked for."""

MONEY_DIFFERS = "money does not agree"
MONEY_OUT = "money is not home"
NOT_COMPARED = "not every account could be compared"
NOTHING_SAID = "nothing can be said"


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
    """What a load test comes to: an exit code, what that means here in a few words, and a sentence for each reason."""

    exit: Exit
    headline: str
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Finding:
    """Something that happened: how a test ends that had nothing worse, in a few words and in a sentence."""

    exit: Exit
    headline: str
    sentence: str


def judge(
    policy: Policy,
    figures: Figures,
    *,
    money: Mapping[str, Sequence[str]] | None = None,
    cut_short: str = "",
    interrupted: str = "",
    lost: int = 0,
    unclear: str = "",
    unknown_fails: bool = False,
) -> Judgement:
    """The worst that happened, money first.

    `money`: what does not agree, a sentence each, by headline; `cut_short`: why the test was ended early; `interrupted`: that a
    signal ended it; `lost`: workers that did not tell how their runs ended; `unclear`: why steps to failure ended without a word
    about the target; `unknown_fails`: a threshold of which too little was measured is no pass.
    """
    rows = tuple(rows_of(policy, figures))
    found = [*_money(figures, money or {}), *_harness(figures, cut_short, interrupted, lost)]
    found += _objectives(rows, unknown_fails=unknown_fails)
    if unclear:
        found.append(_Finding(Exit.NOTHING_RAN, NOTHING_SAID, unclear))
    worst = next((finding for exit_ in _BY_WEIGHT for finding in found if finding.exit is exit_), None)
    sentences = tuple(finding.sentence for finding in found)
    if worst is None:
        return Judgement(Exit.PASS, _counted(rows), sentences, rows)
    return Judgement(worst.exit, worst.headline, sentences, rows)


def _money(figures: Figures, money: Mapping[str, Sequence[str]]) -> Iterator[_Finding]:
    for currency, columns in figures.told_money().items():
        if stranded := columns.get("stranded_minor"):
            told = f"{Money(stranded, currency)} is stranded; `synthetic sweep` tries once more to bring it home"
            yield _Finding(Exit.STRANDED, MONEY_OUT, told)
    for headline, sentences in money.items():
        for sentence in sentences:
            yield _Finding(Exit.STRANDED, headline, sentence)


def _harness(figures: Figures, cut_short: str, interrupted: str, lost: int) -> Iterator[_Finding]:
    if interrupted:
        yield _Finding(Exit.HARNESS, "interrupted before its end", interrupted)
    for sentence in _own_faults(figures, cut_short, lost):
        yield _Finding(Exit.HARNESS, "the load itself failed", sentence)
    if not figures.runs:
        yield _Finding(Exit.NOTHING_RAN, NOTHING_SAID, "no run came to its end")


def _own_faults(figures: Figures, cut_short: str, lost: int) -> Iterator[str]:
    if cut_short:
        yield cut_short
    if lost:
        yield f"{counted(lost, 'worker')} lost, and with them the figures of what they played"
    if (missed := figures.missed.total()) > MISSED_MAX * (figures.runs + missed):
        why = ", ".join(f"{reason} ({count})" for reason, count in figures.missed.most_common())
        share = f"{100 * missed / (figures.runs + missed):.0f} %"
        yield f"{share} of the runs that were to begin could not, so the load was smaller than asked for: {why}"
    if aborted := figures.outcomes[RunOutcome.ABORTED]:
        yield f"{aborted} of {figures.runs} runs were aborted by the harness"
    judged = sum(one.total for one in figures.slis.values())
    ours = sum(one.left_out for one in figures.slis.values())
    if ours > OURS_MAX * (judged + ours):
        share = f"{100 * ours / (judged + ours):.0f} %"
        yield f"{share} of the steps say nothing of the target: the load generator lags; give it processes"


def _objectives(rows: Sequence[Row], *, unknown_fails: bool) -> Iterator[_Finding]:
    for row in rows:
        if row.verdict is Verdict.MISSED:
            which = f"{row.name} ({row.label})" if row.label else row.name
            yield _Finding(Exit.MISSED, _counted(rows), f"{which}: {row.measured}, promised {row.promised}")
    unknown = _of(rows, Verdict.UNKNOWN)
    if rows and unknown == len(rows):
        yield _Finding(Exit.NOTHING_RAN, NOTHING_SAID, "too little was measured to judge any objective")
    elif unknown and unknown_fails:
        told = f"{unknown} of {len(rows)} thresholds had fewer than {SAMPLES_MIN} samples, and --fail-unknown is given"
        yield _Finding(Exit.NOTHING_RAN, _counted(rows), told)


def _counted(rows: Sequence[Row]) -> str:
    """How many thresholds held, were missed, and are unknown."""
    held, missed, unknown = (_of(rows, verdict) for verdict in (Verdict.HELD, Verdict.MISSED, Verdict.UNKNOWN))
    if held == len(rows):
        return "every threshold held"
    parts = [(missed, "missed"), (unknown, "unknown")]
    told = [f"{held} of {len(rows)} thresholds held", *(f"{count} {what}" for count, what in parts if count)]
    return ", ".join(told)


def _of(rows: Sequence[Row], verdict: Verdict) -> int:
    return sum(row.verdict is verdict for row in rows)


_BY_WEIGHT = (Exit.STRANDED, Exit.HARNESS, Exit.NOTHING_RAN, Exit.MISSED)
