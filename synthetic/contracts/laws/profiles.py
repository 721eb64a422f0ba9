"""How much random play a test run is worth: the Hypothesis profile that `HYPOTHESIS_PROFILE` names."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = {"dev": 3, "ci": 10, "nightly": 200}
STEPS = {"dev": 10, "ci": 15, "nightly": 40}


def laws_settings(profile: str) -> settings:
    """`dev` is a look, `ci` a commit, `nightly` a hunt. All but the last play the same each time.

    A finding has its exchanges with it, so only `nightly` takes the time to make the play shorter that shows it.
    """
    return settings(
        max_examples=EXAMPLES[profile],
        stateful_step_count=STEPS[profile],
        derandomize=profile != "nightly",
        database=None,
        deadline=None,
        phases=tuple(Phase) if profile == "nightly" else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
