"""Pact, which sends usage events unless it is told not to before it is loaded. Everything here imports it from this module."""

from __future__ import annotations

import os

os.environ.setdefault("PACT_DO_NOT_TRACK", "true")

from pact import Pact, Verifier

__all__ = ["Pact", "Verifier"]
