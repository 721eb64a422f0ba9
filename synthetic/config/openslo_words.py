"""The words that an OpenSLO document carries for us: annotations for what OpenSLO has no word for."""

from __future__ import annotations

API_VERSION = "openslo/v1"
PREFIX = "synthetic.gate/"
"""Of annotations of ours. Those of a Service are keys of the SLO file, those of an SLO keys of an objective."""
KEPT_IN_SERVICE = "slo"
HARD_STOP = "hard-stop."
"""Followed by a number: an entry of `hard_stops`, as the SLO file has it."""
SLO_KEYS = ("name", "sli", "by", "within", "share", "margin")
SERVICE_KEYS = (
    "slo",
    "window",
    "tick",
    "consecutive",
    "warm_up",
    "margin",
    "pairs_min",
    "stale",
    "missing_max",
    "errors",
    "suspicion",
    "labels",
    "trial",
)
