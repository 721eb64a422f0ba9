"""Whom a red run is blamed on: stronger evidence silences weaker, and what contradicts itself is unknown."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.blame import SENTENCE_MAX, Accusation, Source, attribute
from synthetic.core.outcome import Blame

OWN, LAW, CAUSE, STEP, CLAIM = Source
USER, PSP, PROVIDER, PLATFORM, POLICY, HARNESS, UNKNOWN = Blame

CASES: list[tuple[str, list[tuple[Source, Blame]], Blame]] = [
    ("the step's rule, where there is nothing else", [(STEP, PSP)], PSP),
    ("a cause over the step that it explains", [(STEP, UNKNOWN), (CAUSE, PLATFORM)], PLATFORM),
    ("a cause over another opinion of the step", [(STEP, PSP), (CAUSE, PLATFORM)], PLATFORM),
    ("a law over a cause", [(CAUSE, PSP), (LAW, PLATFORM)], PLATFORM),
    ("a law that knows nobody leaves it to the cause", [(LAW, UNKNOWN), (CAUSE, PSP), (STEP, PLATFORM)], PSP),
    ("the platform, where two laws disagree", [(LAW, PSP), (LAW, PLATFORM)], PLATFORM),
    ("unknown, where two laws point at two counterparties", [(LAW, PSP), (LAW, PROVIDER)], UNKNOWN),
    ("unknown, where two causes disagree", [(CAUSE, PSP), (CAUSE, PLATFORM), (STEP, PSP)], UNKNOWN),
    ("proof of our own doing over a law", [(LAW, PLATFORM), (OWN, HARNESS)], HARNESS),
    ("the platform's breach over what we left open", [(LAW, PLATFORM), (LAW, HARNESS)], PLATFORM),
    ("a law over our own clock", [(LAW, PLATFORM), (CAUSE, HARNESS)], PLATFORM),
    ("our own clock over the step that it explains", [(CAUSE, HARNESS), (STEP, PSP)], HARNESS),
    ("a law over a step that was ours", [(LAW, PLATFORM), (STEP, HARNESS)], PLATFORM),
    ("the step that was ours over arithmetic", [(STEP, HARNESS), (CLAIM, PLATFORM)], HARNESS),
    ("arithmetic, where it is alone", [(CLAIM, PLATFORM)], PLATFORM),
    ("unknown, where nobody is accused", [(STEP, UNKNOWN)], UNKNOWN),
]


def accusations(short: list[tuple[Source, Blame]]) -> list[Accusation]:
    return [Accusation(source, f"{source.name}-{n}", blame, f"because {n}") for n, (source, blame) in enumerate(short)]


@pytest.mark.parametrize(("short", "blamed"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_strongest_evidence_decides_in_any_order(short: list[tuple[Source, Blame]], blamed: Blame) -> None:
    """Whichever accusation comes first."""
    for order in permutations(accusations(short)):
        found = attribute(order)
        assert found is not None
        assert found.blame is blamed
        assert found.sentence.startswith(f"{blamed}: ")


def test_nothing_red_is_nobodys_fault() -> None:
    """Without an accusation there is no attribution."""
    assert attribute([]) is None


def test_a_contradiction_names_both_sides() -> None:
    """So that a person can go on from there."""
    found = attribute(accusations([(CAUSE, PSP), (CAUSE, PLATFORM)]))
    assert found is not None
    assert found.sentence == (
        "unknown: the evidence contradicts itself: CAUSE-0 points at the psp (because 0); "
        "CAUSE-1 points at the platform (because 1)"
    )


@given(
    st.lists(
        st.builds(
            Accusation, st.sampled_from(Source), st.text(max_size=9), st.sampled_from(Blame), st.text(max_size=999)
        )
    )
)
def test_any_evidence_gives_one_class_and_one_short_sentence(given_: list[Accusation]) -> None:
    """Never a class that nobody spoke of, but for `unknown`."""
    found = attribute(given_)
    assert (found is None) == (not given_)
    if found is not None:
        assert found.blame in {one.blame for one in given_} | {UNKNOWN}
        assert len(found.sentence) <= SENTENCE_MAX
