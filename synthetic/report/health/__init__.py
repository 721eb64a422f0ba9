"""The health of a release as a document: what was decided and on what, baseline beside canary, and the runs that failed."""

from synthetic.report.health.building import Watched, build_health
from synthetic.report.health.document import (
    DecisionLine,
    ReleaseHealth,
    RolloutFacts,
    RolloutLine,
    StepFacts,
    health_schema,
)
from synthetic.report.health.runs import RunView

__all__ = [
    "DecisionLine",
    "ReleaseHealth",
    "RolloutFacts",
    "RolloutLine",
    "RunView",
    "StepFacts",
    "Watched",
    "build_health",
    "health_schema",
]
