"""Policies as SLO files can say them, for property tests."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from synthetic.gate.policy import RUN, HardStop, Objective, Policy

NAMES = st.from_regex(r"[a-z0-9]([a-z0-9_.-]{0,20}[a-z0-9])?", fullmatch=True)
LABELS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)
PERCENTS = st.integers(1, 99_999).map(lambda parts: parts / 100_000)
BOUNDS_MS = (25.0, 50.0, 120.0, 250.0, 400.0, 800.0, 1500.0, 3000.0, 60_000.0)


@st.composite
def objectives(draw: st.DrawFn, share: float) -> Objective:
    """One whose margin a pass can be below."""
    latency = draw(st.booleans())
    target = draw(st.sampled_from((0.5, 0.9, 0.95, 0.99)) if latency else st.integers(50_000, 99_999).map(_part))
    margin = draw(st.integers(100_001 - round(target * 100_000), 99_999).map(_part))
    return Objective(
        name="",
        sli=draw(st.one_of(NAMES, st.sampled_from((RUN, "login", "0")))),
        target=target,
        measure="latency" if latency else "success",
        threshold_ms=draw(st.sampled_from(BOUNDS_MS)) if latency else 0.0,
        by=draw(st.sampled_from(("", "psp", "market"))),
        share=share,
        margin=margin,
    )


def _part(parts: int) -> float:
    return parts / 100_000


@st.composite
def hard_stops(draw: st.DrawFn, name: str) -> HardStop:
    """One of each kind."""
    source, blame = draw(st.sampled_from((("deposit", ""), (RUN, "psp"), (RUN, "provider"), ("signal", ""))))
    above = float(draw(st.integers(0, 10_000))) if source == "signal" else draw(PERCENTS)
    within_s = float(draw(st.integers(1, 7200)))
    return HardStop(name, source, above, draw(st.integers(1, 50)), within_s, draw(st.sampled_from(("", "psp"))), blame)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Anything that an SLO file can say."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    share = round(1 / len(names) - 0.01, 5)
    stops = draw(st.lists(NAMES, max_size=3, unique=True))
    return Policy(
        name=draw(NAMES),
        objectives=tuple(replace(draw(objectives(share)), name=name) for name in names),
        hard_stops=tuple(draw(hard_stops(name)) for name in stops),
        window_s=float(draw(st.integers(60, 3600))),
        tick_s=float(draw(st.integers(1, 10))),
        consecutive=draw(st.integers(1, 5)),
        warm_up_s=float(draw(st.integers(0, 10))),
        alpha_budget=draw(st.integers(1, 200)) / 1000,
        alpha_pair=draw(st.integers(1, 200)) / 1000,
        pass_evidence=1 / (draw(st.integers(1, 200)) / 1000),
        pairs_min=draw(st.integers(1, 500)),
        stale_s=float(draw(st.integers(10, 600))),
        missing_max=draw(st.integers(0, 20)) / 100,
        suspect_for_s=float(draw(st.integers(1, 600))),
        suspect_factor=draw(st.integers(1, 20)),
        labels=draw(st.dictionaries(LABELS, LABELS, max_size=2)),
    )


def rounded(policy: Policy) -> Policy:
    """As it is after having been written: without its digest, numbers to the digits that a file holds."""
    return replace(
        policy,
        digest="",
        pass_evidence=round(policy.pass_evidence, 6),
        hard_stops=tuple(replace(one, above=round(one.above, 9)) for one in policy.hard_stops),
    )
