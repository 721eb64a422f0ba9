"""The events' schema under contract: Buf's lint, its breaking-change check against a former version, and its descriptors."""

from synthetic.contracts.protobuf.baselines import Baseline, BaselineUnknown, find_baselines
from synthetic.contracts.protobuf.buf import BufFailed, Problem, breaking, build, lint

__all__ = [
    "Baseline",
    "BaselineUnknown",
    "BufFailed",
    "Problem",
    "breaking",
    "build",
    "find_baselines",
    "lint",
]
