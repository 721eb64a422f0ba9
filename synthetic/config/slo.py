"""Loads SLO files: the policy that a release is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from synthetic.config.exchanges import duration_s
from synthetic.config.files import load_mapping
from synthetic.config.models.slo import SloModel
from synthetic.config.positions import read_model
from synthetic.config.problems import Problems
from synthetic.config.shipped import shipped_root
from synthetic.config.slo_rules import check_times, link_hard_stops, link_objectives, percent
from synthetic.gate.policy import Policy

KnownSlis = Mapping[str, frozenset[str]]
"""The SLIs that a project tells, each with the labels that its steps have."""


def load_slo(path: Path, *, text: str | None = None, known: KnownSlis | None = None) -> Policy:
    """Load an SLO file; with `text`, that is read in place of the file. `known`: the SLIs that there are, None: not looked at.

    Raises AuthorError with all mistakes.
    """
    problems = Problems()
    policy = read_slo(path, problems, text=text, known=known)
    problems.raise_any()
    assert policy is not None, "an SLO file without a policy has a mistake"
    return policy[1]


def read_slo(
    path: Path, problems: Problems, *, text: str | None = None, known: KnownSlis | None = None
) -> tuple[SloModel, Policy] | None:
    """What was read and what it means; mistakes go to `problems`. None: nothing could be made of it."""
    file = load_mapping(path, problems, text)
    model: SloModel | None = read_model(SloModel, file.data, problems) if file is not None else None
    if file is None or model is None:
        return None
    return model, replace(link_slo(model, problems, known), digest=file.digest)


def link_slo(model: SloModel, problems: Problems, known: KnownSlis | None = None) -> Policy:
    """Link what was read; mistakes go to `problems`."""
    own = Policy(())
    errors, suspicion = model.errors, model.suspicion
    policy = Policy(
        name=str(model.slo),
        objectives=link_objectives(model, known, problems),
        hard_stops=link_hard_stops(model, known, problems),
        window_s=duration_s(model.window, own.window_s),
        tick_s=duration_s(model.tick, own.tick_s),
        consecutive=own.consecutive if model.consecutive is None else model.consecutive,
        warm_up_s=duration_s(model.warm_up, own.warm_up_s),
        alpha_budget=percent(errors.healthy if errors else None, own.alpha_budget),
        alpha_pair=percent(errors.shared_fault if errors else None, own.alpha_pair),
        pass_evidence=1 / (percent(errors.passed if errors else None, 1 / own.pass_evidence) or 1.0),
        pairs_min=own.pairs_min if model.pairs_min is None else model.pairs_min,
        stale_s=duration_s(model.stale, own.stale_s),
        missing_max=percent(model.missing_max, own.missing_max),
        suspect_for_s=duration_s(suspicion.for_ if suspicion else None, own.suspect_for_s),
        suspect_factor=own.suspect_factor if suspicion is None or suspicion.denser is None else suspicion.denser,
        labels={str(key): str(value) for key, value in model.labels.items()},
    )
    check_times(model, policy, problems)
    return policy


@cache
def shipped_policy() -> Policy:
    """The policy that ships: the four thresholds, withdrawals, and whole runs."""
    return load_slo(shipped_root() / "fixtures" / "slo" / "reference.yaml")
